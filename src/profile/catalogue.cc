#include "profile/catalogue.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <numeric>

#include "base/check.h"
#include "base/nearest.h"

namespace sallyport::profile {
namespace {

constexpr std::array<std::pair<std::string_view, Type>, 11> kTypes{{
    {"string", Type::kString},
    {"enum", Type::kEnum},
    {"boolean", Type::kBoolean},
    {"integer", Type::kInteger},
    {"number", Type::kNumber},
    {"string[]", Type::kStringList},
    {"enum[]", Type::kEnumList},
    {"object", Type::kObject},
    {"object[]", Type::kObjectList},
    {"string|string[]", Type::kStringOrList},
    {"unknown", Type::kUnknown},
}};

Type parse_type(std::string_view text) {
  for (auto [name, type] : kTypes) {
    if (name == text) return type;
  }
  return Type::kUnknown;
}

std::string text_of(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

bool flag_of(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<double> number_of(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::vector<std::string> list_of(const json::object& row, std::string_view name) {
  std::vector<std::string> list;
  const json::value* value = row.if_contains(name);
  if (value == nullptr || !value->is_array()) return list;
  for (const json::value& item : value->get_array()) list.emplace_back(item.as_string());
  return list;
}

// Absent, or a day that there is, as YYYY-MM-DD. Behaviour hangs on it, so nothing else is taken.
std::string day_of(const json::object& row, std::string_view name) {
  const json::value* value = row.if_contains(name);
  if (value == nullptr) return {};
  SALLYPORT_CHECK(value->is_string());
  std::string_view text = value->get_string();
  auto number = [&](std::size_t start, std::size_t length) {
    unsigned read = 0;
    const char* end = text.data() + start + length;
    auto parsed = std::from_chars(text.data() + start, end, read);
    SALLYPORT_CHECK(parsed.ec == std::errc() && parsed.ptr == end);
    return read;
  };
  SALLYPORT_CHECK(text.size() == 10 && text[4] == '-' && text[7] == '-');
  std::chrono::year_month_day day(std::chrono::year(static_cast<int>(number(0, 4))),
                                  std::chrono::month(number(5, 2)), std::chrono::day(number(8, 2)));
  SALLYPORT_CHECK(day.ok());
  return std::string(text);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    auto end = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

// What keys and fields of keys have in common.
template <typename Row>
void parse_limits(const json::object& row, Row& into) {
  into.enum_values = list_of(row, "enum");
  into.min = number_of(row, "min");
  into.max = number_of(row, "max");
  if (auto length = number_of(row, "max_length")) {
    into.max_length = static_cast<std::size_t>(*length);
  }
  into.pattern = text_of(row, "pattern");
  into.secret = flag_of(row, "secret");
  into.since = text_of(row, "since");
}

void parse_fields(const json::object& schema, Key& key) {
  for (const auto& member : schema) {
    if (member.key() == "$alternative") {
      key.items_may_be_text = true;
      continue;
    }
    const json::object& row = member.value().as_object();
    ItemField field;
    parse_limits(row, field);
    field.path = member.key();
    std::string type = text_of(row, "type");
    field.boolean_or_object = type == "boolean|object";
    field.type = parse_type(type);
    field.https_url = text_of(row, "format") == "https-url";
    field.required = flag_of(row, "required");
    field.requires_fields = list_of(row, "requires");
    field.note = text_of(row, "note");
    key.fields.push_back(std::move(field));
  }
}

Availability parse_availability(std::string_view text) {
  if (text == "mdm") return Availability::kMdm;
  return text == "mdm+bootstrap" ? Availability::kMdmAndBootstrap : Availability::kUnknown;
}

Scope parse_scope(std::string_view text) {
  if (text == "1p") return Scope::kStandard;
  return text == "both" ? Scope::kBoth : Scope::kThirdParty;
}

Status parse_status(std::string_view text) {
  if (text == "undocumented") return Status::kUndocumented;
  if (text == "legacy-alias") return Status::kLegacyAlias;
  return text == "removed" ? Status::kRemoved : Status::kDocumented;
}

std::vector<Platform> platforms_of(const json::object& row, std::string_view name) {
  std::vector<Platform> platforms;
  for (const std::string& word : list_of(row, name)) {
    auto platform = parse_platform(word);
    SALLYPORT_CHECK(platform.has_value());
    platforms.push_back(*platform);
  }
  return platforms;
}

Key parse_key(const json::object& row) {
  Key key;
  parse_limits(row, key);
  key.name = text_of(row, "key");
  key.section = text_of(row, "section");
  key.group = text_of(row, "group");
  key.title = text_of(row, "title");
  key.description = text_of(row, "description");
  key.notes = text_of(row, "notes");
  key.source = text_of(row, "source");
  key.type_text = text_of(row, "type");
  key.type = parse_type(key.type_text);
  key.availability = parse_availability(text_of(row, "availability"));
  key.scope = parse_scope(text_of(row, "scope"));
  key.status = parse_status(text_of(row, "status"));
  key.nested_path = text_of(row, "json_path");
  key.nested_path_confirmed = flag_of(row, "json_path_confirmed");
  key.former_paths = list_of(row, "json_paths_former");
  key.providers = split(text_of(row, "provider"), '|');
  key.platforms = platforms_of(row, "platforms");
  if (const json::value* values = row.if_contains("enum_platforms")) {
    for (const auto& member : values->as_object()) {
      key.platform_values.push_back(
          {std::string(member.key()), platforms_of(values->as_object(), member.key())});
    }
  }
  if (const json::value* value = row.if_contains("default")) key.default_value = *value;
  key.requires_keys = list_of(row, "requires");
  key.conflicts = list_of(row, "conflicts");
  key.aliases = list_of(row, "aliases");
  key.replaced_by = text_of(row, "replaced_by");
  key.ended = day_of(row, "ended");
  SALLYPORT_CHECK(key.ended.empty() || key.status == Status::kLegacyAlias);
  key.since_version = parse_since(key.since);
  key.deprecated = flag_of(row, "deprecated");
  key.consent_required = flag_of(row, "consent_required");
  key.fail_closed = flag_of(row, "fail_closed");
  key.app_behavior = flag_of(row, "app_behavior");
  key.egress_hosts = list_of(row, "egress_hosts");
  if (const json::value* schema = row.if_contains("item_schema")) {
    parse_fields(schema->as_object(), key);
  }
  return key;
}

EgressRule parse_egress_rule(const json::object& row) {
  EgressRule rule;
  rule.id = text_of(row, "id");
  rule.when = text_of(row, "when");
  rule.purpose = text_of(row, "purpose");
  rule.override_note = text_of(row, "override");
  rule.hosts = list_of(row, "hosts");
  rule.browser_hosts = list_of(row, "browser_hosts");
  const json::value* confirmed = row.if_contains("confirmed");
  rule.confirmed = confirmed == nullptr || confirmed->as_bool();
  return rule;
}

}  // namespace

bool Key::acts_on(Platform platform) const {
  return platforms.empty() ||
         std::find(platforms.begin(), platforms.end(), platform) != platforms.end();
}

bool Key::has_effect_for(std::string_view provider) const {
  return providers.empty() ||
         std::find(providers.begin(), providers.end(), provider) != providers.end();
}

const Catalogue& Catalogue::builtin() {
  static const Catalogue catalogue = parse(catalogue_json());
  return catalogue;
}

Catalogue Catalogue::parse(std::string_view text) {
  auto document = parse_json(text);
  SALLYPORT_CHECK(document && document->is_object());
  const json::object& root = document->get_object();
  Catalogue catalogue;
  for (const json::value& section : root.at("sections").as_array()) {
    catalogue.sections_.emplace_back(section.as_string());
  }
  catalogue.sections_.emplace_back("Undocumented");
  for (const json::value& row : root.at("egress_rules").as_array()) {
    catalogue.egress_rules_.push_back(parse_egress_rule(row.as_object()));
  }
  catalogue.basis_ = text_of(root.at("basis").as_object(), "reference");
  for (const json::value& row : root.at("keys").as_array()) {
    catalogue.keys_.push_back(parse_key(row.as_object()));
  }
  auto& order = catalogue.by_name_;
  order.resize(catalogue.keys_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return catalogue.keys_[a].name < catalogue.keys_[b].name;
  });
  return catalogue;
}

const Key* Catalogue::find(std::string_view name) const {
  auto at = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                             [&](std::size_t index, std::string_view wanted) {
                               return std::string_view(keys_[index].name) < wanted;
                             });
  return at != by_name_.end() && keys_[*at].name == name ? &keys_[*at] : nullptr;
}

std::string_view Catalogue::nearest(std::string_view name) const {
  std::vector<std::string_view> names;
  names.reserve(keys_.size());
  for (const Key& key : keys_) {
    if (key.status == Status::kDocumented) names.push_back(key.name);
  }
  std::string_view best = nearest_name(name, names);
  if (!best.empty()) return best;
  names.clear();
  for (const Key& key : keys_) names.push_back(key.name);
  return nearest_name(name, names);
}

const EgressRule* Catalogue::egress_rule(std::string_view id) const {
  for (const EgressRule& rule : egress_rules_) {
    if (rule.id == id) return &rule;
  }
  return nullptr;
}

std::string_view availability_text(Availability availability) {
  switch (availability) {
    case Availability::kMdm:
      return "MDM only";
    case Availability::kMdmAndBootstrap:
      return "MDM and bootstrap";
    case Availability::kUnknown:
      return "not documented";
  }
  return "";
}

std::string_view scope_text(Scope scope) {
  switch (scope) {
    case Scope::kThirdParty:
      return "third-party inference";
    case Scope::kStandard:
      return "standard deployments only";
    case Scope::kBoth:
      return "third-party and standard deployments";
  }
  return "";
}

std::string_view status_text(Status status) {
  switch (status) {
    case Status::kDocumented:
      return "documented";
    case Status::kUndocumented:
      return "undocumented";
    case Status::kLegacyAlias:
      return "legacy spelling";
    case Status::kRemoved:
      return "removed";
  }
  return "";
}

}  // namespace sallyport::profile
