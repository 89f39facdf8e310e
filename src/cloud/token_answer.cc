#include "cloud/token_answer.h"

#include <algorithm>
#include <optional>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/json_reader.h"

namespace sallyport::cloud {
namespace {

constexpr std::size_t kMostTextBytes = 200;
constexpr std::size_t kMostCodes = 8;
constexpr std::uint64_t kMostSeconds = 31 * 24 * 3600;     // a token's life; Entra's end at 28 h
constexpr std::uint64_t kMostEpochSeconds = 253402300799;  // the end of the year 9999

std::unexpected<Error> malformed(std::string_view what) {
  return fail("credential.malformed", "the answer is not a token: " + std::string(what),
              "check that the endpoint is the one that the documentation names");
}

// RFC 6750 section 2.1: what can follow "Bearer ".
bool is_bearer_text(std::string_view text) {
  auto fits = [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '+' ||
           c == '/' || c == '=';
  };
  return !text.empty() && text.size() <= kMostTokenBytes && std::ranges::all_of(text, fits);
}

bool is_word_bearer(std::string_view text) {
  constexpr std::string_view kWord = "bearer";
  return std::ranges::equal(
      text, kWord, {}, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

// A number, or a text of digits alone.
std::optional<std::uint64_t> read_number(JsonReader& json) {
  if (json.peek() == JsonKind::kNumber) {
    std::string_view token;
    return json.number(token) ? whole_number(token) : std::nullopt;
  }
  JsonText text;
  if (json.peek() != JsonKind::kText || !json.text(text) || text.escaped) return std::nullopt;
  bool digits =
      !text.raw.empty() && text.raw.size() <= 12 && std::ranges::all_of(text.raw, is_digit);
  if (!digits) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text.raw) value = value * 10 + static_cast<std::uint64_t>(c - '0');
  return value;
}

struct Members {
  std::optional<std::string_view> token, type;
  std::optional<std::uint64_t> expires_in, expires_on;
};

std::string_view read_members(JsonReader& json, Members& found) {
  JsonText key;
  while (json.next_member(key)) {
    bool is_token = key.is("access_token");
    if (is_token || key.is("token_type")) {
      auto& into = is_token ? found.token : found.type;
      JsonText value;
      if (into) return "a member stands in it twice";
      if (json.peek() != JsonKind::kText) return "access_token or token_type is no text";
      if (!json.text(value) || value.escaped) return "access_token or token_type is malformed";
      into = value.raw;
    } else if (key.is("expires_in") || key.is("expires_on")) {
      auto& into = key.is("expires_in") ? found.expires_in : found.expires_on;
      if (into) return "a member stands in it twice";
      into = read_number(json);
      if (!into) return "its end of life is no number";
    } else {
      json.skip();
    }
  }
  return {};
}

std::string printable(const std::string& text) {
  std::string out = text.substr(0, std::min(text.find_first_of("\r\n"), kMostTextBytes));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out;
}

// A secret, or a good part of it: an endpoint that repeats what it was sent.
bool holds_part(std::string_view text, std::string_view secret) {
  constexpr std::size_t kPart = 8;
  if (secret.size() < kPart) return !secret.empty() && text.find(secret) != text.npos;
  for (std::size_t at = 0; at + kPart <= text.size(); ++at) {
    if (secret.find(text.substr(at, kPart)) != secret.npos) return true;
  }
  return false;
}

std::vector<std::uint32_t> read_codes(JsonReader& json) {
  std::vector<std::uint32_t> codes;
  if (json.peek() != JsonKind::kArray || !json.begin_array()) {
    json.skip();
    return codes;
  }
  while (json.next_element()) {
    std::string_view token;
    if (json.peek() != JsonKind::kNumber) {
      json.skip();
    } else if (json.number(token)) {
      auto value = whole_number(token);
      if (value && *value <= UINT32_MAX && codes.size() < kMostCodes) {
        codes.push_back(static_cast<std::uint32_t>(*value));
      }
    }
  }
  return codes;
}

}  // namespace

Result<AccessToken> parse_token_answer(std::string_view body, WallTime now) {
  if (body.size() > kTokenAnswerBytes) return malformed("it is too large");
  if (!is_utf8(body)) return malformed("it is not UTF-8");
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject || !json.begin_object()) {
    return malformed("it is not a JSON object");
  }
  Members found;
  if (auto fault = read_members(json, found); !fault.empty()) return malformed(fault);
  if (!json.finish()) return malformed("it is not JSON");
  if (!found.token || !is_bearer_text(*found.token)) {
    return malformed("access_token is missing or cannot stand in a header");
  }
  if (found.type && !is_word_bearer(*found.type)) return malformed("token_type is not Bearer");
  if (!found.expires_in && !found.expires_on) return malformed("it does not say how long it lives");
  WallTime expires = WallTime::max();
  if (found.expires_in) {
    if (*found.expires_in > kMostSeconds) return malformed("it would live for months");
    expires = now + std::chrono::seconds(*found.expires_in);
  }
  if (found.expires_on) {
    if (*found.expires_on > kMostEpochSeconds) return malformed("it would live for ever");
    WallTime at{std::chrono::seconds(*found.expires_on)};
    if (at - now > std::chrono::seconds(kMostSeconds)) {
      return malformed("it would live for months");
    }
    expires = std::min(expires, at);
  }
  if (expires <= now) return malformed("it has expired already; compare this machine's clock");
  return AccessToken{Secret(*found.token), expires};
}

TokenError parse_token_error(std::string_view body,
                             std::initializer_list<std::string_view> secrets) {
  TokenError found;
  if (body.size() > kTokenAnswerBytes || !is_utf8(body)) return found;
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject || !json.begin_object()) return found;
  JsonText key;
  while (json.next_member(key)) {
    std::string* into = key.is("error")                                    ? &found.error
                        : key.is("error_description") || key.is("message") ? &found.description
                        : key.is("trace_id")                               ? &found.trace_id
                                                                           : nullptr;
    if (key.is("error_codes")) {
      found.codes = read_codes(json);
    } else if (into != nullptr && json.peek() == JsonKind::kText) {
      JsonText value;
      if (!json.text(value)) break;
      std::string decoded = value.decode();
      bool shy = std::ranges::any_of(
          secrets, [&](std::string_view secret) { return holds_part(decoded, secret); });
      *into = shy ? std::string() : printable(decoded);
    } else {
      json.skip();
    }
  }
  if (!json.finish()) return {};
  return found;
}

}  // namespace sallyport::cloud
