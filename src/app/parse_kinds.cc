#include "app/parse_kinds.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "base/check.h"
#include "base/confined_run.h"
#include "profile/codec/codec.h"
#include "profile/json_text.h"

namespace sallyport::app {
namespace {

namespace json = profile::json;

// An exported configuration of Claude Desktop, in any format that can be read back:
//   {"format": "mobileconfig", "title": "macOS configuration profile",
//    "profiles": [{"values": {...}}],
//    "findings": [{"code", "severity", "key", "why", "next_step"}]}
// `findings` is what the app would not read the way it is written. Secrets stand in `values` as the
// file has them.
Result<std::string> parse_profile(std::string_view bytes) {
  const profile::Format* format = profile::detect("", bytes);
  if (format == nullptr) {
    return fail("decode.foreign", "the content is of no format that can be read",
                "name a .mobileconfig, .reg, plist or JSON export");
  }
  auto decoded = profile::decode(*format, bytes);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  json::array findings;
  for (const profile::Finding& finding : decoded->notes) {
    json::object entry;
    entry["code"] = finding.code;
    entry["severity"] = profile::severity_text(finding.severity);
    if (!finding.key.empty()) entry["key"] = finding.key;
    entry["why"] = finding.why;
    entry["next_step"] = finding.next_step;
    findings.push_back(std::move(entry));
  }
  json::object one;
  one["values"] = std::move(decoded->values);
  json::object root;
  root["format"] = format->name;
  root["title"] = format->title;
  root["profiles"] = json::array{std::move(one)};
  root["findings"] = std::move(findings);
  return profile::compact_json(root);
}

// A signed profile is unwrapped by OpenSSL, which would read its configuration when it is first used.
void prepare_openssl() {
  OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
}

constexpr ConfinedParser kKinds[] = {
    {.name = "profile", .parse = parse_profile, .prepare = prepare_openssl},
};

}  // namespace

std::span<const ConfinedParser> parse_kinds() {
  return kKinds;
}

Result<std::string> parse_confined(std::string_view kind, std::string_view bytes) {
  const auto* row = std::ranges::find(kKinds, kind, &ConfinedParser::name);
  SALLYPORT_CHECK(row != std::end(kKinds));
  return run_confined({{"sallyport", std::string(kParseChild)}}, *row, bytes);
}

}  // namespace sallyport::app
