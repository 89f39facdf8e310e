// Managed identity of a machine outside Azure: Azure Arc's agent. It answers the first request with
// the name of a file that only its group may read; what stands in it is the second request's proof.
//
// Whoever sits at the agent's address could name any file and be sent its content. So the file must
// lie in the agent's own folder, be named *.key, be no symbolic link (nor the folder), hold at most
// 4 KB and one line of text; a challenge that asks for more is refused by name, not corrected.
#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "cloud/platform_endpoint.h"

namespace sallyport::cloud {
namespace {

constexpr std::size_t kMostKeyBytes = 4096;
constexpr std::string_view kAgent = "Azure Arc's agent";

std::unexpected<CredentialFailure> bad_challenge(std::string_view why) {
  return std::unexpected(CredentialFailure{
      {"credential.challenge", fmt::format("the challenge of {} is refused: {}", kAgent, why),
       "check what listens at the agent's address (IDENTITY_ENDPOINT); it is not to be trusted"},
      true});
}

bool is_plain_name(std::string_view name) {
  return !name.starts_with('.') && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.';
  });
}

// `Basic realm=/var/opt/azcmagent/tokens/NAME.key` -> the content of that file.
std::expected<Secret, CredentialFailure> answer_challenge(std::string_view challenge,
                                                          const std::string& folder) {
  constexpr std::string_view kStart = "basic realm=";
  bool basic = challenge.size() > kStart.size() &&
               std::ranges::equal(challenge.substr(0, kStart.size()), kStart, {}, [](char c) {
                 return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
               });
  if (!basic) return bad_challenge("it does not name a file");
  std::string_view path = challenge.substr(kStart.size());
  if (path.size() >= 2 && path.starts_with('"') && path.ends_with('"')) {
    path = path.substr(1, path.size() - 2);
  }
  auto slash = path.rfind('/');
  if (slash == path.npos || path.substr(0, slash) != folder) {
    return bad_challenge(fmt::format("its file does not lie in {}", folder));
  }
  std::string name(path.substr(slash + 1));
  if (!name.ends_with(".key") || !is_plain_name(name)) {
    return bad_challenge("its file is not named *.key");
  }
  auto key = read_token_file({.folder = folder, .name = name, .limit = kMostKeyBytes});
  if (key) return std::move(*key);
  key.error().next_step = "add the gateway's user to the group himds, which the agent made";
  return std::unexpected(CredentialFailure{std::move(key.error()), true});
}

http::FetchRequest arc_request(const Ask& ask) {
  auto request = platform_request(ask, platform_url(*ask.settings, "2020-06-01", {}));
  request.headers.emplace_back("Metadata", Secret(std::string_view("true")));
  return request;
}

}  // namespace

void obtain_from_arc(const Ask& ask, OnObtained done) {
  ask.fetcher.fetch(arc_request(ask), [ask,
                                       done = std::move(done)](Result<http::FetchResponse> first) {
    if (!first || first->status != 401) {
      // Without the proof nothing is a token; what else came is read as an error.
      if (first && first->status == 200) {
        wipe(first->body);
        return done(bad_challenge("it gave a token without asking for a proof"));
      }
      return done(read_platform_answer(ask, kAgent, std::move(first)));
    }
    auto key = answer_challenge(first->header("www-authenticate"), ask.settings->arc_token_folder);
    if (!key) return done(std::unexpected(std::move(key.error())));
    auto request = arc_request(ask);
    std::string proof;
    proof.reserve(6 + key->size());
    proof.append("Basic ").append(key->reveal());
    request.headers.emplace_back("Authorization", Secret(std::move(proof)));
    ask.fetcher.fetch(std::move(request), [ask, done](Result<http::FetchResponse> second) {
      done(read_platform_answer(ask, kAgent, std::move(second)));
    });
  });
}

}  // namespace sallyport::cloud
