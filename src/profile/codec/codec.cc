#include "profile/codec/codec.h"

#include <fmt/format.h>

#include <array>
#include <map>

#include "base/encoding.h"
#include "profile/codec/formats.h"
#include "profile/codec/nested.h"
#include "profile/codec/plist.h"
#include "profile/url.h"

namespace sallyport::profile {
namespace {

using Encoder = Result<Encoded> (*)(const Profile&, const EncodeOptions&);
using Decoder = Result<Decoded> (*)(std::string_view);

constexpr std::array kFormats{
    FormatInfo{Format::kMobileconfig, "mobileconfig", "macOS configuration profile",
               "claude-desktop.mobileconfig", true, true},
    FormatInfo{Format::kRegistry, "reg", "Windows registration file", "claude-desktop.reg", true,
               true},
    FormatInfo{Format::kLinuxJson, "linux", "Linux /etc/claude-desktop/managed-settings.json",
               "managed-settings.json", true, true},
    FormatInfo{Format::kLocalLibrary, "library", "the app's own configLibrary", "configLibrary.zip",
               true, true},
    FormatInfo{Format::kBootstrap, "bootstrap", "answer of a bootstrap server", "bootstrap.json",
               true, true},
    FormatInfo{Format::kOmaUri, "oma-uri",
               "Intune custom profile for Windows (OMA-URI, Graph JSON)", "oma-uri.json", true,
               true},
    FormatInfo{Format::kJamfPlist, "jamf", "Jamf custom settings (plist of the preference domain)",
               "com.anthropic.claudefordesktop.plist", true, true},
    FormatInfo{Format::kManifest, "manifest", "Apple profile manifest (all keys)",
               "com.anthropic.claudefordesktop.manifest.plist", false, false},
    FormatInfo{Format::kAdmx, "admx", "group policy template, ADMX and ADML (all keys)",
               "claude-desktop-admx.zip", false, false},
    FormatInfo{Format::kIntuneAdmx, "intune-admx", "Intune ADMX ingestion (Graph JSON, all keys)",
               "intune-admx.json", false, false},
    FormatInfo{Format::kIntuneMac, "intune-macos", "Intune custom profile for macOS (Graph JSON)",
               "intune-macos.json", false, true},
    FormatInfo{Format::kPowerShell, "powershell", "Intune detection and remediation scripts",
               "powershell.zip", false, true},
    FormatInfo{Format::kJamfSchema, "jamf-schema", "Jamf custom schema (JSON Schema, all keys)",
               "com.anthropic.claudefordesktop.json", false, false},
    FormatInfo{Format::kClaudeCode, "claude-code",
               "Claude Code managed-settings.json (keys with a counterpart)",
               "managed-settings.json", false, true},
};

Encoder encoder_of(Format format) {
  switch (format) {
    case Format::kMobileconfig:
      return encode_mobileconfig;
    case Format::kRegistry:
      return encode_registry;
    case Format::kLinuxJson:
      return encode_linux_json;
    case Format::kLocalLibrary:
      return encode_local_library;
    case Format::kBootstrap:
      return encode_bootstrap;
    case Format::kOmaUri:
      return encode_oma_uri;
    case Format::kJamfPlist:
      return encode_jamf_plist;
    case Format::kManifest:
      return encode_manifest;
    case Format::kAdmx:
      return encode_admx;
    case Format::kIntuneAdmx:
      return encode_intune_admx;
    case Format::kIntuneMac:
      return encode_intune_mac;
    case Format::kPowerShell:
      return encode_powershell;
    case Format::kJamfSchema:
      return encode_jamf_schema;
    case Format::kClaudeCode:
      return encode_claude_code;
  }
  return encode_linux_json;
}

Decoder decoder_of(Format format) {
  switch (format) {
    case Format::kMobileconfig:
    case Format::kJamfPlist:
      return decode_plist;
    case Format::kRegistry:
      return decode_registry;
    case Format::kLinuxJson:
      return decode_flat_json;
    case Format::kLocalLibrary:
    case Format::kBootstrap:
      return decode_nested_json;
    case Format::kOmaUri:
      return decode_oma_uri;
    default:
      return nullptr;
  }
}

// NUL ends a text in the app's readers on every platform; broken UTF-8 is no text.
Result<void> refuse_unclean(std::string_view key, const json::value& value) {
  auto refuse = [&](std::string_view what) -> Result<void> {
    return fail("encode.uncarriable", fmt::format("{} holds {}", key, what),
                "no format can carry it; set the value again");
  };
  if (value.is_string()) {
    std::string_view text = value.get_string();
    if (text.find('\0') != std::string_view::npos) return refuse("a NUL character");
    if (!is_utf8(text)) return refuse("text that is not UTF-8");
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      if (auto clean = refuse_unclean(key, item); !clean) return clean;
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (auto clean = refuse_unclean(key, json::value(member.key())); !clean) return clean;
      if (auto clean = refuse_unclean(key, member.value()); !clean) return clean;
    }
  }
  return {};
}

bool is_nested_document(const json::value& value) {
  return value.is_object() && is_nested(value.get_object());
}

}  // namespace

std::span<const FormatInfo> formats() {
  return kFormats;
}

const FormatInfo& info_of(Format format) {
  for (const FormatInfo& info : kFormats) {
    if (info.format == format) return info;
  }
  return kFormats.front();
}

const FormatInfo* find_format(std::string_view name) {
  for (const FormatInfo& info : kFormats) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Result<Encoded> encode(Format format, const Profile& profile, const EncodeOptions& options) {
  for (const auto& member : profile.values) {
    if (auto clean = refuse_unclean(member.key(), json::value(member.key())); !clean) {
      return std::unexpected(std::move(clean.error()));
    }
    if (auto clean = refuse_unclean(member.key(), member.value()); !clean) {
      return std::unexpected(std::move(clean.error()));
    }
  }
  return encoder_of(format)(profile, options);
}

Result<Decoded> decode(Format format, std::string_view bytes) {
  Decoder decoder = decoder_of(format);
  if (decoder == nullptr) {
    return fail("decode.foreign",
                fmt::format("{} holds no values that could be read back", info_of(format).title),
                "name an export that carries values: mobileconfig, reg, linux, library, bootstrap, "
                "oma-uri or jamf");
  }
  auto decoded = decoder(bytes);
  if (decoded && decoded->values.size() > kMostKeys) {
    return fail("decode.foreign",
                fmt::format("it holds {} keys, and no configuration has more than {}",
                            decoded->values.size(), kMostKeys),
                "name a configuration of Claude Desktop");
  }
  return decoded;
}

Result<void> refuse_same_name(const json::object& values) {
  std::map<std::string, std::string_view> seen;
  for (const auto& member : values) {
    auto [first, added] = seen.emplace(lower_case(member.key()), member.key());
    if (added) continue;
    return fail("encode.not_possible",
                fmt::format("{} and {} differ in case alone, and Windows takes them for one value",
                            first->second, std::string_view(member.key())),
                "unset one of them");
  }
  return {};
}

std::optional<Format> detect(std::string_view file_name, std::string_view bytes) {
  if (looks_signed(bytes)) return Format::kMobileconfig;
  if (is_binary_plist(bytes)) {
    return file_name.ends_with(".mobileconfig") ? Format::kMobileconfig : Format::kJamfPlist;
  }
  if (bytes.starts_with("\xff\xfe")) return Format::kRegistry;
  std::string_view text = bytes;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return std::nullopt;
  text.remove_prefix(first);
  if (text.starts_with("Windows Registry Editor")) return Format::kRegistry;
  if (text.starts_with("<")) {
    return text.find("PayloadContent") != std::string_view::npos ? Format::kMobileconfig
                                                                 : Format::kJamfPlist;
  }
  if (!text.starts_with("{")) return std::nullopt;
  auto document = parse_json(bytes);
  if (!document) return Format::kLinuxJson;  // whose decoder then says what is wrong, and where
  if (document->is_object() && document->get_object().contains("omaSettings")) {
    return Format::kOmaUri;
  }
  return is_nested_document(*document) ? Format::kBootstrap : Format::kLinuxJson;
}

}  // namespace sallyport::profile
