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

std::string head(const Profile& profile, bool per_user, std::string_view purpose) {
  std::string out = fmt::format(
      "# Claude Desktop, profile {}: {}\n"
      "# Run in {} context, as a 64-bit process.\n"
      "$ErrorActionPreference = 'Stop'\n"
      "$path = '{}:\\SOFTWARE\\Policies\\Claude'\n"
      "$wanted = [ordered]@{{\n",
      profile.name, purpose, per_user ? "the user's" : "the system's", per_user ? "HKCU" : "HKLM");
  for (const auto& [name, value] : ordered(profile.values)) {
    out += fmt::format("  {} = {}\n", literal(name), literal(portable_text(*value)));
  }
  out += "}\n";
  return out;
}

constexpr std::string_view kDetect =
    "$found = Get-Item -LiteralPath $path -ErrorAction SilentlyContinue\n"
    "if ($null -eq $found) { Write-Output 'policy key missing'; exit 1 }\n"
    "foreach ($name in $wanted.Keys) {\n"
    "  $value = $found.GetValue($name, $null, 'DoNotExpandEnvironmentNames')\n"
    "  if ($null -eq $value -or [string]$value -cne $wanted[$name] -or\n"
    "      $found.GetValueKind($name) -ne 'String') {\n"
    "    Write-Output \"differs: $name\"; exit 1\n"
    "  }\n"
    "}\n"
    "foreach ($name in $found.GetValueNames()) {\n"
    "  if (-not $wanted.Contains($name)) { Write-Output \"left over: $name\"; exit 1 }\n"
    "}\n"
    "Write-Output 'as wanted'\n"
    "exit 0\n";

constexpr std::string_view kRemediate =
    "if (-not (Test-Path -LiteralPath $path)) { New-Item -Path $path -Force | Out-Null }\n"
    "$found = Get-Item -LiteralPath $path\n"
    "foreach ($name in $found.GetValueNames()) {\n"
    "  if ($wanted.Contains($name)) { continue }\n"
    "  if ($name -eq '') { $found.OpenSubKey('', $true).DeleteValue('') }\n"
    "  else { Remove-ItemProperty -LiteralPath $path -Name $name }\n"
    "}\n"
    "foreach ($name in $wanted.Keys) {\n"
    "  New-ItemProperty -LiteralPath $path -Name $name -Value $wanted[$name] "
    "-PropertyType String -Force | Out-Null\n"
    "}\n"
    "Write-Output 'written; Claude Desktop reads it at its next start'\n"
    "exit 0\n";

}  // namespace

Result<Encoded> encode_powershell(const Profile& profile, const EncodeOptions& options) {
  Encoded encoded;
  encoded.files.push_back(
      {"detect.ps1", head(profile, options.per_user, "is it there?") + std::string(kDetect)});
  encoded.files.push_back(
      {"remediate.ps1", head(profile, options.per_user, "write it") + std::string(kRemediate)});
  return encoded;
}

}  // namespace sallyport::profile
