// Group policy template: one policy for every key, for machine and user, and its English texts.
// Format: Microsoft's ADMX schema (PolicyDefinitions 1.0); lengths are explicit because a text
// element without one takes no long JSON. Values are REG_SZ, which every build reads.
#include <fmt/format.h>

#include "profile/codec/formats.h"
#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

constexpr int kLongText = 1048576;  // JSON lists; the schema's default is 1023 characters
constexpr int kShortText = 16384;

std::string text_length(const Key& key) {
  if (key.max_length) return std::to_string(*key.max_length);
  return std::to_string(key.is_json() ? kLongText : kShortText);
}

void append_elements(std::string& out, const Key& key, const std::string& name) {
  auto line = [&](std::string text) { out += "        " + text + "\n"; };
  out += "      <elements>\n";
  if (key.type == Type::kEnum && !key.enum_values.empty()) {
    line(
        fmt::format("<enum id=\"{0}_Value\" valueName=\"{1}\" required=\"true\">", name, key.name));
    for (std::size_t i = 0; i < key.enum_values.size(); ++i) {
      line(
          fmt::format("  <item displayName=\"$(string.{}_Item{})\"><value><string>{}</string>"
                      "</value></item>",
                      name, i, xml_text(key.enum_values[i])));
    }
    line("</enum>");
  } else if (key.type == Type::kInteger) {
    line(
        fmt::format("<decimal id=\"{}_Value\" valueName=\"{}\" required=\"true\" minValue=\"{}\" "
                    "maxValue=\"{}\" storeAsText=\"true\" />",
                    name, key.name, static_cast<std::int64_t>(key.min.value_or(0)),
                    static_cast<std::int64_t>(key.max.value_or(999999999))));
  } else {
    line(fmt::format("<text id=\"{}_Value\" valueName=\"{}\" required=\"true\" maxLength=\"{}\" />",
                     name, key.name, text_length(key)));
  }
  out += "      </elements>\n";
}

void append_policy(std::string& out, const Key& key) {
  std::string name = policy_name(key);
  bool boolean = key.type == Type::kBoolean;
  out += fmt::format(
      "    <policy name=\"{0}\" class=\"Both\" displayName=\"$(string.{0})\" "
      "explainText=\"$(string.{0}_Help)\"{1} key=\"SOFTWARE\\Policies\\Claude\"{2}>\n",
      name, boolean ? "" : fmt::format(" presentation=\"$(presentation.{})\"", name),
      boolean ? fmt::format(" valueName=\"{}\"", key.name) : "");
  out += fmt::format("      <parentCategory ref=\"{}\" />\n", category_name(key.section));
  out += "      <supportedOn ref=\"SUPPORTED_ClaudeDesktop\" />\n";
  if (boolean) {
    out += "      <enabledValue><string>true</string></enabledValue>\n";
    out += "      <disabledValue><string>false</string></disabledValue>\n";
  } else {
    append_elements(out, key, name);
  }
  out += "    </policy>\n";
}

std::string help_text(const Key& key) {
  std::string text = key.description;
  text += fmt::format("\n\nKey: {}. Wants {}.", key.name, wanted_text(key));
  if (key.default_value) text += fmt::format(" Default: {}.", portable_text(*key.default_value));
  if (!key.since.empty() && key.since_version) text += fmt::format(" From app {}.", key.since);
  if (key.is_json()) text += " Written as JSON on one line.";
  if (key.secret) text += " Holds a secret: everybody on the device can read policy values.";
  if (key.deprecated) text += " Deprecated.";
  if (!key.replaced_by.empty()) text += fmt::format(" Use {}.", key.replaced_by);
  if (!key.notes.empty()) text += fmt::format("\n\n{}", key.notes);
  return text;
}

void append_strings(std::string& adml, const Key& key) {
  std::string name = policy_name(key);
  auto line = [&](std::string_view id, std::string_view text) {
    adml += fmt::format("      <string id=\"{}\">{}</string>\n", id, xml_text(text));
  };
  line(name, key.title.empty() ? key.name : key.title);
  line(name + "_Help", help_text(key));
  if (key.type != Type::kEnum) return;
  for (std::size_t i = 0; i < key.enum_values.size(); ++i) {
    line(fmt::format("{}_Item{}", name, i), key.enum_values[i]);
  }
}

void append_presentation(std::string& adml, const Key& key) {
  if (key.type == Type::kBoolean) return;
  std::string name = policy_name(key);
  std::string label = xml_text(key.title.empty() ? key.name : key.title);
  adml += fmt::format("      <presentation id=\"{}\">\n", name);
  if (key.type == Type::kEnum && !key.enum_values.empty()) {
    adml +=
        fmt::format("        <dropdownList refId=\"{}_Value\">{}</dropdownList>\n", name, label);
  } else if (key.type == Type::kInteger) {
    std::string usual;
    if (key.default_value && key.default_value->is_int64()) {
      usual = fmt::format(" defaultValue=\"{}\"", key.default_value->get_int64());
    }
    adml += fmt::format(
        "        <decimalTextBox refId=\"{}_Value\"{} spin=\"false\">{}"
        "</decimalTextBox>\n",
        name, usual, label);
  } else {
    adml += fmt::format("        <textBox refId=\"{}_Value\"><label>{}</label></textBox>\n", name,
                        label);
  }
  adml += "      </presentation>\n";
}

constexpr std::string_view kSchema =
    "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" revision=\"1.0\" "
    "schemaVersion=\"1.0\" "
    "xmlns=\"http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions\"";

}  // namespace

std::string policy_name(const Key& key) {
  std::string name = key.name;
  if (!name.empty() && name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 32);
  return name;
}

std::string category_name(std::string_view section) {
  std::string name;
  for (char c : section) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) name.push_back(c);
  }
  return name;
}

std::vector<const Key*> offered_keys() {
  std::vector<const Key*> keys;
  for (const Key& key : Catalogue::builtin().keys()) keys.push_back(&key);
  return keys;
}

Template policy_template() {
  Template result;
  std::string& admx = result.admx;
  std::string& adml = result.adml;
  admx = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<policyDefinitions {}>\n"
      "  <policyNamespaces>\n    <target prefix=\"claudedesktop\" "
      "namespace=\"Sallyport.Policies.ClaudeDesktop\" />\n  </policyNamespaces>\n"
      "  <resources minRequiredRevision=\"1.0\" />\n  <supportedOn>\n    <definitions>\n"
      "      <definition name=\"SUPPORTED_ClaudeDesktop\" "
      "displayName=\"$(string.SUPPORTED_ClaudeDesktop)\" />\n    </definitions>\n"
      "  </supportedOn>\n  <categories>\n"
      "    <category name=\"ClaudeDesktop\" displayName=\"$(string.ClaudeDesktop)\" />\n",
      kSchema);
  adml = fmt::format(
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<policyDefinitionResources {}>\n"
      "  <displayName>Claude Desktop</displayName>\n"
      "  <description>Third-party inference configuration of Claude Desktop</description>\n"
      "  <resources>\n    <stringTable>\n"
      "      <string id=\"ClaudeDesktop\">Claude Desktop</string>\n"
      "      <string id=\"SUPPORTED_ClaudeDesktop\">Claude Desktop for Windows</string>\n",
      kSchema);
  for (const std::string& section : Catalogue::builtin().sections()) {
    std::string name = category_name(section);
    admx += fmt::format(
        "    <category name=\"{0}\" displayName=\"$(string.Category_{0})\">\n"
        "      <parentCategory ref=\"ClaudeDesktop\" />\n    </category>\n",
        name);
    adml += fmt::format("      <string id=\"Category_{}\">{}</string>\n", name, xml_text(section));
  }
  admx += "  </categories>\n  <policies>\n";
  for (const Key* key : offered_keys()) {
    append_policy(admx, *key);
    append_strings(adml, *key);
  }
  admx += "  </policies>\n</policyDefinitions>\n";
  adml += "    </stringTable>\n    <presentationTable>\n";
  for (const Key* key : offered_keys()) append_presentation(adml, *key);
  adml += "    </presentationTable>\n  </resources>\n</policyDefinitionResources>\n";
  return result;
}

namespace {

Result<Encoded> encode_admx(const Profile&, const EncodeOptions&) {
  Template made = policy_template();
  return Encoded{{{"ClaudeDesktop.admx", std::move(made.admx)},
                  {"en-US/ClaudeDesktop.adml", std::move(made.adml)}},
                 {}};
}

}  // namespace

constinit const Format format::kAdmx{
    .name = "admx",
    .title = "group policy template, ADMX and ADML (all keys)",
    .file_name = "claude-desktop-admx.zip",
    .has_values = false,
    .encoder = encode_admx,
};

}  // namespace sallyport::profile
