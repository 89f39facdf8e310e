// Formats in which a configuration travels. A format is one file in this folder, which holds its
// encoder, its decoder and its row (a Format), and one line in SALLYPORT_FORMATS below. Whatever
// differs between formats stands in the row; nothing outside the file asks which one it is.
// Pure functions over bytes; reading never trusts the input.
//
//   auto exported = encode(format::kMobileconfig, profile, {});
//   auto read = decode(format::kRegistry, bytes);
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/finding.h"
#include "profile/profile.h"
#include "profile/rules.h"

namespace sallyport::profile {

/// More members than any configuration has; what holds more is not one.
inline constexpr std::size_t kMostKeys = 4096;

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

struct Decoded {
  json::object values;  ///< typed by the catalogue; unknown keys kept as they came
  Findings notes;       ///< what the app would not read the way it is written
};

/// A file as detect() looks at it.
struct Sample {
  std::string_view file_name;
  std::string_view bytes;
  std::string_view text;  ///< the bytes without a byte order mark and white space before the rest
  const json::object* document = nullptr;  ///< of a text that is a JSON object; else null
};

/// How much a file looks like a format.
enum class Likeness {
  kNone,
  kPossible,  ///< of this family: its decoder would say what is wrong, and where
  kLikely,
  kCertain,
};

/// The row of a format.
struct Format {
  std::string_view name;  ///< what follows --format
  std::string_view title;
  std::string_view file_name;         ///< usual name of the (only or packed) file
  std::string_view file_ending = {};  ///< a name that ends so means this format; empty: none does
  bool has_values = true;             ///< false: describes the keys, whatever the profile holds
  std::optional<Platform> platform = {};  ///< of the devices that read it; empty: any
  Delivery delivery = Delivery::kFleet;   ///< how it gets to them
  bool signable = false;                  ///< devices take it inside a CMS signature
  bool for_claude_code = false;  ///< configures Claude Code, the other half of a governed pair
  Result<Encoded> (*encoder)(const Profile&, const EncodeOptions&);
  Result<Decoded> (*decoder)(std::string_view bytes) = nullptr;  ///< null: nothing to read back
  Likeness (*likeness)(const Sample&) = nullptr;                 ///< null: never told by content
};

// The formats, in the order in which they are listed; among equals in likeness the first counts.
#define SALLYPORT_FORMATS(FORMAT) \
  FORMAT(kMobileconfig)           \
  FORMAT(kRegistry)               \
  FORMAT(kLinuxJson)              \
  FORMAT(kLocalLibrary)           \
  FORMAT(kBootstrap)              \
  FORMAT(kOmaUri)                 \
  FORMAT(kJamfPlist)              \
  FORMAT(kManifest)               \
  FORMAT(kAdmx)                   \
  FORMAT(kIntuneAdmx)             \
  FORMAT(kIntuneMac)              \
  FORMAT(kPowerShell)             \
  FORMAT(kJamfSchema)             \
  FORMAT(kClaudeCode)

namespace format {
#define SALLYPORT_DECLARE_FORMAT(name) extern const Format name;
SALLYPORT_FORMATS(SALLYPORT_DECLARE_FORMAT)
#undef SALLYPORT_DECLARE_FORMAT
}  // namespace format

[[nodiscard]] std::span<const Format* const> formats();
/// Null when there is none of this name.
[[nodiscard]] const Format* find_format(std::string_view name);
/// By how the file's name ends; null when that says nothing.
[[nodiscard]] const Format* find_format_of_file(std::string_view file_name);

/// "mobileconfig, reg, linux": names for a sentence, all of them or those that can be read back.
[[nodiscard]] std::string format_names();
[[nodiscard]] std::string readable_format_names();

/// Error: encode.uncarriable (a NUL or control character that the format cannot hold), or
/// encode.not_possible.
[[nodiscard]] Result<Encoded> encode(const Format& format, const Profile& profile,
                                     const EncodeOptions& options);

/// Errors: json.invalid, plist.invalid, reg.invalid, cms.invalid, decode.foreign (another thing
/// than this format, or more than kMostKeys keys), each with the place.
[[nodiscard]] Result<Decoded> decode(const Format& format, std::string_view bytes);

/// The format of a file by its content, its name only where that leaves a doubt. Null: of none.
[[nodiscard]] const Format* detect(std::string_view file_name, std::string_view bytes);

}  // namespace sallyport::profile
