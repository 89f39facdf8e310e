// For unit tests of this folder: a web that answers from a function, a vault in memory, a browser
// that is a function, and unsigned tokens. Header-only and never part of the program.
#pragma once

#include <functional>
#include <map>

#include "base/encoding.h"
#include "signin/browser.h"
#include "signin/vault.h"
#include "signin/web.h"

namespace sallyport::signin {

class TestWeb final : public Web {
 public:
  using Answer = std::function<Result<http::FetchResponse>(const http::FetchRequest&)>;
  explicit TestWeb(Answer answer) : Web(""), answer_(std::move(answer)) {}

  std::vector<std::string> bodies;  ///< of the requests so far
  std::vector<std::string> urls;

 protected:
  Result<http::FetchResponse> send(http::FetchRequest request) override {
    bodies.emplace_back(request.body.reveal());
    urls.push_back(request.url);
    return answer_(request);
  }

 private:
  Answer answer_;
};

inline http::FetchResponse answer(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

class MemoryVault final : public Vault {
 public:
  std::map<std::string, std::string> entries;
  bool writable = true;
  int stores = 0;

  Result<Secret> load(const std::string& id) override {
    auto found = entries.find(id);
    if (found == entries.end()) return fail(kVaultMissing, "nothing is kept");
    return Secret(std::string_view(found->second));
  }
  Result<void> store(const std::string& id, const Secret& content) override {
    if (!writable) return fail(kVaultLocked, "the vault is locked");
    ++stores;
    entries[id] = content.reveal();
    return {};
  }
  Result<void> remove(const std::string& id) override {
    entries.erase(id);
    return {};
  }
};

class TestBrowser final : public Browser {
 public:
  explicit TestBrowser(std::function<void(const std::string&)> visit) : visit_(std::move(visit)) {}
  bool open(const std::string& url) override {
    visit_(url);
    return true;
  }

 private:
  std::function<void(const std::string&)> visit_;
};

/// A token with these claims and a signature that nobody checks here.
inline std::string token_of(std::string_view claims) {
  return to_base64url(R"({"alg":"RS256","kid":"1"})") + "." + to_base64url(claims) + ".c2ln";
}

}  // namespace sallyport::signin
