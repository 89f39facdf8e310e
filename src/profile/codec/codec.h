// Formats in which a configuration travels: one file a format in this folder, one line a format in
// the table of codec.cc. Pure functions over bytes; reading never trusts the input.
//
//   auto exported = encode(Format::kMobileconfig, profile, {});
//   auto read = decode(Format::kRegistry, bytes);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/finding.h"
#include "profile/profile.h"

namespace sallyport::profile {

/// More members than any configuration has; what holds more is not one.
inline constexpr std::size_t kMostKeys = 4096;

enum class Format {
  kMobileconfig,
  kRegistry,
  kLinuxJson,
  kLocalLibrary,
  kBootstrap,
  kOmaUri,
  kJamfPlist,
  kManifest,
  kAdmx,
  kIntuneAdmx,
  kIntuneMac,
  kPowerShell,
  kJamfSchema,
  kClaudeCode,
};

struct FormatInfo {
  Format format;
  std::string_view name;  ///< what follows --format
  std::string_view title;
  std::string_view file_name;  ///< usual name of the (only or packed) file
  bool reads = false;          ///< can be decoded
  bool has_values = true;      ///< false: describes the keys, whatever the profile holds
};
[[nodiscard]] std::span<const FormatInfo> formats();
[[nodiscard]] const FormatInfo& info_of(Format format);
[[nodiscard]] const FormatInfo* find_format(std::string_view name);

struct EncodeOptions {
  enum class Form { kUsual, kFlat, kNested };
  bool per_user = false;     ///< HKEY_CURRENT_USER, PayloadScope User
  bool removal = false;      ///< .reg alone: a file that takes the keys away
  Form form = Form::kUsual;  ///< local library (usually flat) and bootstrap (usually nested)
  std::string organization;  ///< PayloadOrganization of a .mobileconfig; may be empty
};

struct ExportFile {
  std::string name;  ///< relative, with / between folders
  std::string bytes;
};

struct Encoded {
  std::vector<ExportFile> files;
  Findings notes;  ///< what could not be carried, or only on a guess
};

/// Error: encode.uncarriable (a NUL or control character that the format cannot hold), or
/// encode.not_possible.
[[nodiscard]] Result<Encoded> encode(Format format, const Profile& profile,
                                     const EncodeOptions& options);

struct Decoded {
  json::object values;  ///< typed by the catalogue; unknown keys kept as they came
  Findings notes;       ///< what the app would not read the way it is written
};

/// Errors: json.invalid, plist.invalid, reg.invalid, cms.invalid, decode.foreign (another thing
/// than this format, or more than kMostKeys keys), each with the place.
[[nodiscard]] Result<Decoded> decode(Format format, std::string_view bytes);

/// The format of a file by its content, its name only where that leaves a doubt.
[[nodiscard]] std::optional<Format> detect(std::string_view file_name, std::string_view bytes);

}  // namespace sallyport::profile
