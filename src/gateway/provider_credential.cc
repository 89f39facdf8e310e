#include "gateway/provider_credential.h"

#include <algorithm>
#include <charconv>

#include "base/errand.h"
#include "base/secret.h"
#include "gateway/admission.h"

namespace sallyport::gateway {
namespace {

constexpr std::chrono::seconds kCredentialWait{5};

// Waits at most five seconds for a credential other than the one of that serial (0: for any);
// false: none came, or the client or the exchange did not wait for it.
Task<bool> newer_credential(Exchange& x, const upstream::Upstream& at, std::uint64_t serial) {
  auto is_newer = [&] {
    const auto& now = x.worker.newest.credential_of(at);
    return now != nullptr && now->serial() != serial;
  };
  if (at.fixed_credential()) co_return false;
  if (is_newer()) co_return true;
  Signal& signal = x.signal();
  Errand errand(x.worker.loop, signal, kCredentialCame);
  if (!x.worker.shared.renew_credential(at.credential_id(), serial, errand.done())) {
    co_return false;
  }
  Deadline limit(x.worker.loop, signal, kLimit);
  limit.set(x.worker.loop.now() + kCredentialWait);
  std::uint32_t why = co_await signal.wait(kCredentialCame | kLimit | http::kPeerGone | kCut);
  if ((why & (http::kPeerGone | kCut)) != 0) co_return false;
  co_return is_newer();
}

// True if a character of a key could stand there as `\uXXXX` or `\/`.
bool may_hide_ascii(std::string_view json) {
  for (auto at = json.find('\\'); at != std::string_view::npos; at = json.find('\\', at + 2)) {
    auto escape = json.substr(at + 1);
    if (escape.starts_with('/') || escape.starts_with("u00")) return true;
  }
  return false;
}

// Undoes what an encoder of JSON may do to the characters of a key. Others stay as they are, also
// behind an escaped backslash.
std::string read_escapes(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (std::size_t at = 0; at < json.size(); ++at) {
    if (json[at] != '\\' || at + 1 == json.size()) {
      out.push_back(json[at]);
      continue;
    }
    const char kind = json[++at];
    unsigned value = 0;
    const char* digits = json.data() + at + 1;
    if (kind == 'u' && json.size() - at > 4 &&
        std::from_chars(digits, digits + 4, value, 16).ptr == digits + 4 && value < 0x80) {
      out.push_back(static_cast<char>(value));
      at += 4;
      continue;
    }
    if (kind != '/') out.push_back('\\');
    out.push_back(kind);
  }
  return out;
}

}  // namespace

Task<Step> take_credential(Exchange& x) {
  for (auto& to : x.plan.candidates) {
    to.credential = x.worker.newest.credential_of(*to.upstream);
    if (to.credential) continue;
    bool came = co_await newer_credential(x, *to.upstream, 0);
    Step step = still_admitted(x);
    if (step != Step::kOn) co_return step;
    if (!came) {
      auto refused = gateway::refused(refusal_of(Cause::kNoCredential));
      refused->claim = "upstream";
      refused->got = to.upstream->name();
      co_return x.refuse(std::move(refused));
    }
    to.credential = x.worker.newest.credential_of(*to.upstream);
  }
  co_return Step::kOn;
}

Task<bool> renew_credential(Exchange& x, upstream::Candidate& to) {
  bool came = co_await newer_credential(x, *to.upstream, to.credential->serial());
  if (!came) co_return false;
  to.refused = std::move(to.credential);
  to.credential = x.worker.newest.credential_of(*to.upstream);
  co_return true;
}

bool reveals_credential(const Exchange& x, std::string_view text) {
  return std::ranges::any_of(x.plan.candidates, [&](const upstream::Candidate& to) {
    return (to.credential && to.credential->revealed_in(text)) ||
           (to.refused && to.refused->revealed_in(text));
  });
}

bool reveals_escaped(const Exchange& x, std::string_view json) {
  if (!may_hide_ascii(json)) return false;  // nearly always
  std::string read = read_escapes(json);
  bool reveals = reveals_credential(x, read);
  wipe(read);
  return reveals;
}

}  // namespace sallyport::gateway
