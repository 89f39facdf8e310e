#include "profile/edr.h"

#include <fmt/format.h>

#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

constexpr std::string_view kTeam = "Q6L2SF6YDW";
constexpr std::string_view kApp = "com.anthropic.claudefordesktop";
constexpr std::string_view kHelper = "com.anthropic.claude-code";
constexpr std::string_view kPublisher = "Anthropic, PBC";

void santa_rule(PlistWriter& plist, std::string_view type, std::string_view identifier,
                std::string_view comment) {
  plist.begin_dict();
  plist.text("identifier", identifier);
  plist.text("policy", "ALLOWLIST");
  plist.text("rule_type", type);
  plist.text("custom_msg", comment);
  plist.end_dict();
}

// Payload of com.northpolesec.santa or com.google.santa: StaticRules.
std::string santa() {
  PlistWriter plist;
  plist.begin_array("StaticRules");
  santa_rule(plist, "TEAMID", kTeam, "Anthropic PBC: Claude Desktop and its agent helper");
  santa_rule(plist, "SIGNINGID", fmt::format("{}:{}", kTeam, kApp), "Claude Desktop");
  santa_rule(plist, "SIGNINGID", fmt::format("{}:{}", kTeam, kHelper), "Claude's agent helper");
  plist.end_array();
  return std::move(plist).finish();
}

std::string app_locker_rule(std::string_view id, std::string_view name,
                            std::string_view publisher) {
  return fmt::format(
      "    <FilePublisherRule Id=\"{}\" Name=\"{}\" Description=\"By signer, so that it survives "
      "updates\" UserOrGroupSid=\"S-1-1-0\" Action=\"Allow\">\n"
      "      <Conditions>\n"
      "        <FilePublisherCondition PublisherName=\"{}\" ProductName=\"*\" BinaryName=\"*\">\n"
      "          <BinaryVersionRange LowSection=\"*\" HighSection=\"*\" />\n"
      "        </FilePublisherCondition>\n"
      "      </Conditions>\n"
      "    </FilePublisherRule>\n",
      id, name, publisher);
}

std::string app_locker() {
  // The subject's order and state depend on the certificate; AppLocker compares the whole name.
  std::string publisher = "O=ANTHROPIC, PBC, L=SAN FRANCISCO, S=CALIFORNIA, C=US";
  std::string out =
      "<!-- Check PublisherName against a device: Get-AppLockerFileInformation -Path "
      "claude.exe -->\n<AppLockerPolicy Version=\"1\">\n"
      "  <RuleCollection Type=\"Exe\" EnforcementMode=\"NotConfigured\">\n";
  out += app_locker_rule("6d1e6f5c-0f0e-4b3a-9c55-2a6a8f0f7c11", "Claude, signed by Anthropic",
                         publisher);
  out +=
      "  </RuleCollection>\n  <RuleCollection Type=\"Appx\" EnforcementMode=\"NotConfigured\">\n";
  out += app_locker_rule("b3a5b8c2-6a5f-4f52-8d0b-93f4e1c8d922",
                         "Claude package, signed by Anthropic", publisher);
  out += "  </RuleCollection>\n</AppLockerPolicy>\n";
  return out;
}

std::string wdac() {
  return fmt::format(
      "# App Control for Business (WDAC): rules at publisher level for {0}.\n"
      "# Run on a machine that has Claude Desktop, then merge allow-claude.xml into your policy.\n"
      "$ErrorActionPreference = 'Stop'\n"
      "$folders = @((Get-AppxPackage -Name '*Claude*').InstallLocation,\n"
      "             \"$env:LOCALAPPDATA\\Claude-3p\\claude-code\") | Where-Object {{ $_ -and "
      "(Test-Path $_) }}\n"
      "$rules = foreach ($folder in $folders) {{\n"
      "  Get-ChildItem -LiteralPath $folder -Recurse -Include '*.exe', '*.dll' |\n"
      "    Where-Object {{ (Get-AuthenticodeSignature $_.FullName).SignerCertificate.Subject -like "
      "'*{0}*' }} |\n"
      "    ForEach-Object {{ New-CIPolicyRule -DriverFilePath $_.FullName -Level Publisher }}\n"
      "}}\n"
      "New-CIPolicy -FilePath allow-claude.xml -Rules $rules -UserPEs\n",
      kPublisher);
}

std::string text() {
  return fmt::format(
      "Allow by signer, not by path: the helper's path holds its version and changes with "
      "updates.\n\n"
      "macOS\n"
      "  Team ID                 {0} (Anthropic PBC)\n"
      "  Signing ID, helper      {2}\n"
      "  Signing ID, app         {1}\n"
      "  A TEAMID allow rule for {0} covers both.\n"
      "  Check: codesign -dv --verbose=4 PATH\n\n"
      "Windows\n"
      "  Publisher               {3}\n"
      "  Helper                  claude.exe below the user's Claude-3p\\claude-code folder\n"
      "  Defender ASR, AppLocker, WDAC: allow by publisher.\n"
      "  Check: Get-AuthenticodeSignature PATH\n\n"
      "Symptom when it is blocked: the app opens and reads its configuration, but Cowork sessions "
      "do\n"
      "not start.\n",
      kTeam, kApp, kHelper, kPublisher);
}

}  // namespace

Result<std::string> edr_rules(std::string_view format) {
  if (format == "santa") return santa();
  if (format == "applocker") return app_locker();
  if (format == "wdac") return wdac();
  if (format == "text") return text();
  return fail("edr.format", fmt::format("there is no format {}", format),
              "choose santa, applocker, wdac or text");
}

}  // namespace sallyport::profile
