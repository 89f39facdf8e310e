// Intune remediation: a pair of PowerShell scripts. The first says whether the registry holds
// exactly the profile, the second makes it so. Both are ASCII, since Windows PowerShell 5.1 reads
// other text in an old code page; a value that is not plain ASCII goes in as base64.
#include <fmt/format.h>

#include "base/encoding.h"
#include "profile/codec/formats.h"

namespace sallyport::profile {
namespace {

bool is_plain(std::string_view text) {
  for (char c : text) {
    if (c < 0x20 || c > 0x7e) return false;
  }
  return true;
}

std::string literal(std::string_view text) {
  if (!is_plain(text)) {
    return fmt::format("([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('{}')))",
                       to_base64(text));
  }
  std::string out = "'";
  for (char c : text) {
    if (c == '\'') out.push_back('\'');
    out.push_back(c);
  }
  out.push_back('\'');
  return out;
}

// The registry by .NET: the same in a 32-bit process (Intune's usual one), and no name is taken for
// a pattern.
std::string head(const Profile& profile, bool per_user, std::string_view purpose) {
  std::string out = fmt::format(
      "# Claude Desktop, profile {}: {}\n"
      "# Run in {} context.\n"
      "$ErrorActionPreference = 'Stop'\n"
      "$root = [Microsoft.Win32.RegistryKey]::OpenBaseKey('{}', 'Registry64')\n"
      "$path = 'SOFTWARE\\Policies\\Claude'\n"
      "$wanted = New-Object 'System.Collections.Generic.Dictionary[string,string]' "
      "([StringComparer]::OrdinalIgnoreCase)\n",
      profile.name, purpose, per_user ? "the user's" : "the system's",
      per_user ? "CurrentUser" : "LocalMachine");
  for (const auto& [name, value] : ordered(profile.values)) {
    out += fmt::format("$wanted.Add({}, {})\n", literal(name), literal(portable_text(*value)));
  }
  return out;
}

constexpr std::string_view kDetect =
    "$key = $root.OpenSubKey($path)\n"
    "if ($null -eq $key) { Write-Output 'policy key missing'; exit 1 }\n"
    "foreach ($pair in $wanted.GetEnumerator()) {\n"
    "  $value = $key.GetValue($pair.Key, $null, 'DoNotExpandEnvironmentNames')\n"
    "  if ($null -eq $value -or $key.GetValueKind($pair.Key) -ne 'String' -or\n"
    "      [string]$value -cne $pair.Value) {\n"
    "    Write-Output \"differs: $($pair.Key)\"; exit 1\n"
    "  }\n"
    "}\n"
    "foreach ($name in $key.GetValueNames()) {\n"
    "  if (-not $wanted.ContainsKey($name)) { Write-Output \"left over: $name\"; exit 1 }\n"
    "}\n"
    "Write-Output 'as wanted'\n"
    "exit 0\n";

constexpr std::string_view kRemediate =
    "$key = $root.CreateSubKey($path)\n"
    "foreach ($name in $key.GetValueNames()) {\n"
    "  if (-not $wanted.ContainsKey($name)) { $key.DeleteValue($name) }\n"
    "}\n"
    "foreach ($pair in $wanted.GetEnumerator()) {\n"
    "  $key.SetValue($pair.Key, $pair.Value, 'String')\n"
    "}\n"
    "$key.Close()\n"
    "Write-Output 'written; Claude Desktop reads it at its next start'\n"
    "exit 0\n";

Result<Encoded> encode_powershell(const Profile& profile, const EncodeOptions& options) {
  if (auto clean = refuse_same_name(profile.values); !clean) {
    return std::unexpected(std::move(clean.error()));
  }
  Encoded encoded;
  encoded.files.push_back(
      {"detect.ps1", head(profile, options.per_user, "is it there?") + std::string(kDetect)});
  encoded.files.push_back(
      {"remediate.ps1", head(profile, options.per_user, "write it") + std::string(kRemediate)});
  return encoded;
}

}  // namespace

constinit const Format format::kPowerShell{
    .name = "powershell",
    .title = "Intune detection and remediation scripts",
    .file_name = "powershell.zip",
    .platform = Platform::kWindows,
    .encoder = encode_powershell,
};

}  // namespace sallyport::profile
