// A named profile: what an administrator writes for one group. Stored as one plain JSON file that a
// person can keep in git:
//
//   {
//     "sallyport": 1,
//     "id": "0b9d...",            identity of the profile; exports derive stable UUIDs from it
//     "description": "...",
//     "base": "staff",            a variant: what is not set here comes from the base
//     "values": {"inferenceProvider": "gateway", ...},
//     "removed": ["banner"]       keys of the base that this variant does not have
//   }
//
// Values are plain: what a key holds as typed JSON, in the order of the file. Unknown keys stay.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/value.h"

namespace sallyport::profile {

struct Profile {
  std::string name;  ///< the file's name, not part of its content
  std::string id;    ///< a UUID
  std::string description;
  std::string base;  ///< name of the profile below this one, or empty
  json::object values;
  std::vector<std::string> removed;

  [[nodiscard]] const json::value* find(std::string_view key) const {
    return values.if_contains(key);
  }
};

/// A letter or digit, then letters, digits, `.`, `_`, `-`; at most 64; not ending as an export
/// does.
[[nodiscard]] bool is_profile_name(std::string_view name);
/// A file's name made into one: for exports that name the profile.
[[nodiscard]] std::string plain_name(std::string_view file_stem);

/// Reads the file form. Errors: json.invalid, profile.invalid.
[[nodiscard]] Result<Profile> parse_profile(std::string_view name, std::string_view text);
[[nodiscard]] std::string print_profile(const Profile& profile);

/// Sets a typed value, keeping the order of what stands there already.
void set_value(Profile& profile, std::string_view key, json::value value);
/// Takes a key away; in a variant also the base's. False: it was not there.
bool unset_value(Profile& profile, std::string_view key, bool base_has_it);

/// The variant laid over its base, as one profile without a base.
[[nodiscard]] Profile overlay(const Profile& base, const Profile& variant);

/// The same through all bases (at most 8). `load` finds a profile by name.
/// Error: profile.base (missing, in a circle, too deep).
[[nodiscard]] Result<Profile> flatten(const Profile& profile,
                                      const std::function<Result<Profile>(std::string_view)>& load);

struct Difference {
  enum class Kind { kAdded, kRemoved, kChanged };
  Kind kind;
  std::string key;
  json::value before, after;
};
/// What the app would read differently, in the order of the catalogue; spelling, order and encoding
/// make no difference.
[[nodiscard]] std::vector<Difference> differences(const json::object& before,
                                                  const json::object& after);

/// Values in the order of the catalogue, unknown keys after them by name: exports of equal profiles
/// are equal bytes.
[[nodiscard]] std::vector<std::pair<std::string_view, const json::value*>> ordered(
    const json::object& values);

/// A UUID that depends on the profile's identity and `purpose` alone (version 8 of RFC 9562).
[[nodiscard]] std::string derived_uuid(std::string_view id, std::string_view purpose);

}  // namespace sallyport::profile
