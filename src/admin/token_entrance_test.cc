#include "admin/token_entrance.h"

#include <gtest/gtest.h>

#include "admin/test_sign_in.h"

namespace sallyport::admin {
namespace {

class Tokens : public testing::Test {
 protected:
  Tokens() {
    settings.audience = "admin-api";
    settings.clients = {"program"};
  }
  static std::string token(std::string_view subject = "ada", std::int64_t lasts = 3600) {
    using identity::in_quotes;
    return identity::signed_token(
        {{"iss", in_quotes(kTestProvider)},
         {"aud", in_quotes("admin-api")},
         {"azp", in_quotes("program")},
         {"sub", in_quotes(subject)},
         {"scope", "\"anything\""},
         {"iat", std::to_string(identity::kTestNow - 5)},
         {"exp", std::to_string(identity::kTestNow + lasts)}},
        identity::Members(identity::entra_header()).with("typ", "\"at+jwt\""));
  }
  std::string code(const std::string& shown) {
    auto caller = entrance.identify(shown, source);
    return caller ? "came in as " + caller->who : std::string(caller.error().error.code);
  }
  void block_the_source() {
    for (int i = 0; i < 101; ++i) failures.failed(source, house.clock.steady());
  }

  TestBackends house;
  identity::SnapshotPtr snapshot = identity::snapshot_of({test_issuer()});
  std::shared_ptr<Settings> settings_now = std::make_shared<Settings>(test_settings());
  Settings& settings = *settings_now;
  identity::FailureLimiter failures{{}, 1};
  identity::SourceAddress source{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1};
  TokenEntrance entrance{
      {.identity = [this] { return snapshot; },
       .settings = [this] { return std::shared_ptr<const Settings>(settings_now); },
       .fetch_keys = [](std::string_view /*issuer*/, std::string_view /*id*/) {},
       .revocations = *house.revocations,
       .failures = failures,
       .clock = house.clock,
       .entropy = system_entropy()}};
};

TEST_F(Tokens, OfABlockedSourcePassWhereTheyPassedBefore) {
  const auto known = token();
  EXPECT_EQ(code(known), "came in as contoso//ada");
  block_the_source();
  EXPECT_EQ(code(token("grace")), "api.too_many_failures");
  EXPECT_EQ(code(known), "came in as contoso//ada");
  auto changed = known;
  changed[changed.size() - 10] = changed[changed.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_EQ(code(changed), "api.too_many_failures");
}

TEST_F(Tokens, ThatPassedBeforeAreVerifiedAllTheSame) {
  const auto known = token();
  EXPECT_EQ(code(known), "came in as contoso//ada");
  settings_now = std::make_shared<Settings>(*settings_now);
  settings_now->clients = {"another"};
  block_the_source();
  EXPECT_NE(code(known), "came in as contoso//ada");
}

TEST_F(Tokens, ThatHaveExpiredAreAskedForLikeAnyOther) {
  const auto known = token("ada", 60);
  EXPECT_EQ(code(known), "came in as contoso//ada");
  house.clock.advance(std::chrono::seconds(60));
  block_the_source();
  EXPECT_EQ(code(known), "api.too_many_failures");
}

TEST_F(Tokens, ThatPassedAreRememberedWithinBounds) {
  const auto first = token("ada", 600);
  EXPECT_EQ(code(first), "came in as contoso//ada");
  for (int i = 0; i < 1024; ++i) std::ignore = code(token("p" + std::to_string(i)));
  block_the_source();
  EXPECT_EQ(code(first), "api.too_many_failures") << "who expires first makes room";
  EXPECT_EQ(code(token("p1023")), "came in as contoso//p1023");
}

}  // namespace
}  // namespace sallyport::admin
