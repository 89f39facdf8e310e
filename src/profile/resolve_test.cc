// A table of device situations. Each row cites the fact (desktop-config section and source tag)
// that decides it; G is a complete gateway configuration, F a complete Foundry one.
#include "profile/resolve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

namespace sallyport::profile {
namespace {

constexpr std::string_view G =
    R"("inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example","inferenceCredentialKind":"interactive","inferenceGatewayOidc":{"issuer":"https://id.example","clientId":"c"})";
constexpr std::string_view F =
    R"("inferenceProvider":"foundry","inferenceFoundryResource":"r","inferenceCredentialKind":"static","inferenceFoundryApiKey":"k","inferenceModels":["claude-x"])";

struct Situation {
  std::string_view fact;
  std::string_view device;     // JSON; G and F stand for the members above
  std::string_view owner;      // member of `device` that owns it, or "none"
  std::string_view mode;       // 3p or 1p
  bool locked;                 // the window is read-only
  std::string_view effective;  // JSON: key -> value, null: not in effect
};

const std::vector<Situation>& situations() {
  static const std::vector<Situation> table{
      // 6 [MDM]: macOS, two plists merged key by key, per-user wins
      {"6 [MDM] machine plist", R"({"platform":"macos","machine":{G}})", "machine", "3p", true,
       R"({"inferenceProvider":"gateway"})"},
      {"6 [MDM] user plist", R"({"platform":"macos","user":{G}})", "user", "3p", true,
       R"({"inferenceProvider":"gateway"})"},
      {"6 [MDM] per-user wins per key",
       R"({"platform":"macos","user":{"chatTabEnabled":true},"machine":{G,"chatTabEnabled":false}})",
       "user", "3p", true, R"({"chatTabEnabled":true,"inferenceProvider":"gateway"})"},
      {"6 [MDM] merge fills from machine",
       R"({"platform":"macos","user":{"inferenceProvider":"gateway"},"machine":{G,"mcpToolTimeoutSec":90}})",
       "user", "3p", true, R"({"mcpToolTimeoutSec":90})"},
      {"6 [MDM] provider of the user, rest of the machine",
       R"({"platform":"macos","user":{"inferenceProvider":"foundry"},"machine":{F,"inferenceProvider":"gateway"}})",
       "user", "3p", true, R"({"inferenceProvider":"foundry","inferenceFoundryResource":"r"})"},
      {"6 [MDM] managed beats local whole",
       R"({"platform":"macos","machine":{G},"local":{F,"chatTabEnabled":true}})", "machine", "3p",
       true, R"({"inferenceProvider":"gateway","chatTabEnabled":null})"},
      {"6 [INS] editable Mac: no known key arrived",
       R"({"platform":"macos","machine":{"inferenceProvidr":"gateway"}})", "none", "1p", false,
       R"({"inferenceProvidr":null})"},
      {"6 [INS] unknown managed key leaves local in force",
       R"({"platform":"macos","machine":{"inferenceProvidr":"gateway"},"local":{G}})", "local",
       "3p", false, R"({"inferenceProvider":"gateway"})"},
      {"6 [MDM] app-behaviour keys alone",
       R"({"platform":"macos","machine":{"disableAutoUpdates":true},"local":{G}})", "local", "3p",
       false, R"({"disableAutoUpdates":true,"inferenceProvider":"gateway"})"},
      {"6 [MDM] app-behaviour group",
       R"({"platform":"macos","machine":{"disableAutoUpdates":false},"local":{G,"autoUpdaterEnforcementHours":5,"egressProxyUrl":"http://p.example"}})",
       "local", "3p", false,
       R"({"disableAutoUpdates":false,"autoUpdaterEnforcementHours":null,"egressProxyUrl":null})"},
      {"6 [MDM] local app-behaviour without managed",
       R"({"platform":"macos","local":{G,"autoUpdaterEnforcementHours":5}})", "local", "3p", false,
       R"({"autoUpdaterEnforcementHours":5})"},
      {"6 [MDM] behaviour key plus a policy key",
       R"({"platform":"macos","machine":{"disableAutoUpdates":true,"chatTabEnabled":true},"local":{G}})",
       "machine", "1p", true, R"({"inferenceProvider":null,"chatTabEnabled":true})"},
      {"6 issues 54647: one update key locked older builds",
       R"({"platform":"macos","app":"1.19000.0","machine":{"disableAutoUpdates":true},"local":{G}})",
       "machine", "1p", true, R"({"inferenceProvider":null})"},
      {"6 [PROXY] proxy keys are app behaviour",
       R"({"platform":"macos","machine":{"egressProxyUrl":"http://p.example"},"local":{G}})",
       "local", "3p", false, R"({"egressProxyUrl":"http://p.example"})"},
      {"6 [LNX] relocateUncUserData is app behaviour",
       R"({"platform":"macos","machine":{"relocateUncUserData":true},"local":{G}})", "local", "3p",
       false, R"({"inferenceProvider":"gateway"})"},
      {"13 [S0] nothing anywhere", R"({"platform":"macos"})", "none", "1p", false, R"({})"},
      {"18 [CHG] ended spelling is not in effect",
       R"({"platform":"macos","machine":{G,"isDxtEnabled":true}})", "machine", "3p", true,
       R"({"isDxtEnabled":null})"},
      // 6 [MDM]: Windows
      {"6 [MDM] HKLM", R"({"platform":"windows","hklm":{G}})", "hklm", "3p", true,
       R"({"inferenceProvider":"gateway"})"},
      {"6 [MDM] HKCU alone", R"({"platform":"windows","hkcu":{G}})", "hkcu", "3p", true,
       R"({"inferenceProvider":"gateway"})"},
      {"6 [MDM] HKLM makes HKCU invisible",
       R"({"platform":"windows","hklm":{"disableAutoUpdates":true},"hkcu":{G}})", "none", "1p",
       false, R"({"inferenceProvider":null})"},
      {"6 [MDM] a misspelt HKLM value too",
       R"({"platform":"windows","hklm":{"typo":"x"},"hkcu":{G}})", "hklm", "1p", true,
       R"({"inferenceProvider":null})"},
      {"2 [MDM] an unnamed HKLM value too",
       R"({"platform":"windows","hklm":{},"blind":"default","hkcu":{G}})", "hklm", "1p", true,
       R"({"inferenceProvider":null})"},
      {"2 [REF] REG_EXPAND_SZ counts as present",
       R"({"platform":"windows","hklm":{},"blind":"inferenceProvider","local":{G}})", "hklm", "1p",
       true, R"({"inferenceProvider":null})"},
      {"6 [MDM] merged per key before 1.19367",
       R"({"platform":"windows","app":"1.19366.9","hklm":{"chatTabEnabled":true},"hkcu":{G,"chatTabEnabled":false}})",
       "hklm", "3p", true, R"({"inferenceProvider":"gateway","chatTabEnabled":true})"},
      {"6 [MDM] not merged from 1.19367.0",
       R"({"platform":"windows","app":"1.19367.0","hklm":{"chatTabEnabled":true},"hkcu":{G}})",
       "hklm", "1p", true, R"({"inferenceProvider":null})"},
      {"6 [INS] misspelt HKLM value locks the window",
       R"({"platform":"windows","hklm":{"inferenceProvidr":"gateway"},"local":{G}})", "hklm", "1p",
       true, R"({"inferenceProvider":null})"},
      {"6 [MDM] HKCU with behaviour keys alone",
       R"({"platform":"windows","hkcu":{"disableAutoUpdates":true},"local":{G}})", "local", "3p",
       false, R"({"disableAutoUpdates":true})"},
      {"6 [MDM] HKLM beats the library", R"({"platform":"windows","hklm":{F},"local":{G}})", "hklm",
       "3p", true, R"({"inferenceProvider":"foundry"})"},
      {"6 empty hive is no policy", R"({"platform":"windows","hklm":{},"hkcu":{G}})", "hkcu", "3p",
       true, R"({"inferenceProvider":"gateway"})"},
      {"6 library on Windows", R"({"platform":"windows","local":{F}})", "local", "3p", false,
       R"({"inferenceFoundryResource":"r"})"},
      // 5.1: Linux
      {"5.1 [REF] managed file", R"({"platform":"linux","linux":{G}})", "linux", "3p", true,
       R"({"inferenceProvider":"gateway"})"},
      {"5.1 [REF] unsafe file: managed but unreadable, local off",
       R"({"platform":"linux","linux":{G},"unreadable":"linux","local":{G}})", "linux", "1p", true,
       R"({"inferenceProvider":null})"},
      {"5.1 [REF] unsafe file alone", R"({"platform":"linux","linux":{},"unreadable":"linux"})",
       "linux", "1p", true, R"({})"},
      {"6 managed file beats the library", R"({"platform":"linux","linux":{F},"local":{G}})",
       "linux", "3p", true, R"({"inferenceProvider":"foundry"})"},
      {"5.2 library alone", R"({"platform":"linux","local":{G}})", "local", "3p", false,
       R"({"inferenceProvider":"gateway"})"},
      {"6 behaviour keys in the file",
       R"({"platform":"linux","linux":{"updateViaUpdatesHost":true},"local":{G}})", "local", "3p",
       false, R"({"updateViaUpdatesHost":true})"},
      {"5.2 [SPK1] unknown local keys are dropped", R"({"platform":"linux","local":{G,"shiny":1}})",
       "local", "3p", false, R"({"shiny":null})"},
      {"6 known keys without a provider own the device",
       R"({"platform":"linux","linux":{"chatTabEnabled":true},"local":{G}})", "linux", "1p", true,
       R"({"inferenceProvider":null})"},
      // 1.2: mode
      {"1.2 [LNX] provider selects 3P", R"({"platform":"linux","linux":{G}})", "linux", "3p", true,
       R"({})"},
      {"1.2 [REF] missing mandatory key: standard",
       R"({"platform":"linux","linux":{"inferenceProvider":"gateway","inferenceCredentialKind":"interactive","inferenceGatewayOidc":{"issuer":"https://id.example","clientId":"c"}}})",
       "linux", "1p", true, R"({"inferenceProvider":"gateway"})"},
      {"1.2 [REF] no credential: standard",
       R"({"platform":"linux","linux":{"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g.example"}})",
       "linux", "1p", true, R"({})"},
      {"7 [S0] misspelt provider: standard",
       R"({"platform":"linux","linux":{G,"inferenceProvider":"gatway"}})", "linux", "1p", true,
       R"({"inferenceProvider":"gatway"})"},
      {"8 foundry without models: standard",
       R"({"platform":"linux","linux":{"inferenceProvider":"foundry","inferenceFoundryResource":"r","inferenceCredentialKind":"static","inferenceFoundryApiKey":"k"}})",
       "linux", "1p", true, R"({})"},
      {"8 vertex needs project, region, models",
       R"({"platform":"linux","linux":{"inferenceProvider":"vertex","inferenceVertexProjectId":"p","inferenceVertexRegion":"global","inferenceModels":["claude-x"]}})",
       "linux", "3p", true, R"({})"},
      {"8 vertex without region",
       R"({"platform":"linux","linux":{"inferenceProvider":"vertex","inferenceVertexProjectId":"p","inferenceModels":["claude-x"]}})",
       "linux", "1p", true, R"({})"},
      {"8 bedrock with SSO and models",
       R"({"platform":"linux","linux":{"inferenceProvider":"bedrock","inferenceBedrockRegion":"eu-central-1","inferenceCredentialKind":"interactive","inferenceBedrockSsoStartUrl":"https://x.awsapps.com/start","inferenceBedrockSsoRegion":"eu-central-1","inferenceBedrockSsoAccountId":"123456789012","inferenceBedrockSsoRoleName":"r","inferenceModels":["claude-x"]}})",
       "linux", "3p", true, R"({})"},
      {"8 anthropic needs nothing more",
       R"({"platform":"linux","linux":{"inferenceProvider":"anthropic"}})", "linux", "3p", true,
       R"({})"},
      {"7 [CHG] user:pass@ in a URL fails the load",
       R"({"platform":"linux","linux":{G,"inferenceGatewayBaseUrl":"https://u:p@g.example"}})",
       "linux", "1p", true, R"({})"},
      {"7 [CHG] before 1.32352 it loaded",
       R"({"platform":"linux","app":"1.30000.0","linux":{G,"inferenceGatewayBaseUrl":"https://u:p@g.example"}})",
       "linux", "3p", true, R"({})"},
      {"1.2 [LNX] deploymentMode 1p forces standard",
       R"({"platform":"linux","linux":{G},"deploymentMode":"1p"})", "linux", "1p", true, R"({})"},
      {"1.2 [LNX] unless the chooser is disabled",
       R"({"platform":"linux","linux":{G,"disableDeploymentModeChooser":true},"deploymentMode":"1p"})",
       "linux", "3p", true, R"({})"},
      {"1.2 [LNX] deploymentMode 3p changes nothing",
       R"({"platform":"linux","linux":{G},"deploymentMode":"3p"})", "linux", "3p", true, R"({})"},
      {"6 [REF] other providers' keys are ignored",
       R"({"platform":"linux","linux":{G,"inferenceFoundryResource":"r"}})", "linux", "3p", true,
       R"({"inferenceFoundryResource":null})"},
      {"6 [REF] standard-deployment keys are ignored",
       R"({"platform":"linux","linux":{G,"forceLoginOrgUUID":"x"}})", "linux", "3p", true,
       R"({"forceLoginOrgUUID":null})"},
      {"0 [ADR] a key newer than the build",
       R"({"platform":"linux","app":"1.20000.0","linux":{G,"mcpToolTimeoutSec":90}})", "linux",
       "3p", true, R"({"mcpToolTimeoutSec":null})"},
      {"0 [ADR] the sign-in key is newer than the build",
       R"({"platform":"linux","app":"1.5000.0","linux":{G}})", "linux", "1p", true,
       R"({"inferenceGatewayOidc":null})"},
      {"19.2 removed key", R"({"platform":"linux","linux":{G,"betaFeaturesEnabled":true}})",
       "linux", "3p", true, R"({"betaFeaturesEnabled":null})"},
      // 11: bootstrap
      {"11 [BOOT] origin pinning drops a base URL of another origin",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://b.example/x"},"bootstrap":{G}})",
       "machine", "1p", true, R"({"inferenceGatewayBaseUrl":null,"inferenceProvider":"gateway"})"},
      {"11 [BOOT] bootstrapOidc ends origin pinning",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://b.example/x","bootstrapOidc":{"issuer":"https://id.example","clientId":"c","scopes":"c/.default"}},"bootstrap":{G}})",
       "machine", "3p", true, R"({"inferenceGatewayBaseUrl":"https://g.example"})"},
      {"7 a misspelt provider takes no key away",
       R"({"platform":"linux","linux":{G,"inferenceProvider":"gatway"}})", "linux", "1p", true,
       R"({"inferenceGatewayBaseUrl":"https://g.example"})"},
      {"1.2, 11 bootstrapUrl selects 3P",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://g.example/user/bootstrap"}})",
       "machine", "3p", true, R"({"bootstrapUrl":"https://g.example/user/bootstrap"})"},
      {"11 bootstrapEnabled false",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://g.example/user/bootstrap","bootstrapEnabled":false}})",
       "machine", "1p", true, R"({})"},
      {"6 [BOOT] the answer replaces managed values",
       R"({"platform":"macos","machine":{F,"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G}})",
       "machine", "3p", true, R"({"inferenceProvider":"gateway","inferenceFoundryResource":null})"},
      {"6 [BOOT] a key that it omits is unset",
       R"({"platform":"macos","machine":{"chatTabEnabled":true,"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G}})",
       "machine", "3p", true, R"({"chatTabEnabled":null})"},
      {"11 device-side keys stay",
       R"({"platform":"macos","machine":{"egressProxyUrl":"http://p.example","bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G,"egressProxyUrl":"http://q.example"}})",
       "machine", "3p", true, R"({"egressProxyUrl":"http://p.example"})"},
      {"11 loopback from the server is dropped",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G,"otlpEndpoint":"http://127.0.0.1:4318"}})",
       "machine", "3p", true, R"({"otlpEndpoint":null})"},
      {"11 unknown keys from the server are dropped",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G,"shiny":1}})",
       "machine", "3p", true, R"({"shiny":null})"},
      {"11 the server names no provider",
       R"({"platform":"macos","machine":{"inferenceProvider":"gateway","bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{"chatTabEnabled":true}})",
       "machine", "3p", true, R"({"inferenceProvider":null,"chatTabEnabled":true})"},
      {"11 the server's provider is incomplete",
       R"({"platform":"macos","machine":{"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{"inferenceProvider":"gateway"}})",
       "machine", "1p", true, R"({})"},
      {"11 an answer without a bootstrapUrl counts for nothing",
       R"({"platform":"macos","machine":{F},"bootstrap":{G}})", "machine", "3p", true,
       R"({"inferenceProvider":"foundry"})"},
      {"11 bootstrap from the local library",
       R"({"platform":"linux","local":{"bootstrapUrl":"https://g.example/user/bootstrap"},"bootstrap":{G}})",
       "local", "3p", false, R"({"inferenceProvider":"gateway"})"},
      {"11 trustBootstrapDelivery by MDM kills the local URL",
       R"({"platform":"linux","linux":{"trustBootstrapDelivery":true},"local":{"bootstrapUrl":"https://g.example/user/bootstrap"}})",
       "linux", "1p", true, R"({"bootstrapUrl":null})"},
      {"2 Windows text forms",
       R"({"platform":"windows","hklm":{G,"chatTabEnabled":true,"mcpToolTimeoutSec":120}})", "hklm",
       "3p", true, R"({"chatTabEnabled":true,"mcpToolTimeoutSec":120})"},
  };
  return table;
}

std::string expand(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool alone = i > 0 && (text[i - 1] == '{' || text[i - 1] == ',') && i + 1 < text.size() &&
                 (text[i + 1] == '}' || text[i + 1] == ',');
    if (alone && text[i] == 'G') {
      out += G;
    } else if (alone && text[i] == 'F') {
      out += F;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// {G,"inferenceProvider":"x"}: the later member counts, which our own reader refuses.
json::object parse_loosely(const std::string& text) {
  return boost::json::parse(text).as_object();
}

struct Slot {
  std::string_view name;
  SourceKind kind;
};
constexpr Slot kSlots[] = {
    {"user", SourceKind::kMacUser},       {"machine", SourceKind::kMacMachine},
    {"hklm", SourceKind::kHklm},          {"hkcu", SourceKind::kHkcu},
    {"linux", SourceKind::kLinuxFile},    {"local", SourceKind::kLibrary},
    {"bootstrap", SourceKind::kBootstrap}};

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

Device device_of(const json::object& spec) {
  Device device;
  std::string platform = text_of(spec, "platform");
  device.platform = platform == "macos"     ? Platform::kMacos
                    : platform == "windows" ? Platform::kWindows
                                            : Platform::kLinux;
  device.app = parse_version(text_of(spec, "app"));
  device.deployment_mode = text_of(spec, "deploymentMode");
  for (const Slot& slot : kSlots) {
    const json::value* values = spec.if_contains(slot.name);
    if (values == nullptr) continue;
    SettingsSource source;
    source.kind = slot.kind;
    source.place = slot.name;
    source.present = true;
    source.values = values->as_object();
    if (slot.kind == SourceKind::kHklm && spec.contains("blind"))
      source.blind = {text_of(spec, "blind")};
    if (text_of(spec, "unreadable") == slot.name) {
      source.unreadable = true;
      source.why = "unsafe";
      source.values.clear();
    }
    device.sources.push_back(std::move(source));
  }
  return device;
}

TEST(Resolve, EverySituationHasTheDocumentedOwnerModeAndValues) {
  EXPECT_GE(situations().size(), 60U);
  for (const Situation& row : situations()) {
    Device device = device_of(parse_loosely(expand(row.device)));
    Resolution resolution = resolve(device);
    std::string owner = resolution.owner ? device.sources[*resolution.owner].place : "none";
    EXPECT_EQ(owner, row.owner) << row.fact;
    EXPECT_EQ(resolution.mode == Mode::kThirdParty ? "3p" : "1p", row.mode)
        << row.fact << ": " << resolution.why_mode;
    EXPECT_EQ(resolution.window_read_only, row.locked) << row.fact << ": " << resolution.why_window;
    const json::object wanted = parse_json(row.effective)->get_object();
    for (const auto& expected : wanted) {
      const EffectiveValue* value = resolution.find(expected.key());
      if (expected.value().is_null()) {
        EXPECT_EQ(value, nullptr) << row.fact << " " << std::string_view(expected.key());
      } else {
        ASSERT_NE(value, nullptr) << row.fact << " " << std::string_view(expected.key());
        EXPECT_EQ(value->value, expected.value()) << row.fact;
      }
    }
    EXPECT_FALSE(resolution.why_mode.empty()) << row.fact;
  }
}

// What does not take effect is never silently gone.
TEST(Resolve, EveryValueIsInEffectOrIgnoredWithAReason) {
  for (const Situation& row : situations()) {
    Device device = device_of(parse_loosely(expand(row.device)));
    Resolution resolution = resolve(device);
    for (std::size_t i = 0; i < device.sources.size(); ++i) {
      for (const auto& member : device.sources[i].values) {
        bool in_effect = std::any_of(
            resolution.effective.begin(), resolution.effective.end(),
            [&](const auto& value) { return value.key == member.key() && value.source == i; });
        bool ignored = std::any_of(
            resolution.ignored.begin(), resolution.ignored.end(), [&](const auto& value) {
              return value.key == member.key() && value.source == i && !value.why.empty();
            });
        EXPECT_TRUE(in_effect != ignored) << row.fact << " " << std::string_view(member.key());
      }
    }
  }
}

TEST(Resolve, ReportsHideSecretsInTextAndJson) {
  Device device = device_of(
      parse_json(
          R"({"platform":"linux","linux":{"inferenceProvider":"gateway","inferenceGatewayApiKey":"sk-canary",
        "inferenceGatewayApiKeyOld":"sk-canary","inferenceCustomHeaders":{"A":"sk-canary"},
        "inferenceGatewayBaseUrl":"https://u:sk-canary@g.example"}})")
          ->get_object());
  Resolution resolution = resolve(device);
  EXPECT_EQ(report_text(device, resolution).find("sk-canary"), std::string::npos);
  EXPECT_EQ(compact_json(report_json(device, resolution)).find("sk-canary"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::profile
