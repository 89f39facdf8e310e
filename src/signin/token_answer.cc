#include "signin/token_answer.h"

#include <algorithm>

#include "http/field.h"
#include "identity/discovery.h"
#include "identity/strict_json.h"

namespace sallyport::signin {
namespace {

constexpr identity::JsonLimits kAnswerJson{
    .bytes = 256 << 10, .depth = 8, .nodes = 1024, .members = 64};
constexpr std::size_t kMaxToken = 64 << 10;
constexpr std::int64_t kMaxLife = 30LL * 24 * 3600;

std::unexpected<Error> unusable(std::string_view what) {
  return fail("provider.answer",
              "the identity provider's answer is not usable: " + std::string(what),
              "try again; if it stays so, check the issuer");
}

// What goes into headers and onto a terminal: visible ASCII.
bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

/// False: it is there and not usable.
bool read_token(identity::JsonView root, std::string_view name, Secret& to) {
  auto member = root.member(name);
  if (!member || member->kind() == JsonKind::kNull) return true;
  if (!member->is_text() || member->text().size() > kMaxToken || !is_visible(member->text())) {
    return false;
  }
  to = Secret(member->text());
  return true;
}

// A number, or a number as text, which some providers send.
std::int64_t read_seconds(identity::JsonView root, std::string_view name, std::int64_t fallback) {
  auto member = root.member(name);
  if (!member) return fallback;
  if (auto number = member->whole_number()) return *number;
  auto number = member->is_text() ? whole_number(member->text()) : std::nullopt;
  return number ? static_cast<std::int64_t>(std::min<std::uint64_t>(*number, kMaxLife)) : fallback;
}

bool read_line(identity::JsonView root, std::string_view name, std::size_t most, std::string& to) {
  auto member = root.member(name);
  if (!member || !member->is_text() || member->text().empty()) return false;
  if (member->text().size() > most || !is_visible(member->text())) return false;
  to = member->text();
  return true;
}

}  // namespace

Result<Tokens> parse_token_answer(std::string_view json) {
  auto document = identity::StrictJson::parse(json, kAnswerJson);
  if (!document || !document->root().is_object()) return unusable("it is not a JSON object");
  auto root = document->root();
  auto type = root.member("token_type");
  if (type && (!type->is_text() || !http::name_is(type->text(), "bearer"))) {
    return unusable("its tokens are not bearer tokens");
  }
  Tokens tokens;
  if (!read_token(root, "access_token", tokens.access_token) ||
      !read_token(root, "id_token", tokens.id_token) ||
      !read_token(root, "refresh_token", tokens.refresh_token)) {
    return unusable("a token in it is not a token");
  }
  if (tokens.access_token.empty() && tokens.id_token.empty()) return unusable("it has no token");
  tokens.expires_in = std::clamp<std::int64_t>(read_seconds(root, "expires_in", 0), 0, kMaxLife);
  if (auto scope = root.member("scope"); scope && scope->is_text()) {
    tokens.scope = scope->text().substr(0, 4096);
  }
  return tokens;
}

Result<DeviceCode> parse_device_answer(std::string_view json, bool allow_http) {
  auto document = identity::StrictJson::parse(json, kAnswerJson);
  if (!document || !document->root().is_object()) return unusable("it is not a JSON object");
  auto root = document->root();
  DeviceCode code;
  if (!read_token(root, "device_code", code.device_code) || code.device_code.empty()) {
    return unusable("it has no device code");
  }
  if (!read_line(root, "user_code", 64, code.user_code)) return unusable("it has no code to type");
  // Google and early drafts of RFC 8628 write verification_url.
  if (!read_line(root, "verification_uri", 2048, code.verification_uri) &&
      !read_line(root, "verification_url", 2048, code.verification_uri)) {
    return unusable("it names no page");
  }
  if (!identity::is_endpoint_url(code.verification_uri, allow_http)) {
    return unusable("the page that it names is not an https address");
  }
  if (read_line(root, "verification_uri_complete", 2048, code.verification_uri_complete) &&
      !identity::is_endpoint_url(code.verification_uri_complete, allow_http)) {
    code.verification_uri_complete.clear();
  }
  using std::chrono::seconds;
  code.expires_in =
      seconds(std::clamp<std::int64_t>(read_seconds(root, "expires_in", 900), 1, 1800));
  code.interval = seconds(std::clamp<std::int64_t>(read_seconds(root, "interval", 5), 1, 30));
  return code;
}

TokenOutcome request_tokens(Web& web, const std::string& endpoint, Form form) {
  auto answer = web.post(endpoint, std::move(form));
  if (!answer) {
    return {fail(std::move(answer.error()), "while asking the identity provider for a token"),
            {},
            RefusalKind::kTransient};
  }
  if (answer->status == 200) {
    auto tokens = parse_token_answer(answer->body);
    wipe(answer->body);
    // Not an answer of the provider's: a page of the network's, perhaps, which passes.
    return {std::move(tokens), {}, RefusalKind::kTransient};
  }
  ProviderRefusal refusal = parse_refusal(answer->body, answer->status);
  wipe(answer->body);
  RefusalKind kind = kind_of(refusal);
  Error error = explain(refusal);
  return {std::unexpected(std::move(error)), std::move(refusal), kind};
}

}  // namespace sallyport::signin
