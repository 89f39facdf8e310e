// Intune for Windows: ADMX ingestion and the values as OMA-URI settings, both as objects of
// Microsoft Graph (windows10CustomConfiguration) that `POST /deviceManagement/deviceConfigurations`
// takes. Paths: Policy CSP, "ADMX ingestion".
#include <fmt/format.h>

#include "profile/codec/formats.h"
#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

constexpr std::string_view kIngest =
    "./Device/Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/ClaudeDesktop/Policy/"
    "ClaudeDesktopAdmx";

std::string policy_uri(const Key& key, bool per_user) {
  return fmt::format("./{}/Vendor/MSFT/Policy/Config/ClaudeDesktop~Policy~ClaudeDesktop~{}/{}",
                     per_user ? "User" : "Device", category_name(key.section), policy_name(key));
}

json::object setting(std::string_view name, std::string_view uri, std::string_view value) {
  json::object made;
  made["@odata.type"] = "#microsoft.graph.omaSettingString";
  made["displayName"] = name;
  made["omaUri"] = uri;
  made["value"] = value;
  return made;
}

json::object configuration(std::string_view name, std::string_view description,
                           json::array settings) {
  json::object graph;
  graph["@odata.type"] = "#microsoft.graph.windows10CustomConfiguration";
  graph["displayName"] = name;
  graph["description"] = description;
  graph["omaSettings"] = std::move(settings);
  return graph;
}

std::string policy_value(const Key& key, const json::value& value) {
  if (key.type == Type::kBoolean && value.is_bool()) {
    return value.get_bool() ? "<enabled/>" : "<disabled/>";
  }
  return fmt::format("<enabled/><data id=\"{}_Value\" value=\"{}\"/>", policy_name(key),
                     xml_attribute(portable_text(value)));
}

const Key* key_of_uri(std::string_view uri) {
  auto slash = uri.rfind('/');
  if (slash == std::string_view::npos ||
      uri.find("/Config/ClaudeDesktop~") == std::string_view::npos) {
    return nullptr;
  }
  std::string_view name = uri.substr(slash + 1);
  for (const Key& key : Catalogue::builtin().keys()) {
    if (policy_name(key) == name) return &key;
  }
  return nullptr;
}

// The value attribute of <data .../>; the plist reader's text rules fit, so it reads it as one.
Result<json::value> value_of(const Key& key, std::string_view text) {
  if (text.find("<disabled") != std::string_view::npos) return json::value(false);
  auto start = text.find(" value=\"");
  if (start == std::string_view::npos) {
    if (text.find("<enabled") != std::string_view::npos) return json::value(true);
    return fail("decode.foreign", fmt::format("{}: neither <enabled/> nor <disabled/>", key.name));
  }
  start += 8;
  auto end = text.find('"', start);
  if (end == std::string_view::npos) {
    return fail("decode.foreign", fmt::format("{}: the value attribute does not end", key.name));
  }
  std::string element =
      fmt::format("<plist><string>{}</string></plist>", text.substr(start, end - start));
  auto raw = parse_plist(element);
  if (!raw) return fail(std::move(raw.error()), fmt::format("in the value of {}", key.name));
  return typed_value(&key, *raw);
}

Result<Encoded> encode_intune_admx(const Profile&, const EncodeOptions&) {
  json::array settings;
  settings.push_back(setting("Claude Desktop policy template", kIngest, policy_template().admx));
  json::object graph = configuration("Claude Desktop - policy template",
                                     "Makes Claude Desktop's policies known to the device; assign "
                                     "it before the values",
                                     std::move(settings));
  return Encoded{{{std::string(format::kIntuneAdmx.file_name), pretty_json(graph)}}, {}};
}

Result<Encoded> encode_oma_uri(const Profile& profile, const EncodeOptions& options) {
  if (auto clean = refuse_uncarriable_xml(profile.values); !clean) {
    return std::unexpected(std::move(clean.error()));
  }
  Encoded encoded;
  json::array settings;
  for (const auto& [name, value] : ordered(profile.values)) {
    const Key* key = Catalogue::builtin().find(name);
    if (key == nullptr) {
      encoded.notes.push_back({"oma_uri.no_policy", Severity::kWarning, std::string(name),
                               "the template has no policy for an unknown key, so it was left out",
                               "correct its spelling, or deliver it with reg or powershell"});
      continue;
    }
    settings.push_back(
        setting(name, policy_uri(*key, options.per_user), policy_value(*key, *value)));
  }
  json::object graph = configuration(fmt::format("Claude Desktop - {}", profile.name),
                                     profile.description, std::move(settings));
  encoded.files.push_back({std::string(format::kOmaUri.file_name), pretty_json(graph)});
  return encoded;
}

Result<Decoded> decode_oma_uri(std::string_view bytes) {
  auto document = parse_json(bytes);
  if (!document) return std::unexpected(std::move(document.error()));
  const json::value* settings =
      document->is_object() ? document->get_object().if_contains("omaSettings") : nullptr;
  if (settings == nullptr || !settings->is_array()) {
    return fail("decode.foreign", "the JSON has no list \"omaSettings\"",
                "export the custom profile from Microsoft Graph");
  }
  Decoded decoded;
  for (const json::value& item : settings->get_array()) {
    const json::value* uri = item.is_object() ? item.get_object().if_contains("omaUri") : nullptr;
    const json::value* value = item.is_object() ? item.get_object().if_contains("value") : nullptr;
    if (uri == nullptr || !uri->is_string() || value == nullptr || !value->is_string()) {
      return fail("decode.foreign", "an entry of \"omaSettings\" lacks omaUri or value");
    }
    if (std::string_view(uri->get_string()) == kIngest) continue;
    const Key* key = key_of_uri(uri->get_string());
    if (key == nullptr) {
      decoded.notes.push_back(
          {"oma_uri.foreign", Severity::kWarning, std::string(uri->get_string()),
           "this setting is none of Claude Desktop's template", "remove it here"});
      continue;
    }
    auto read = value_of(*key, value->get_string());
    if (!read) return std::unexpected(std::move(read.error()));
    decoded.values[key->name] = std::move(*read);
  }
  return decoded;
}

Likeness likeness(const Sample& sample) {
  bool ours = sample.document != nullptr && sample.document->contains("omaSettings");
  return ours ? Likeness::kCertain : Likeness::kNone;
}

}  // namespace

constinit const Format format::kOmaUri{
    .name = "oma-uri",
    .title = "Intune custom profile for Windows (OMA-URI, Graph JSON)",
    .file_name = "oma-uri.json",
    .platform = Platform::kWindows,
    .encoder = encode_oma_uri,
    .decoder = decode_oma_uri,
    .likeness = likeness,
};

constinit const Format format::kIntuneAdmx{
    .name = "intune-admx",
    .title = "Intune ADMX ingestion (Graph JSON, all keys)",
    .file_name = "intune-admx.json",
    .has_values = false,
    .encoder = encode_intune_admx,
};

}  // namespace sallyport::profile
