// The catalogue: every configuration key that Claude Desktop is known to read, as data. One row
// gives a key its check, its command-line help, its encoding in every format and its documentation;
// adding a key is adding a row to data/catalogue/claude-desktop-keys.json.
//
// Built once on first use and immutable from then on; views into it stay valid for the life of the
// process. Nothing fails: a row that cannot be read stops the program at the first test.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "profile/json_text.h"
#include "profile/platform.h"
#include "profile/version.h"

namespace sallyport::profile {

enum class Type {
  kString,
  kEnum,
  kBoolean,
  kInteger,
  kNumber,
  kStringList,
  kEnumList,
  kObject,
  kObjectList,
  kStringOrList,  ///< forceLoginOrgUUID
  kUnknown,       ///< known by name alone: any JSON value is carried
};

/// Where a value may come from. The local library accepts whatever a managed profile does.
enum class Availability { kMdm, kMdmAndBootstrap, kUnknown };
/// In which kind of deployment the app honours the key.
enum class Scope { kThirdParty, kStandard, kBoth };
enum class Status { kDocumented, kUndocumented, kLegacyAlias, kRemoved };

/// One field of an object, or of each object of a list. `path` has points for nested objects
/// (oauth.clientId); "*" stands for every property of a map.
struct ItemField {
  std::string path;
  Type type = Type::kString;
  std::vector<std::string> enum_values;
  std::optional<double> min, max;
  std::optional<std::size_t> max_length;
  std::string pattern;
  bool https_url = false;
  bool required = false;
  bool secret = false;
  bool boolean_or_object = false;
  std::vector<std::string> requires_fields;  ///< PATH or PATH=VALUE beside it, or a KEY
  std::string since;
  std::string note;
};

/// A value of an enum that only some platforms know.
struct PlatformValue {
  std::string value;
  std::vector<Platform> platforms;
};

struct Key {
  std::string name;
  std::string section, group, title, description, notes, source;
  Type type = Type::kUnknown;
  std::string type_text;  ///< as the reference writes it: string[]
  bool secret = false;
  Availability availability = Availability::kUnknown;
  Scope scope = Scope::kThirdParty;
  Status status = Status::kDocumented;
  std::string nested_path;  ///< empty: none is known
  bool nested_path_confirmed = false;
  std::vector<std::string> former_paths;  ///< earlier nested paths: read, never written
  std::vector<std::string> providers;     ///< empty: all
  std::vector<Platform> platforms;        ///< empty: all
  std::vector<std::string> enum_values;
  std::vector<PlatformValue> platform_values;
  std::optional<double> min, max;
  std::optional<std::size_t> max_length;
  std::string pattern;
  std::optional<json::value> default_value;
  std::vector<std::string> requires_keys;  ///< KEY or KEY=VALUE
  std::vector<std::string> conflicts;      ///< KEY or KEY=VALUE
  std::vector<std::string> aliases;
  std::string replaced_by;
  /// YYYY-MM-DD of a legacy spelling: from 12:00 Pacific of that day on the app no longer reads it.
  /// Empty: no end is documented.
  std::string ended;
  std::string since;  ///< as documented
  std::optional<AppVersion> since_version;
  bool deprecated = false, consent_required = false, fail_closed = false, app_behavior = false;
  std::vector<std::string> egress_hosts;
  std::vector<ItemField> fields;
  bool items_may_be_text = false;  ///< a list whose entries are objects or plain texts

  [[nodiscard]] bool is_json() const { return type >= Type::kStringList; }
  [[nodiscard]] bool has_effect_for(std::string_view provider) const;
  [[nodiscard]] bool acts_on(Platform platform) const;
};

/// Hosts that one condition of the configuration opens; the conditions are in egress.cc, by id.
struct EgressRule {
  std::string id, when, purpose, override_note;
  std::vector<std::string> hosts, browser_hosts;
  bool confirmed = true;
};

class Catalogue {
 public:
  /// The compiled-in catalogue.
  [[nodiscard]] static const Catalogue& builtin();
  [[nodiscard]] static Catalogue parse(std::string_view text);

  [[nodiscard]] const std::vector<Key>& keys() const { return keys_; }
  [[nodiscard]] const std::vector<std::string>& sections() const { return sections_; }
  [[nodiscard]] const std::vector<EgressRule>& egress_rules() const { return egress_rules_; }
  [[nodiscard]] const EgressRule* egress_rule(std::string_view id) const;
  [[nodiscard]] const std::string& basis() const { return basis_; }
  [[nodiscard]] const Key* find(std::string_view name) const;
  /// The known name that was most likely meant (base/nearest.h), a documented one first.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

 private:
  std::vector<Key> keys_;
  std::vector<std::size_t> by_name_;  // indexes into keys_, sorted by name
  std::vector<std::string> sections_;
  std::vector<EgressRule> egress_rules_;
  std::string basis_;
};

[[nodiscard]] std::string_view availability_text(Availability availability);
[[nodiscard]] std::string_view scope_text(Scope scope);
[[nodiscard]] std::string_view status_text(Status status);

/// The bytes of data/catalogue/claude-desktop-keys.json.
[[nodiscard]] std::string_view catalogue_json();

}  // namespace sallyport::profile
