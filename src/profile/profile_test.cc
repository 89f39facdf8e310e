#include "profile/profile.h"

#include <gtest/gtest.h>

namespace sallyport::profile {
namespace {

const Key* key(std::string_view name) {
  return Catalogue::builtin().find(name);
}

TEST(Json, NamesLineAndColumnOfAFault) {
  auto read = parse_json("{\n  \"a\": 1,\n  \"b\" 2\n}");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message.substr(0, 16), "line 3, column 7") << read.error().message;
}

TEST(Json, RefusesANameThatStandsTwice) {
  auto read = parse_json("{\"a\":1,\"b\":{\"a\":2},\"a\":3}");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().message.find("\"a\" stands twice"), std::string::npos);
  EXPECT_TRUE(parse_json("{\"a\":{\"a\":1},\"b\":{\"a\":1}}"));
}

TEST(Json, ReadsOverAByteOrderMarkAndRefusesBrokenText) {
  EXPECT_TRUE(parse_json("\xef\xbb\xbf{}"));
  EXPECT_FALSE(parse_json("{\"a\":\"\xff\"}"));
  EXPECT_FALSE(parse_json("{} x"));
  EXPECT_FALSE(parse_json(""));
  EXPECT_FALSE(parse_json(std::string(40, '[') + std::string(40, ']')));
}

TEST(Json, PrintsNumbersShort) {
  EXPECT_EQ(compact_json(*parse_json("[0.5,24,-1,1e3]")), "[0.5,24,-1,1000]");
}

TEST(Value, TypesWhatAPersonEnters) {
  EXPECT_EQ(*parse_entered(key("chatTabEnabled"), "true"), json::value(true));
  EXPECT_EQ(*parse_entered(key("chatTabEnabled"), "0"), json::value(false));
  EXPECT_EQ(*parse_entered(key("autoUpdaterEnforcementHours"), "24"), json::value(24));
  EXPECT_EQ(*parse_entered(key("inferenceModelPricingMultiplier"), "0.5"), json::value(0.5));
  EXPECT_EQ(compact_json(*parse_entered(key("coworkEgressAllowedHosts"), "a.example, b.example")),
            R"(["a.example","b.example"])");
  EXPECT_EQ(compact_json(*parse_entered(key("inferenceModels"), R"({"name":"claude-x"})")),
            R"([{"name":"claude-x"}])");
  EXPECT_EQ(compact_json(*parse_entered(nullptr, "{\"a\":1}")), R"("{\"a\":1}")");
}

TEST(Value, RefusesWhatTheTypeCannotHoldWithTheReason) {
  EXPECT_FALSE(parse_entered(key("chatTabEnabled"), "yes"));
  EXPECT_FALSE(parse_entered(key("autoUpdaterEnforcementHours"), "24h"));
  EXPECT_FALSE(parse_entered(key("inferenceGatewayOidc"), "issuer"));
  EXPECT_FALSE(parse_entered(key("inferenceGatewayOidc"), "[1]"));
  EXPECT_FALSE(parse_entered(key("deploymentDisplayName"), std::string("a\0b", 3)));
  auto broken = parse_entered(key("inferenceGatewayOidc"), "{\"issuer\":}");
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("line 1, column 11"), std::string::npos)
      << broken.error().message;
}

TEST(Value, HidesSecretsWhereverTheyStand) {
  EXPECT_EQ(display_text("inferenceGatewayApiKey", "sk-canary"), "(set, not shown)");
  EXPECT_EQ(display_text("inferenceGatewayApiKeyy", "sk-canary"), "(set, not shown)");
  EXPECT_EQ(display_text("mySecretThing", "canary"), "(set, not shown)");
  auto servers = *parse_json(
      R"([{"name":"s","url":"https://u:canary@h/","headers":{"X":"canary"},"oauth":{"clientId":"c","clientSecret":"canary"},"env":{"A":"canary"},"new":"canary"}])");
  std::string shown = display_text("managedMcpServers", servers);
  EXPECT_EQ(shown.find("canary"), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"clientId\":\"c\""), std::string::npos) << shown;
  auto oidc = *parse_json(R"({"clientId":"c","clientSecret":"canary"})");
  EXPECT_EQ(display_text("inferenceGatewayOidc", oidc).find("canary"), std::string::npos);
  EXPECT_EQ(display_text("inferenceCustomHeaders", *parse_json(R"({"X":"canary"})")).find("canary"),
            std::string::npos);
  EXPECT_EQ(display_text("inferenceCustomHeaders", "X=canary").find("canary"), std::string::npos);
  EXPECT_EQ(display_text("managedMcpServers", *parse_json(R"({"a":{"env":{"K":"canary"}}})"))
                .find("canary"),
            std::string::npos);
}

TEST(Profile, SurvivesPrintingAndReading) {
  Profile made;
  made.name = "staff";
  made.id = "0b9d0000-0000-4000-8000-000000000000";
  made.base = "base";
  made.values["zUnknown"] = *parse_json(R"({"a":[1,null]})");
  made.values["inferenceProvider"] = "gateway";
  made.removed = {"banner"};
  auto read = parse_profile("staff", print_profile(made));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(print_profile(*read), print_profile(made));
  EXPECT_EQ(read->values.begin()->key(), "zUnknown");
}

TEST(Profile, RefusesAForeignFileWithANextStep) {
  auto read = parse_profile("x", R"({"inferenceProvider":"gateway"})");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().next_step.find("profile import"), std::string::npos);
  auto typo = parse_profile("x", R"({"values":{},"bases":"y"})");
  ASSERT_FALSE(typo);
  EXPECT_EQ(typo.error().next_step, "did you mean \"base\"?");
  EXPECT_FALSE(parse_profile("x", R"({"sallyport":2,"values":{}})"));
}

TEST(Profile, NamesAreSafeAsFileNames) {
  EXPECT_TRUE(is_profile_name("eu-pilot_2.v1"));
  for (std::string_view bad : {"", ".", "..", ".hidden", "a/b", "a b", "-x", "\xc3\xa4"}) {
    EXPECT_FALSE(is_profile_name(bad)) << bad;
  }
  EXPECT_FALSE(is_profile_name(std::string(65, 'a')));
}

TEST(Profile, VariantLaysItsValuesOverTheBase) {
  Profile base, variant;
  base.name = "staff";
  base.values = parse_json(R"({"a":"1","b":"2","c":"3"})")->get_object();
  variant.name = "pilot";
  variant.base = "staff";
  variant.values = parse_json(R"({"b":"20","d":"4"})")->get_object();
  variant.removed = {"c"};
  auto flat = flatten(variant, [&](std::string_view) -> Result<Profile> { return base; });
  ASSERT_TRUE(flat);
  EXPECT_EQ(compact_json(flat->values), R"({"a":"1","b":"20","d":"4"})");
  EXPECT_TRUE(flat->base.empty());
}

TEST(Profile, RefusesBasesInACircle) {
  Profile a, b;
  a.name = "a";
  a.base = "b";
  b.name = "b";
  b.base = "a";
  auto flat =
      flatten(a, [&](std::string_view name) -> Result<Profile> { return name == "a" ? a : b; });
  ASSERT_FALSE(flat);
  EXPECT_EQ(flat.error().code, "profile.base");
}

TEST(Profile, UnsetInAVariantTakesTheBasesKeyAway) {
  Profile variant;
  variant.base = "staff";
  EXPECT_TRUE(unset_value(variant, "banner", true));
  EXPECT_FALSE(unset_value(variant, "banner", true));
  EXPECT_EQ(variant.removed, std::vector<std::string>{"banner"});
  set_value(variant, "banner", true);
  EXPECT_TRUE(variant.removed.empty());
}

TEST(Profile, DifferencesAreOfMeaningNotOfSpelling) {
  auto before = parse_json(R"({"chatTabEnabled":"true","inferenceModels":"[\"claude-x\"]","a":1})")
                    ->get_object();
  auto after =
      parse_json(R"({"inferenceModels":["claude-x"],"chatTabEnabled":true,"b":2})")->get_object();
  auto list = differences(before, after);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].key, "a");
  EXPECT_EQ(list[0].kind, Difference::Kind::kRemoved);
  EXPECT_EQ(list[1].key, "b");
}

TEST(Profile, DerivedIdentitiesAreStableAndDistinct) {
  EXPECT_EQ(derived_uuid("id", "a"), derived_uuid("id", "a"));
  EXPECT_NE(derived_uuid("id", "a"), derived_uuid("id", "b"));
  EXPECT_EQ(derived_uuid("id", "a")[14], '8');
  EXPECT_EQ(derived_uuid("id", "a").size(), 36U);
}

}  // namespace
}  // namespace sallyport::profile
