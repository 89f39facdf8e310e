#include "signin/token_answer.h"

#include <gtest/gtest.h>

namespace sallyport::signin {
namespace {

TEST(TokenAnswer, ReadsWhatProvidersSend) {
  auto got = parse_token_answer(
      R"({"token_type":"Bearer","access_token":"a.b.c","id_token":"d.e.f","refresh_token":"r",)"
      R"("expires_in":3599,"ext_expires_in":3599,"scope":"openid api://x/y"})");
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_EQ(got->access_token.reveal(), "a.b.c");
  EXPECT_EQ(got->id_token.reveal(), "d.e.f");
  EXPECT_EQ(got->refresh_token.reveal(), "r");
  EXPECT_EQ(got->expires_in, 3599);
}

TEST(TokenAnswer, TakesALifeWrittenAsTextAndABearerInAnyCase) {
  auto got = parse_token_answer(R"({"token_type":"bearer","access_token":"a","expires_in":"60"})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->expires_in, 60);
}

TEST(TokenAnswer, RefusesWhatCannotBeAToken) {
  for (const char* text :
       {"", "[]", "null", "<html>", "{}", R"({"access_token":""})", R"({"access_token":5})",
        R"({"access_token":"a b"})", R"({"access_token":"a\r\nx-evil: 1"})",
        R"({"access_token":"a","access_token":"b"})", R"({"access_token":"a","token_type":"mac"})",
        R"({"access_token":"a","refresh_token":"\u0000"})"}) {
    auto got = parse_token_answer(text);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, "provider.answer");
  }
  EXPECT_FALSE(parse_token_answer(R"({"access_token":")" + std::string(70000, 'x') + "\"}"));
}

TEST(TokenAnswer, AnAbsurdLifeIsCut) {
  auto got = parse_token_answer(R"({"access_token":"a","expires_in":9007199254740991})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->expires_in, 30 * 24 * 3600);
  got = parse_token_answer(R"({"access_token":"a","expires_in":-5})");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->expires_in, 0);
}

TEST(DeviceAnswer, ReadsEntraAndGoogle) {
  auto entra = parse_device_answer(
      R"({"user_code":"FJC3HG9TM","device_code":"F-secret","expires_in":900,"interval":5,)"
      R"("verification_uri":"https://microsoft.com/devicelogin","message":"To sign in ..."})",
      false);
  ASSERT_TRUE(entra) << entra.error().text();
  EXPECT_EQ(entra->user_code, "FJC3HG9TM");
  EXPECT_EQ(entra->interval.count(), 5);
  EXPECT_EQ(entra->expires_in.count(), 900);
  auto google =
      parse_device_answer(R"({"user_code":"GQVQ-JKEC","device_code":"g","expires_in":1800,)"
                          R"("verification_url":"https://www.google.com/device"})",
                          false);
  ASSERT_TRUE(google);
  EXPECT_EQ(google->verification_uri, "https://www.google.com/device");
  EXPECT_EQ(google->interval.count(), 5) << "RFC 8628 3.2: five seconds where none is said";
}

TEST(DeviceAnswer, RefusesAPageThatNobodyShouldBeSentTo) {
  auto with = [](std::string_view page) {
    return parse_device_answer(
        R"({"user_code":"A","device_code":"d","verification_uri":")" + std::string(page) + "\"}",
        false);
  };
  EXPECT_TRUE(with("https://h.example/device"));
  for (const char* page : {"http://h.example/device", "javascript:alert(1)", "file:///etc/passwd",
                           "https://u:p@h.example/", "http://127.0.0.1/device", ""}) {
    EXPECT_FALSE(with(page)) << page;
  }
}

TEST(DeviceAnswer, TheCodeIsShownAtATerminalSoItHoldsNothingOdd) {
  EXPECT_FALSE(parse_device_answer(
      R"({"user_code":"\u001b[2J","device_code":"d","verification_uri":"https://h.example/"})",
      false));
  EXPECT_FALSE(
      parse_device_answer(R"({"user_code":")" + std::string(65, 'A') +
                              R"(","device_code":"d","verification_uri":"https://h.example/"})",
                          false));
}

TEST(DeviceAnswer, TimesAreHeldWithinReason) {
  auto got = parse_device_answer(
      R"({"user_code":"A","device_code":"d","verification_uri":"https://h.example/",)"
      R"("interval":0,"expires_in":999999})",
      false);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->interval.count(), 1);
  EXPECT_EQ(got->expires_in.count(), 1800);
}

}  // namespace
}  // namespace sallyport::signin
