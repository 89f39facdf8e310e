// Round trips of every key through every format that carries values, with ordinary and hostile
// values, and properties over generated profiles.
#include "profile/codec/codec.h"

#include <gtest/gtest.h>

#include "base/entropy.h"
#include "profile/codec/formats.h"
#include "profile/codec/nested.h"
#include "profile/codec/registry_text.h"

namespace sallyport::profile {
namespace {

Profile named(json::object values) {
  Profile made;
  made.name = "test";
  made.id = "11111111-2222-4333-8444-555555555555";
  made.values = std::move(values);
  return made;
}

std::vector<const Format*> readable() {
  std::vector<const Format*> list;
  for (const Format* format : formats()) {
    if (format->decoder != nullptr) list.push_back(format);
  }
  return list;
}

// The file that a device or person would hand back.
const ExportFile& main_file(const Encoded& encoded) {
  return encoded.files.back();
}

const std::vector<std::string>& hostile_texts() {
  static const std::vector<std::string> texts{
      "plain",
      "",
      "\"quoted\" and 'single'",
      "C:\\Program Files\\Claude\\",
      "line one\nline two",
      "carriage\r\nreturn",
      "tab\tand  two blanks ",
      " leading and trailing ",
      "]]> <!-- & < > &amp; &#65; -->",
      "%PATH% %OneDrive% $HOME ${x}",
      "umlaut \xc3\xa4\xc3\x9f \xe4\xb8\xad\xe6\x96\x87",
      "emoji \xf0\x9f\xa6\x8a\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
      "curly \xe2\x80\x98quotes\xe2\x80\x99 \xe2\x80\x9c\xe2\x80\x9d",
      "; comment [key] @=\"x\"",
      "{\"not\": json",
      "true",
      "[]",
      "007",
      "\x7f",
      std::string(65536, 'x'),
      std::string(32768, '\\') + "\"",
  };
  return texts;
}

json::value sample(const Key& key, std::string_view text) {
  switch (key.type) {
    case Type::kBoolean:
      return text.size() % 2 == 0;
    case Type::kInteger:
      return static_cast<std::int64_t>(text.size());
    case Type::kNumber:
      return static_cast<double>(text.size()) / 4;
    case Type::kStringList:
    case Type::kEnumList:
      return json::array{json::value(text), "second"};
    case Type::kObject: {
      json::object object;
      object["field"] = text;
      object[text.empty() ? "k" : text.substr(0, 40)] = json::array{1, nullptr, true};
      return object;
    }
    case Type::kObjectList:
      return json::array{json::object{{"name", json::value(text)}, {"n", 0.5}}};
    default:
      return json::value(text);
  }
}

// Formats whose text form cannot tell a text from the type that it spells keep the meaning.
void expect_same(const Key* key, const json::value& before, const json::value* after,
                 std::string_view where) {
  ASSERT_NE(after, nullptr) << where;
  EXPECT_TRUE(same_value(key, before, *after))
      << where << ": " << compact_json(before).substr(0, 200) << " became "
      << compact_json(*after).substr(0, 200);
}

bool carried(const Format& format, const Key& key) {
  return &format != &format::kBootstrap || key.availability != Availability::kMdm;
}

TEST(Codec, EveryKeySurvivesEveryFormatWithHostileValues) {
  for (const Format* format : readable()) {
    for (const Key& key : Catalogue::builtin().keys()) {
      if (!carried(*format, key)) continue;
      for (const std::string& text : hostile_texts()) {
        json::object values;
        // the provider tells keys apart that share a place in the nested form
        if (!key.providers.empty()) values["inferenceProvider"] = key.providers.front();
        if (key.group == "Identity provider") values["inferenceCredentialKind"] = "external-idp";
        values[key.name] = sample(key, text);
        auto encoded = encode(*format, named(values), {});
        ASSERT_TRUE(encoded) << key.name << ": " << encoded.error().message;
        auto decoded = decode(*format, main_file(*encoded).bytes);
        ASSERT_TRUE(decoded) << format->name << " " << key.name << ": " << decoded.error().message;
        expect_same(&key, values[key.name], decoded->values.if_contains(key.name),
                    std::string(format->name) + " " + key.name);
      }
    }
  }
}

TEST(Codec, NestedLibraryEntriesSurviveToo) {
  EncodeOptions nested;
  nested.form = EncodeOptions::Form::kNested;
  for (const Key& key : Catalogue::builtin().keys()) {
    json::object values;
    if (!key.providers.empty()) values["inferenceProvider"] = key.providers.front();
    if (key.group == "Identity provider") values["inferenceCredentialKind"] = "external-idp";
    values[key.name] = sample(key, "text");
    auto encoded = encode(format::kLocalLibrary, named(values), nested);
    ASSERT_TRUE(encoded);
    auto decoded = decode(format::kLocalLibrary, main_file(*encoded).bytes);
    ASSERT_TRUE(decoded);
    expect_same(&key, values[key.name], decoded->values.if_contains(key.name), key.name);
  }
}

TEST(Codec, RefusesNulInEveryFormatThatCarriesValues) {
  for (const Format* format : formats()) {
    if (!format->has_values) continue;
    json::object values;
    values["deploymentDisplayName"] = std::string_view("a\0b", 3);
    auto encoded = encode(*format, named(values), {});
    ASSERT_FALSE(encoded) << format->name;
    EXPECT_EQ(encoded.error().code, "encode.uncarriable");
    EXPECT_NE(encoded.error().message.find("deploymentDisplayName"), std::string::npos);
  }
}

TEST(Codec, RefusesControlCharactersWhereXmlCannotHoldThem) {
  json::object values;
  values["deploymentDisplayName"] = "bell \x07";
  EXPECT_FALSE(encode(format::kMobileconfig, named(values), {}));
  EXPECT_FALSE(encode(format::kOmaUri, named(values), {}));
  auto registry = encode(format::kRegistry, named(values), {});
  ASSERT_TRUE(registry);
  auto decoded = decode(format::kRegistry, registry->files.front().bytes);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->values, values);
}

TEST(Codec, UnknownKeysSurviveWhereTheFormatHasRoomForThem) {
  json::object values;
  values["contosoOwnKey"] = "v";
  for (const Format* format : readable()) {
    auto encoded = encode(*format, named(values), {});
    ASSERT_TRUE(encoded);
    auto decoded = decode(*format, main_file(*encoded).bytes);
    ASSERT_TRUE(decoded);
    if (format == &format::kOmaUri) {
      EXPECT_EQ(encoded->notes.size(), 1U);
    } else {
      EXPECT_EQ(decoded->values, values) << format->name;
    }
  }
}

TEST(Codec, NamesThatWindowsTakesForOneAreRefusedThere) {
  json::object values;
  values["endUserAttribution"] = true;
  values["enduserAttribution"] = false;
  for (const Format* format : {&format::kRegistry, &format::kPowerShell}) {
    auto encoded = encode(*format, named(values), {});
    ASSERT_FALSE(encoded);
    EXPECT_EQ(encoded.error().code, "encode.not_possible");
  }
  EXPECT_TRUE(encode(format::kMobileconfig, named(values), {}));
}

TEST(Codec, AFileWithThousandsOfKeysIsNoConfiguration) {
  json::object values;
  for (std::size_t i = 0; i <= kMostKeys; ++i) values[std::to_string(i)] = 1;
  auto decoded = decode(format::kLinuxJson, compact_json(values));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, "decode.foreign");
}

// A small generator: any keys, any of the hostile texts, all from one seed.
json::object generate(FakeEntropy& entropy) {
  json::object values;
  std::array<std::uint8_t, 64> dice{};
  entropy.fill(dice);
  static const std::vector<std::string_view> kProviders{"gateway", "anthropic", "bedrock",
                                                        "mantle",  "vertex",    "foundry"};
  std::string_view provider = kProviders[dice[0] % kProviders.size()];
  values["inferenceProvider"] = provider;
  const auto& keys = Catalogue::builtin().keys();
  for (std::size_t i = 1; i + 1 < dice.size(); i += 2) {
    const Key& key = keys[(dice[i] * 256U + dice[i + 1]) % keys.size()];
    if (key.name == "inferenceProvider" || key.name == "inferenceCredentialKind") continue;
    if (key.name == "enduserAttribution") continue;  // on Windows one with endUserAttribution
    values[key.name] = sample(key, hostile_texts()[dice[i + 1] % 19]);
  }
  return values;
}

TEST(Codec, DecodingAnEncodedProfileGivesItBack) {
  FakeEntropy entropy(42);
  for (int round = 0; round < 60; ++round) {
    json::object values = generate(entropy);
    for (const Format* format : readable()) {
      auto encoded = encode(*format, named(values), {});
      ASSERT_TRUE(encoded);
      auto decoded = decode(*format, main_file(*encoded).bytes);
      ASSERT_TRUE(decoded) << decoded.error().message;
      for (const auto& member : values) {
        const Key* key = Catalogue::builtin().find(member.key());
        if (!carried(*format, *key)) continue;
        expect_same(key, member.value(), decoded->values.if_contains(member.key()),
                    std::string(format->name) + " " + key->name);
      }
    }
  }
}

TEST(Codec, EqualProfilesAreEqualBytesWhateverTheirOrder) {
  auto a = parse_json(R"({"inferenceProvider":"gateway","chatTabEnabled":true})")->get_object();
  auto b = parse_json(R"({"chatTabEnabled":true,"inferenceProvider":"gateway"})")->get_object();
  for (const Format* format : formats()) {
    auto first = encode(*format, named(a), {}), second = encode(*format, named(b), {});
    ASSERT_TRUE(first && second);
    ASSERT_EQ(first->files.size(), second->files.size());
    for (std::size_t i = 0; i < first->files.size(); ++i) {
      EXPECT_EQ(first->files[i].bytes, second->files[i].bytes) << format->name;
    }
  }
}

TEST(Codec, TellsFormatsApartByTheirContent) {
  json::object values;
  values["inferenceProvider"] = "gateway";
  for (const Format* format : {&format::kMobileconfig, &format::kRegistry, &format::kLinuxJson,
                               &format::kOmaUri, &format::kJamfPlist, &format::kBootstrap}) {
    auto encoded = encode(*format, named(values), {});
    ASSERT_TRUE(encoded);
    EXPECT_EQ(detect("file", main_file(*encoded).bytes), format) << format->name;
  }
  EXPECT_EQ(detect("file", "no format at all"), nullptr);
  EXPECT_EQ(detect("file", ""), nullptr);
}

TEST(Mobileconfig, KeepsIdentifiersAcrossExportsOfTheSameProfile) {
  json::object values;
  values["inferenceProvider"] = "gateway";
  auto first = encode(format::kMobileconfig, named(values), {});
  values["inferenceProvider"] = "foundry";
  auto second = encode(format::kMobileconfig, named(values), {});
  auto uuid_of = [](const std::string& text) { return text.substr(text.find("PayloadUUID"), 90); };
  EXPECT_EQ(uuid_of(first->files[0].bytes), uuid_of(second->files[0].bytes));
}

TEST(Mobileconfig, ReadsPortableTextNativeValuesAndManagedClientPayloads) {
  constexpr std::string_view kText =
      R"(<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0"><dict>
    <key>PayloadContent</key><array>
      <dict><key>PayloadType</key><string>com.apple.ManagedClient.preferences</string>
        <key>PayloadContent</key><dict><key>com.anthropic.claudefordesktop</key><dict><key>Forced</key><array>
          <dict><key>mcx_preference_settings</key><dict>
            <key>chatTabEnabled</key><string>1</string>
            <key>autoUpdaterEnforcementHours</key><string>24</string>
            <key>disableAutoUpdates</key><true/>
            <key>inferenceModels</key><array><string>claude-x</string></array>
          </dict></dict></array></dict></dict></dict>
    </array></dict></plist>)";
  auto decoded = decode(format::kMobileconfig, kText);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(
      compact_json(decoded->values),
      R"({"chatTabEnabled":true,"autoUpdaterEnforcementHours":24,"disableAutoUpdates":true,"inferenceModels":["claude-x"]})");
  ASSERT_EQ(decoded->notes.size(), 1U);
  EXPECT_EQ(decoded->notes[0].code, "plist.native_structure");
}

TEST(Mobileconfig, NamesThePlaceOfBrokenXml) {
  auto decoded = decode(format::kMobileconfig,
                        "<plist><dict>\n<key>a</key>\n<strin>b</strin>\n</dict></plist>");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "line 3, column 1: <strin> is no element of a property list");
}

// A dictionary with one pair: the marker and payload of its value follow the key "a".
std::string binary_plist(const std::string& value) {
  std::string objects = "bplist00" +
                        std::string(
                            "\xd1\x01\x02\x51"
                            "a",
                            5) +
                        value;
  std::string table{'\x08', '\x0b', '\x0d'};
  std::string trailer(32, '\0');
  trailer[6] = trailer[7] = 1;
  trailer[15] = 3;
  trailer[31] = static_cast<char>(objects.size());
  return objects + table + trailer;
}

TEST(BinaryPlist, ReadsTheKindsThatPreferencesHold) {
  auto read = [](const std::string& value) {
    return compact_json(decode(format::kJamfPlist, binary_plist(value))->values);
  };
  EXPECT_EQ(read("\x09"), R"({"a":true})");
  EXPECT_EQ(read("\x10\x18"), R"({"a":24})");
  EXPECT_EQ(read(std::string("\x13\xff\xff\xff\xff\xff\xff\xff\xfe", 9)), R"({"a":-2})");
  EXPECT_EQ(read(std::string("\x22\x3f\0\0\0", 5)), R"({"a":0.5})");
  EXPECT_EQ(read(std::string("\x62\xd8\x3e\xdd\x8a", 5)), "{\"a\":\"\xf0\x9f\xa6\x8a\"}");
}

TEST(BinaryPlist, RefusesWhatLeadsReadersAstray) {
  for (const std::string& value :
       {std::string("\x52x\0", 3), std::string("\x61\xd8\x3e", 3), std::string("\x5f\x10\xff", 3),
        std::string("\xa1\x00", 2), std::string("\xaf\x13\xff\xff\xff\xff\xff\xff\xff\xff", 10),
        std::string("\x70", 1), std::string("\x00", 1), std::string()}) {
    auto decoded = decode(format::kJamfPlist, binary_plist(value));
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, "plist.invalid");
  }
  EXPECT_FALSE(decode(format::kJamfPlist, "bplist00"));
  EXPECT_FALSE(decode(format::kJamfPlist, "bplist00" + std::string(32, '\xff')));
}

TEST(Mobileconfig, RefusesEntityDefinitions) {
  auto decoded =
      decode(format::kMobileconfig, "<!DOCTYPE plist [<!ENTITY a \"b\">]><plist><dict/></plist>");
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("entity definitions"), std::string::npos);
}

TEST(Mobileconfig, SaysWhenThePayloadBelongsToAnotherDomain) {
  auto decoded = decode(format::kMobileconfig,
                        "<plist><dict><key>PayloadContent</key><array><dict><key>PayloadType</key>"
                        "<string>com.anthropic.claude</string></dict></array></dict></plist>");
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("com.anthropic.claude)"), std::string::npos)
      << decoded.error().message;
}

std::string reg(std::string_view body) {
  return "Windows Registry Editor Version "
         "5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude]\r\n" +
         std::string(body);
}

TEST(Registry, ReadsWhatWindowsWrites) {
  auto decoded = decode(format::kRegistry,
                        reg("\"inferenceProvider\"=\"gateway\"\r\n; comment\r\n"
                            "\"chatTabEnabled\"=dword:00000001\r\n"
                            "\"autoUpdaterEnforcementHours\"=dword:00000018\r\n"
                            "\"deploymentDisplayName\"=hex(1):48,00,\\\r\n  69,00,00,00\r\n"));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(
      compact_json(decoded->values),
      R"({"inferenceProvider":"gateway","chatTabEnabled":true,"autoUpdaterEnforcementHours":24,"deploymentDisplayName":"Hi"})");
}

TEST(Registry, SaysWhatTheAppCannotSee) {
  auto decoded =
      decode(format::kRegistry,
             reg("@=\"x\"\r\n\"inferenceProvider\"=hex(2):61,00,00,00\r\n"
                 "\"chatTabEnabled\"=hex(b):01,00,00,00,00,00,00,00\r\n\r\n"
                 "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude\\Sub]\r\n\"a\"=\"b\"\r\n"));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(decoded->values.empty());
  ASSERT_EQ(decoded->notes.size(), 4U);
  EXPECT_EQ(decoded->notes[0].code, "reg.default_value");
  EXPECT_EQ(decoded->notes[1].code, "reg.expand_text");
  EXPECT_EQ(decoded->notes[2].code, "reg.invisible_kind");
  EXPECT_EQ(decoded->notes[3].code, "reg.subkey");
}

TEST(Registry, NamesThePlaceOfAFault) {
  auto decoded = decode(format::kRegistry, reg("\"a\"=\"b\"\r\n\"c\"=dword:12\r\n"));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().message, "line 5, column 5: dword: wants eight hexadecimal digits");
  EXPECT_FALSE(decode(format::kRegistry, "REGEDIT4\n"));
  EXPECT_FALSE(decode(format::kRegistry, reg("\"a\"=\"b")));
}

TEST(Registry, TakesAwayEveryKeyOnDemand) {
  json::object values;
  values["inferenceProvider"] = "gateway";
  EncodeOptions options;
  options.removal = true;
  options.per_user = true;
  auto encoded = encode(format::kRegistry, named(values), options);
  auto text = from_utf16le(std::string_view(encoded->files[0].bytes).substr(2));
  EXPECT_NE(
      text->find("[HKEY_CURRENT_USER\\SOFTWARE\\Policies\\Claude]\r\n\"inferenceProvider\"=-\r\n"),
      std::string::npos);
}

TEST(Registry, RefusesHalfASurrogatePair) {
  EXPECT_FALSE(from_utf16le(std::string("\x3d\xd8", 2)));
  EXPECT_FALSE(from_utf16le("x"));
  EXPECT_EQ(*from_utf16le(to_utf16le("\xf0\x9f\xa6\x8a")), "\xf0\x9f\xa6\x8a");
}

TEST(Nested, PutsConfirmedKeysAtTheirPlacesWithoutAWord) {
  Findings notes;
  auto values =
      parse_json(
          R"({"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g","inferenceCredentialKind":"interactive",
          "disableDeploymentModeChooser":true,"coworkEgressAllowedHosts":["a"],"relaunchEnforcementHours":4})")
          ->get_object();
  EXPECT_EQ(
      compact_json(to_nested(values, notes)),
      R"({"$schemaVersion":2,"inference":{"provider":"gateway","baseUrl":"https://g","credential":{"kind":"interactive"}},"authentication":{"disableClaudeAiSignIn":true},"workspace":{"allowedEgressHosts":["a"]},"lifecycle":{"relaunchEnforcementHours":4}})");
  EXPECT_TRUE(notes.empty());
}

TEST(Nested, WarnsOfKeysWithoutAPlace) {
  Findings notes;
  auto values =
      parse_json(
          R"({"inferenceProvider":"foundry","inferenceFoundryResource":"r","isDxtEnabled":true})")
          ->get_object();
  (void)to_nested(values, notes);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].code, "nested.no_place");
  EXPECT_EQ(notes[0].key, "isDxtEnabled");
}

TEST(Nested, ReadsPlacesOfEarlierBuilds) {
  auto values = from_nested(parse_json(R"({"bootstrap":{"relaunchEnforcementHours":4},
                     "inference":{"provider":"bedrock","awsEnv":{"awsCliPath":"/usr/bin/aws"}}})")
                                ->get_object());
  EXPECT_EQ(values.at("relaunchEnforcementHours"), json::value(4));
  EXPECT_EQ(values.at("inferenceBedrockAwsCliPath"), json::value("/usr/bin/aws"));
}

TEST(Nested, ProviderTellsKeysApartThatShareAPlace) {
  auto read = [](std::string_view text) { return from_nested(parse_json(text)->get_object()); };
  EXPECT_TRUE(read(R"({"inference":{"provider":"vertex","baseUrl":"x"}})")
                  .contains("inferenceVertexBaseUrl"));
  EXPECT_TRUE(read(R"({"inference":{"provider":"mantle","baseUrl":"x"}})")
                  .contains("inferenceBedrockBaseUrl"));
  EXPECT_TRUE(read(R"({"inference":{"provider":"foundry","credential":{"clientId":"x"}}})")
                  .contains("inferenceFoundryClientId"));
  EXPECT_TRUE(
      read(R"({"inference":{"provider":"gateway","credential":{"kind":"external-idp","oidc":{}}}})")
          .contains("inferenceIdpOidc"));
  EXPECT_TRUE(read(R"({"inference":{"baseUrl":"x"}})").contains("inferenceGatewayBaseUrl"));
}

TEST(Nested, KeepsUnknownMembersOfClusters) {
  auto values = from_nested(
      parse_json(R"({"inference":{"shiny":1},"unknown":{"a":2},"expiresAt":5})")->get_object());
  EXPECT_EQ(compact_json(values), R"({"inference.shiny":1,"unknown":{"a":2}})");
  Findings notes;
  EXPECT_EQ(compact_json(to_nested(values, notes)),
            R"({"$schemaVersion":2,"inference":{"shiny":1},"unknown":{"a":2}})");
}

TEST(Bootstrap, LeavesOutWhatOnlyTheDeviceMaySay) {
  json::object values;
  values["bootstrapUrl"] = "https://b.example";
  values["inferenceProvider"] = "gateway";
  auto encoded = encode(format::kBootstrap, named(values), {});
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->files[0].bytes.find("bootstrapUrl"), std::string::npos);
  ASSERT_EQ(encoded->notes.size(), 1U);
  EXPECT_EQ(encoded->notes[0].code, "bootstrap.mdm_only");
}

TEST(ClaudeCode, HoldsNoSecretAndSaysSo) {
  auto values =
      parse_json(
          R"({"inferenceProvider":"gateway","inferenceGatewayBaseUrl":"https://g","inferenceGatewayApiKey":"canary",
          "otlpEndpoint":"https://o","otlpHeaders":{"a":"canary"},"inferenceCustomHeaders":{"b":"canary"}})")
          ->get_object();
  auto encoded = encode(format::kClaudeCode, named(values), {});
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->files[0].bytes.find("canary"), std::string::npos);
  EXPECT_EQ(encoded->notes.size(), 3U);
}

}  // namespace
}  // namespace sallyport::profile
