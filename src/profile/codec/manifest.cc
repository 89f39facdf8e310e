// Apple profile manifest (the ProfileManifests format that ProfileCreator and iMazing read) and
// Jamf's custom schema: every key with type, range and default. Lists and objects are JSON text in
// one string, which every build reads.
#include <fmt/format.h>

#include "profile/codec/formats.h"
#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

std::string_view manifest_type(const Key& key) {
  switch (key.type) {
    case Type::kBoolean:
      return "boolean";
    case Type::kInteger:
      return "integer";
    case Type::kNumber:
      return "real";
    default:
      return "string";
  }
}

std::string description_of(const Key& key) {
  std::string text = key.description;
  if (key.is_json()) text += fmt::format(" JSON text: {}.", wanted_text(key));
  if (!key.replaced_by.empty()) text += fmt::format(" Deprecated: use {}.", key.replaced_by);
  return text;
}

void append_range(PlistWriter& plist, std::string_view name, double value, bool whole) {
  if (whole) {
    plist.integer(name, static_cast<std::int64_t>(value));
  } else {
    plist.real(name, value);
  }
}

void append_key(PlistWriter& plist, const Key& key) {
  plist.begin_dict();
  plist.text("pfm_name", key.name);
  plist.text("pfm_title", key.title.empty() ? key.name : key.title);
  plist.text("pfm_description", description_of(key));
  plist.text("pfm_type", manifest_type(key));
  bool whole = key.type == Type::kInteger;
  if (key.min) append_range(plist, "pfm_range_min", *key.min, whole);
  if (key.max) append_range(plist, "pfm_range_max", *key.max, whole);
  if (key.type == Type::kEnum && !key.enum_values.empty()) {
    plist.begin_array("pfm_range_list");
    for (const std::string& value : key.enum_values) plist.item(value);
    plist.end_array();
  }
  if (!key.pattern.empty()) plist.text("pfm_format", key.pattern);
  if (key.default_value) {
    const json::value& usual = *key.default_value;
    if (usual.is_bool()) {
      plist.boolean("pfm_default", usual.get_bool());
    } else if (usual.is_int64()) {
      plist.integer("pfm_default", usual.get_int64());
    } else {
      plist.text("pfm_default", portable_text(usual));
    }
  }
  if (key.since_version) plist.text("pfm_app_min", key.since);
  if (key.secret) plist.boolean("pfm_sensitive", true);
  if (key.deprecated) plist.text("pfm_app_deprecated", "1.46388");
  plist.end_dict();
}

struct PayloadKey {
  std::string_view name, title, type, value;
};

void append_payload_keys(PlistWriter& plist) {
  const std::string settings = fmt::format("{}.settings", kDomain);
  const PayloadKey keys[] = {
      {"PayloadDescription", "Payload Description", "string", "Claude Desktop configuration"},
      {"PayloadDisplayName", "Payload Display Name", "string", "Claude Desktop"},
      {"PayloadIdentifier", "Payload Identifier", "string", settings},
      {"PayloadType", "Payload Type", "string", kDomain},
      {"PayloadUUID", "Payload UUID", "string", ""},
      {"PayloadVersion", "Payload Version", "integer", ""},
      {"PayloadOrganization", "Payload Organization", "string", ""},
  };
  for (const PayloadKey& key : keys) {
    plist.begin_dict();
    plist.text("pfm_name", key.name);
    plist.text("pfm_title", key.title);
    plist.text("pfm_description", key.title);
    plist.text("pfm_type", key.type);
    if (!key.value.empty()) plist.text("pfm_default", key.value);
    if (key.type == "integer") plist.integer("pfm_default", 1);
    if (key.name != "PayloadOrganization" && key.name != "PayloadDescription") {
      plist.text("pfm_require", "always");
    }
    plist.end_dict();
  }
}

json::object schema_property(const Key& key, int order) {
  json::object property;
  property["title"] = key.title.empty() ? key.name : key.title;
  property["description"] = description_of(key);
  property["property_order"] = order;
  std::string_view type = manifest_type(key);
  property["type"] = type == "real" ? std::string_view("number") : type;
  if (key.type == Type::kEnum && !key.enum_values.empty()) {
    json::array values;
    for (const std::string& value : key.enum_values) values.emplace_back(value);
    property["enum"] = std::move(values);
  }
  if (key.min) property["minimum"] = *key.min;
  if (key.max) property["maximum"] = *key.max;
  if (key.max_length) property["maxLength"] = *key.max_length;
  if (!key.pattern.empty()) property["pattern"] = key.pattern;
  if (key.default_value) property["default"] = *key.default_value;
  json::object options;
  if (!key.title.empty()) options["infoText"] = key.name;
  property["options"] = std::move(options);
  if (!key.source.empty()) {
    json::object link;
    link["rel"] = "More information";
    link["href"] = key.source;
    property["links"] = json::array{std::move(link)};
  }
  return property;
}

Result<Encoded> encode_manifest(const Profile&, const EncodeOptions&) {
  PlistWriter plist;
  plist.text("pfm_app_url", "https://claude.com/download");
  plist.text("pfm_description", "Claude Desktop: third-party inference configuration");
  plist.text("pfm_documentation_url",
             "https://claude.com/docs/third-party/claude-desktop/configuration");
  plist.text("pfm_domain", kDomain);
  plist.integer("pfm_format_version", 1);
  plist.begin_array("pfm_platforms");
  plist.item("macOS");
  plist.end_array();
  plist.begin_array("pfm_subkeys");
  append_payload_keys(plist);
  for (const Key* key : offered_keys()) append_key(plist, *key);
  plist.end_array();
  plist.begin_array("pfm_targets");
  plist.item("system");
  plist.item("user");
  plist.end_array();
  plist.text("pfm_title", "Claude Desktop");
  plist.boolean("pfm_unique", true);
  plist.integer("pfm_version", 1);
  return Encoded{{{std::string(format::kManifest.file_name), std::move(plist).finish()}}, {}};
}

Result<Encoded> encode_jamf_schema(const Profile&, const EncodeOptions&) {
  json::object root, properties;
  root["title"] = fmt::format("Claude Desktop ({})", kDomain);
  root["description"] = "Third-party inference configuration of Claude Desktop";
  root["__version"] = "1.0";
  root["__feedback"] = "https://claude.com/docs/third-party/claude-desktop/configuration";
  int order = 0;
  for (const Key* key : offered_keys()) properties[key->name] = schema_property(*key, order += 5);
  root["properties"] = std::move(properties);
  return Encoded{{{std::string(format::kJamfSchema.file_name), pretty_json(root)}}, {}};
}

}  // namespace

constinit const Format format::kManifest{
    .name = "manifest",
    .title = "Apple profile manifest (all keys)",
    .file_name = "com.anthropic.claudefordesktop.manifest.plist",
    .has_values = false,
    .encoder = encode_manifest,
};

constinit const Format format::kJamfSchema{
    .name = "jamf-schema",
    .title = "Jamf custom schema (JSON Schema, all keys)",
    .file_name = "com.anthropic.claudefordesktop.json",
    .has_values = false,
    .encoder = encode_jamf_schema,
};

}  // namespace sallyport::profile
