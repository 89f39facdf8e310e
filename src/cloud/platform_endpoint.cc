#include "cloud/platform_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace sallyport::cloud {
namespace {

using std::chrono::seconds;

struct Explanation {
  int status;
  std::string_view words;  ///< in the error's description; empty: any
  std::string_view meaning;
  std::string_view next_step;
};

// What these endpoints mean, from Microsoft's pages on managed identities.
constexpr Explanation kExplanations[] = {
    {400, "Identity not found", "this machine has no such managed identity",
     "switch the system-assigned identity on, or assign the user-assigned one that the "
     "configuration names"},
    {400, "identity not found", "this machine has no such managed identity",
     "switch the system-assigned identity on, or assign the user-assigned one that the "
     "configuration names"},
    {400, "resource", "the endpoint does not know the resource",
     "correct credential.scope; the usual one is https://ai.azure.com/.default"},
    {400, "", "the endpoint did not understand the request",
     "check which identities this machine has: with several user-assigned ones, name one by "
     "client_id"},
    {401, "", "the endpoint did not accept the gateway's request",
     "start the gateway in the environment that the platform made for it"},
    {403, "", "the endpoint refuses this process",
     "check the rules of this machine for the metadata service"},
    {404, "", "the endpoint is not there, or is just being renewed",
     "check that this machine has a managed identity"},
    {410, "", "the endpoint is just being renewed; that takes up to 70 seconds", "wait"},
    {429, "", "the endpoint is asked too often", "wait"},
    {500, "",
     "the endpoint failed; it also says so of a resource or identity that it does not know",
     "check credential.scope and the identity's id"},
};

bool is_passing(int status) {
  return status == 404 || status == 408 || status == 410 || status == 429 || status >= 500;
}

Error explain(std::string_view endpoint, int status, const TokenError& said) {
  std::string message = fmt::format("{} answered {}", endpoint, status);
  std::string_view next_step;
  for (const auto& row : kExplanations) {
    bool fits = row.status == status || (row.status == 500 && status > 500);
    if (!fits || said.description.find(row.words) == std::string::npos) continue;
    message += fmt::format(": {}", row.meaning);
    next_step = row.next_step;
    break;
  }
  if (!said.error.empty()) message += fmt::format(" ({})", said.error);
  if (!said.description.empty()) message += fmt::format(" [{}]", said.description);
  auto code = is_passing(status) ? "credential.unavailable" : "credential.refused";
  return Error{code, std::move(message), std::string(next_step)};
}

}  // namespace

std::string resource_of(std::string_view scope) {
  constexpr std::string_view kTail = "/.default";
  if (scope.ends_with(kTail)) scope.remove_suffix(kTail.size());
  return std::string(scope);
}

void append_encoded(std::string& out, std::string_view text) {
  for (char c : text) {
    bool plain = is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    constexpr char kDigits[] = "0123456789ABCDEF";
    auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

std::string platform_url(
    const SourceSettings& settings, std::string_view api_version,
    std::initializer_list<std::pair<std::string_view, std::string_view>> identity) {
  std::string url = fmt::format("{}?api-version={}&resource=", settings.endpoint, api_version);
  append_encoded(url, resource_of(settings.scope));
  for (const auto& [name, value] : identity) {
    if (value.empty()) continue;
    url += fmt::format("&{}=", name);
    append_encoded(url, value);
  }
  return url;
}

http::FetchRequest platform_request(const Ask& ask, std::string url) {
  http::FetchRequest request;
  request.url = std::move(url);
  request.connect_timeout = std::min(ask.timeout, std::chrono::milliseconds(2000));
  request.timeout = ask.timeout;
  request.max_bytes = kTokenAnswerBytes;
  request.proxy = "none";
  request.allow_link_local = true;
  request.secret_answer = true;
  return request;
}

Obtained read_platform_answer(const Ask& ask, std::string_view endpoint,
                              Result<http::FetchResponse> answer) {
  if (!answer) {
    Error error = std::move(answer.error());
    error.next_step = "check that this machine has a managed identity and may reach the endpoint";
    bool lasting = error.code == "fetch.redirect" || error.code == "fetch.url";
    return std::unexpected(CredentialFailure{std::move(error), lasting});
  }
  if (answer->status != 200) {
    std::string_view secret = ask.settings->secret ? ask.settings->secret->reveal() : "";
    TokenError said = parse_token_error(answer->body, {secret});
    wipe(answer->body);
    bool slow = answer->status == 429 || answer->status >= 500;
    return std::unexpected(CredentialFailure{explain(endpoint, answer->status, said),
                                             !is_passing(answer->status),
                                             retry_after_of(*answer, seconds(slow ? 5 : 0))});
  }
  auto token = parse_token_answer(answer->body, ask.clock.wall());
  wipe(answer->body);
  if (token) return std::move(*token);
  token.error().message = fmt::format("{}: {}", endpoint, token.error().message);
  return std::unexpected(CredentialFailure{std::move(token.error()), false});
}

seconds retry_after_of(const http::FetchResponse& answer, seconds fallback) {
  auto text = answer.header("retry-after");
  std::uint32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return fallback;
  return seconds(std::min<std::uint32_t>(value, 300));
}

}  // namespace sallyport::cloud
