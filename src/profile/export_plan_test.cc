#include "profile/export_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sallyport::profile {
namespace {

Profile governed_profile() {
  Profile made;
  made.name = "staff";
  made.id = "11111111-2222-4333-8444-555555555555";
  made.values = parse_json(R"({"inferenceProvider":"gateway",
                     "inferenceGatewayBaseUrl":"https://claude.contoso.example",
                     "inferenceCredentialKind":"interactive",
                     "inferenceGatewayOidc":{"clientId":"22222222-3333-4444-8555-666666666666",
                       "issuer":
                    "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"},
                     "disableDeploymentModeChooser":true,"disableBypassPermissionsMode":true})")
                    ->get_object();
  return made;
}

Profile with(std::string_view key, json::value value) {
  Profile made = governed_profile();
  made.values[key] = std::move(value);
  return made;
}

bool holds(const Findings& findings, std::string_view code) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return finding.code == code; });
}

TEST(ExportPlan, HoldsTheFilesOfTheFormat) {
  for (const Format* format : formats()) {
    ExportPlan plan = export_plan(governed_profile(), *format, {});
    auto encoded = encode(*format, governed_profile(), {});
    ASSERT_TRUE(encoded && !plan.refusal) << format->name;
    ASSERT_EQ(plan.files.size(), encoded->files.size()) << format->name;
    for (std::size_t i = 0; i < plan.files.size(); ++i) {
      EXPECT_EQ(plan.files[i].name, encoded->files[i].name);
      EXPECT_EQ(plan.files[i].bytes, encoded->files[i].bytes);
    }
  }
}

TEST(ExportPlan, ASecretLeavesOnlyWhenItWasAskedFor) {
  Profile profile = with("inferenceGatewayApiKey", "sk-hidden");
  ExportPlan refused = export_plan(profile, format::kRegistry, {});
  ASSERT_TRUE(refused.refusal);
  EXPECT_EQ(refused.refusal->kind, ExportRefusal::Kind::kSecret);
  EXPECT_EQ(refused.refusal->reasons.at(0).code, "export.secret");
  EXPECT_TRUE(refused.files.empty());

  ExportPlan allowed =
      export_plan(profile, format::kRegistry, {.encode = {}, .allow_secrets = true});
  ASSERT_FALSE(allowed.refusal);
  EXPECT_EQ(allowed.secrets, std::vector<std::string>{"inferenceGatewayApiKey"});
  EXPECT_FALSE(allowed.files.empty());
}

// A format with all keys holds none of the profile's values.
TEST(ExportPlan, AFormatWithoutValuesAsksForNoSecrets) {
  Profile profile = with("inferenceGatewayApiKey", "sk-hidden");
  EXPECT_FALSE(export_plan(profile, format::kAdmx, {}).refusal);
}

TEST(ExportPlan, SaysWhatHoldsForThisWayAlone) {
  Profile profile = with("inferenceCredentialHelper", "C:\\helper.exe");
  EXPECT_TRUE(holds(export_plan(profile, format::kLinuxJson, {}).findings, "platform.path"));
  EXPECT_TRUE(export_plan(profile, format::kRegistry, {}).findings.empty());
  EXPECT_TRUE(export_plan(profile, format::kLocalLibrary, {}).findings.empty());
  ExportOptions removal;
  removal.encode.removal = true;
  EXPECT_TRUE(export_plan(profile, format::kLinuxJson, removal).findings.empty());

  Profile local = with("inferenceGatewayBaseUrl", "https://localhost");
  EXPECT_TRUE(holds(export_plan(local, format::kBootstrap, {}).findings, "bootstrap.loopback"));
  EXPECT_FALSE(holds(export_plan(local, format::kRegistry, {}).findings, "bootstrap.loopback"));
}

TEST(ExportPlan, AGovernedExportIsAPair) {
  ExportOptions options;
  options.governed = true;
  ExportPlan pair = export_plan(governed_profile(), format::kRegistry, options);
  ASSERT_FALSE(pair.refusal) << pair.refusal->reasons.at(0).message;
  ASSERT_EQ(pair.files.size(), 2U);
  EXPECT_EQ(pair.files[1].name, "claude-code/managed-settings.json");
  EXPECT_EQ(export_plan(governed_profile(), format::kClaudeCode, options).files.size(), 1U);
}

TEST(ExportPlan, AnUngovernedProfileIsRefusedWhenItIsToBeGoverned) {
  ExportOptions options;
  options.governed = true;
  Profile open = with("disableDeploymentModeChooser", false);
  ExportPlan plan = export_plan(open, format::kRegistry, options);
  ASSERT_TRUE(plan.refusal);
  EXPECT_EQ(plan.refusal->kind, ExportRefusal::Kind::kGoverned);
  EXPECT_EQ(plan.refusal->reasons.at(0).code, "governed.chooser");
  EXPECT_TRUE(plan.files.empty());

  // a secret is no way into a governed fleet, asked for or not
  options.allow_secrets = true;
  plan = export_plan(with("inferenceGatewayApiKey", "sk-hidden"), format::kRegistry, options);
  ASSERT_TRUE(plan.refusal);
  EXPECT_TRUE(std::any_of(plan.refusal->reasons.begin(), plan.refusal->reasons.end(),
                          [](const Error& error) { return error.code == "secret.in_profile"; }));

  // what this way to the device adds is said, and refuses nothing
  plan = export_plan(with("otlpHeadersHelper", "C:\\helper.exe"), format::kLinuxJson,
                     {.encode = {}, .governed = true});
  EXPECT_TRUE(holds(plan.findings, "platform.path"));
  EXPECT_FALSE(plan.refusal);
}

TEST(ExportPlan, OnlyASignableFormatIsPlannedForASignature) {
  ExportOptions options;
  options.sign = true;
  EXPECT_FALSE(export_plan(governed_profile(), format::kMobileconfig, options).refusal);
  ExportPlan plan = export_plan(governed_profile(), format::kRegistry, options);
  ASSERT_TRUE(plan.refusal);
  EXPECT_EQ(plan.refusal->reasons.at(0).code, "sign.format");
  EXPECT_EQ(plan.refusal->reasons.at(0).message, "only a .mobileconfig can be signed");
}

TEST(ExportPlan, WhatCannotBeWrittenIsRefusedWithTheReason) {
  ExportPlan plan = export_plan(with("deploymentDisplayName", "bell \x07"), format::kOmaUri, {});
  ASSERT_TRUE(plan.refusal);
  EXPECT_EQ(plan.refusal->kind, ExportRefusal::Kind::kFormat);
  EXPECT_EQ(plan.refusal->reasons.at(0).code, "encode.uncarriable");
}

// A format that nobody has heard of: its row alone says everything that is done with it.
Result<Encoded> encode_planted(const Profile& profile, const EncodeOptions&) {
  return Encoded{{{"planted.txt", "planted " + profile.name}}, {}};
}
Result<Decoded> decode_planted(std::string_view bytes) {
  Decoded decoded;
  decoded.values["deploymentDisplayName"] = bytes;
  return decoded;
}
constexpr Format kPlanted{
    .name = "planted",
    .title = "a planted format",
    .file_name = "planted.txt",
    .platform = Platform::kWindows,
    .signable = true,
    .encoder = encode_planted,
    .decoder = decode_planted,
};

TEST(ExportPlan, APlantedRowIsAWholeFormat) {
  Profile profile = with("otlpHeadersHelper", "/usr/bin/helper");
  ExportPlan plan = export_plan(profile, kPlanted, {.encode = {}, .governed = true, .sign = true});
  ASSERT_FALSE(plan.refusal) << plan.refusal->reasons.at(0).message;
  ASSERT_EQ(plan.files.size(), 2U);
  EXPECT_EQ(plan.files[0].bytes, "planted staff");
  EXPECT_TRUE(holds(plan.findings, "platform.path"));
  auto read = decode(kPlanted, plan.files[0].bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->values.at("deploymentDisplayName").as_string(), "planted staff");

  Format describing = kPlanted;
  describing.decoder = nullptr;
  auto refused = decode(describing, "x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "a planted format holds no values that could be read back");
  EXPECT_EQ(refused.error().next_step,
            "name an export that carries values: mobileconfig, reg, linux, library, bootstrap, "
            "oma-uri or jamf");
}

TEST(Formats, EveryRowIsWholeAndNamedOnce) {
  for (const Format* format : formats()) {
    EXPECT_EQ(find_format(format->name), format);
    EXPECT_FALSE(format->title.empty() || format->file_name.empty()) << format->name;
    EXPECT_NE(format->encoder, nullptr) << format->name;
    EXPECT_TRUE(format->likeness == nullptr || format->decoder != nullptr) << format->name;
    EXPECT_TRUE(format->has_values || format->decoder == nullptr) << format->name;
    if (!format->file_ending.empty()) {
      EXPECT_EQ(find_format_of_file(format->file_name), format) << format->name;
    }
  }
  EXPECT_EQ(find_format("no-such"), nullptr);
  EXPECT_EQ(find_format_of_file("a.txt"), nullptr);
  EXPECT_EQ(find_format_of_file("fleet.mobileconfig"), &format::kMobileconfig);
  EXPECT_EQ(find_format_of_file("out.plist"), &format::kJamfPlist);
}

}  // namespace
}  // namespace sallyport::profile
