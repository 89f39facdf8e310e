#include "gateway/heads.h"

#include <algorithm>

#include "base/comma_list.h"
#include "http/name_list.h"
#include "identity/presented_token.h"

namespace sallyport::gateway {
namespace {

using http::name_is;
using http::name_starts_with;
using http::NameList;

// RFC 9110 7.6.1 and RFC 9112: they speak of one connection and end there.
constexpr NameList kHopByHop({"connection", "keep-alive", "proxy-connection", "proxy-authenticate",
                              "te", "trailer", "upgrade", "transfer-encoding", "content-length"});

// Replaced by ours, or none of the provider's business.
constexpr NameList kNotToProvider({"host", "accept-encoding", "expect", "via", "x-request-id",
                                   "forwarded"});
constexpr std::string_view kNotToProviderPrefix[] = {"x-forwarded-", "x-ms-client-principal",
                                                     "x-claude-code-"};

// They describe the shared account, not the person; or would be our credential, sent back.
constexpr NameList kNotToClient({"authorization", "x-api-key", "api-key", "set-cookie",
                                 "anthropic-organization-id", "anthropic-workspace-id",
                                 "x-request-id"});
constexpr std::string_view kNotToClientPrefix[] = {"anthropic-ratelimit-", "anthropic-fast-"};

bool starts_with_any(std::string_view name, std::span<const std::string_view> list) {
  return std::ranges::any_of(list,
                             [&](std::string_view other) { return name_starts_with(name, other); });
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// The names that a Connection field lists are hop-by-hop as well (RFC 9110 7.6.1).
bool is_named_by_connection(http::Fields fields, std::string_view name) {
  for (const auto& field : fields) {
    if (!name_is(field.name, "connection")) continue;
    std::string_view options = field.value;
    while (!options.empty()) {
      if (equals_ignoring_case(take_element(options), name)) return true;
    }
  }
  return false;
}

// True if a Connection field names anything but close and keep-alive: then every field is looked
// up.
bool connection_names_fields(http::Fields fields) {
  for (const auto& field : fields) {
    if (name_is(field.name, "connection") && !name_is(field.value, "keep-alive") &&
        !name_is(field.value, "close")) {
      return true;
    }
  }
  return false;
}

// A few names that only the request's provider knows.
bool is_dropped(std::string_view name, std::span<const std::string_view> dropped) {
  return std::ranges::any_of(dropped, [name](auto one) { return name_is(name, one); });
}

}  // namespace

void append_request_fields(std::string& out, const http::RequestHead& head,
                           std::span<const std::string> extra_credential_headers,
                           std::string_view token, const http::Field& fallback,
                           std::span<const std::string_view> dropped) {
  bool fallback_seen = false;
  bool look_up = connection_names_fields(head.fields);
  for (const auto& field : head.fields) {
    if (identity::is_credential_header(field.name, extra_credential_headers)) continue;
    if (kHopByHop.contains(field.name) || kNotToProvider.contains(field.name)) continue;
    if (starts_with_any(field.name, kNotToProviderPrefix)) continue;
    if (look_up && is_named_by_connection(head.fields, field.name)) continue;
    // What stands before us may have written the token into a field of its own as well.
    if (!token.empty() && field.value.contains(token)) continue;
    if (is_dropped(field.name, dropped)) continue;
    if (name_is(field.name, fallback.name)) fallback_seen = true;
    append_field(out, field.name, field.value);
  }
  if (!fallback_seen && !fallback.name.empty()) append_field(out, fallback.name, fallback.value);
}

void append_response_fields(http::AnswerHead& out, const http::ResponseHead& head) {
  bool look_up = connection_names_fields(head.fields);
  for (const auto& field : head.fields) {
    if (kHopByHop.contains(field.name) || kNotToClient.contains(field.name)) continue;
    if (starts_with_any(field.name, kNotToClientPrefix)) continue;
    if (look_up && is_named_by_connection(head.fields, field.name)) continue;
    out.add_parsed(field.name, field.value);
  }
}

}  // namespace sallyport::gateway
