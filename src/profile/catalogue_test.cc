#include "profile/catalogue.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "profile/codec/codec.h"
#include "profile/rules.h"

namespace sallyport::profile {
namespace {

TEST(Catalogue, HoldsEveryKnownKeyOnce) {
  std::set<std::string> names;
  for (const Key& key : Catalogue::builtin().keys()) names.insert(key.name);
  EXPECT_EQ(Catalogue::builtin().keys().size(), 196U);
  EXPECT_EQ(names.size(), 196U);
}

TEST(Catalogue, FindsKeysByExactNameAlone) {
  ASSERT_NE(Catalogue::builtin().find("inferenceProvider"), nullptr);
  EXPECT_EQ(Catalogue::builtin().find("inferenceprovider"), nullptr);
  EXPECT_EQ(Catalogue::builtin().find(""), nullptr);
}

TEST(Catalogue, NamesTheNearestKeyForATypo) {
  const Catalogue& catalogue = Catalogue::builtin();
  EXPECT_EQ(catalogue.nearest("inferenceprovider"), "inferenceProvider");
  EXPECT_EQ(catalogue.nearest("inferenceProvder"), "inferenceProvider");
  EXPECT_EQ(catalogue.nearest("inferenceGatewayBaseURL"), "inferenceGatewayBaseUrl");
  EXPECT_EQ(catalogue.nearest("disableDeployementModeChooser"), "disableDeploymentModeChooser");
  EXPECT_EQ(catalogue.nearest("zzz"), "");
  EXPECT_EQ(catalogue.nearest(std::string(4000, 'a')), "");
}

TEST(Catalogue, KnowsTypesOfEveryRow) {
  for (const Key& key : Catalogue::builtin().keys()) {
    EXPECT_EQ(key.type == Type::kUnknown, key.type_text == "unknown") << key.name;
    EXPECT_FALSE(key.description.empty()) << key.name;
    EXPECT_FALSE(key.section.empty()) << key.name;
  }
}

TEST(Catalogue, AliasesAndReplacementsPointAtKnownKeys) {
  for (const Key& key : Catalogue::builtin().keys()) {
    for (const std::string& alias : key.aliases) {
      const Key* old = Catalogue::builtin().find(alias);
      ASSERT_NE(old, nullptr) << alias;
      EXPECT_EQ(old->replaced_by, key.name);
    }
    if (!key.replaced_by.empty()) {
      EXPECT_NE(Catalogue::builtin().find(key.replaced_by), nullptr) << key.name;
    }
    for (const std::string& wanted : key.requires_keys) {
      EXPECT_NE(Catalogue::builtin().find(wanted.substr(0, wanted.find('='))), nullptr) << wanted;
    }
  }
}

// When each old spelling ended. Rules and resolution hang on these dates and on no prose.
const std::map<std::string, std::string> kEnds{
    {"inferenceGatewayHeaders", "2026-10-07"}, {"trustBootstrapLocalExec", "2026-10-07"},
    {"enduserAttribution", "2026-10-07"},      {"isDxtEnabled", "2026-10-07"},
    {"isDxtSignatureRequired", "2026-10-07"},  {"isDxtDirectoryEnabled", ""},
};

std::map<std::string, std::string> ends_of(const Catalogue& catalogue) {
  std::map<std::string, std::string> ends;
  for (const Key& key : catalogue.keys()) {
    if (key.status == Status::kLegacyAlias) ends[key.name] = key.ended;
    if (key.status != Status::kLegacyAlias) EXPECT_EQ(key.ended, "") << key.name;
  }
  return ends;
}

// The catalogue with `change` made to each of its rows.
template <typename Change>
Catalogue changed(Change change) {
  auto document = parse_json(catalogue_json());
  for (json::value& row : document->get_object().at("keys").as_array()) change(row.as_object());
  return Catalogue::parse(compact_json(*document));
}

TEST(Catalogue, SaysWhenAnOldSpellingEnded) {
  EXPECT_EQ(ends_of(Catalogue::builtin()), kEnds);
}

TEST(Catalogue, ARewordedNoteEndsNoSpellingAndRevivesNone) {
  EXPECT_EQ(ends_of(changed([](json::object& row) { row["notes"] = "was read for a while"; })),
            kEnds);
  EXPECT_EQ(ends_of(changed([](json::object& row) { row["notes"] = "ended 2026-10-07"; })), kEnds);
}

TEST(Catalogue, RulesTakeTheEndOfASpellingFromItsDate) {
  for (const auto& [name, day] : kEnds) {
    json::object values;
    values[name] = true;
    bool said = false;
    for (const Finding& finding : check(values, {})) {
      if (finding.code != rule("key.legacy")) continue;
      said = true;
      EXPECT_EQ(finding.severity, day.empty() ? Severity::kWarning : Severity::kError) << name;
      EXPECT_EQ(finding.why.find("ended on 2026-10-07 12:00 Pacific") != std::string::npos,
                !day.empty())
          << finding.why;
    }
    EXPECT_TRUE(said) << name;
  }
}

TEST(CatalogueDeathTest, TakesAnEndThatIsADayAlone) {
  for (std::string_view wrong : {"", "2026-10", "2026-13-07", "2026-02-30", "2026/10/07",
                                 "26-10-2007", "2026-10-07T12:00", "+026-10-07", "soon"}) {
    auto spoil = [&](json::object& row) {
      if (row.contains("ended")) row["ended"] = wrong;
    };
    EXPECT_DEATH((void)changed(spoil), "check") << wrong;
  }
  EXPECT_DEATH((void)changed([](json::object& row) { row["ended"] = "2026-10-07"; }), "check");
}

// A value that cannot be right for the type: adding a row gives a check without any code.
TEST(Catalogue, EveryRowOfAKnownTypeHasACheck) {
  for (const Key& key : Catalogue::builtin().keys()) {
    if (key.type == Type::kUnknown) continue;
    json::object values;
    values[key.name] = key.type == Type::kObject || key.type == Type::kObjectList
                           ? json::value(7)
                           : json::value(json::object());
    bool refused = false;
    for (const Finding& finding : check(values, {})) {
      refused = refused || (finding.code == "value.type" && finding.key == key.name);
    }
    EXPECT_TRUE(refused) << key.name;
  }
}

// Formats that carry values hold a trace of the key's value, those that describe keys its name.
TEST(Catalogue, EveryRowHasAnEncodingInEveryFormat) {
  Profile none;
  none.id = "x";
  std::string descriptions;
  for (const Format* format : formats()) {
    if (format->has_values) continue;
    auto encoded = encode(*format, none, {});
    ASSERT_TRUE(encoded);
    std::string all;
    for (const ExportFile& file : encoded->files) all += file.bytes;
    for (const Key& key : Catalogue::builtin().keys()) {
      EXPECT_NE(all.find(key.name), std::string::npos) << format->name << " " << key.name;
    }
  }
}

TEST(Catalogue, ReadsSinceOfEveryForm) {
  EXPECT_EQ(parse_since("1.46388.2"), parse_version("1.46388.2.0"));
  EXPECT_GT(*parse_since("after 1.46388.4"), *parse_version("1.46388.4"));
  EXPECT_EQ(parse_since("at or before 2.2553.1.0"), parse_version("2.2553.1"));
  EXPECT_FALSE(parse_since("baseline"));
  EXPECT_FALSE(parse_since("before 1.18286.0"));
  EXPECT_FALSE(parse_version("1.2.3.4.5"));
  EXPECT_FALSE(parse_version("1..2"));
}

}  // namespace
}  // namespace sallyport::profile
