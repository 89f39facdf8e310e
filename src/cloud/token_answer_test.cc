#include "cloud/token_answer.h"

#include <gtest/gtest.h>

namespace sallyport::cloud {
namespace {

const WallTime kNow = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};
constexpr std::int64_t kEpoch = 1795219200;

TEST(TokenAnswer, ReadsWhatEachEndpointWrites) {
  struct Shape {
    std::string body;
    std::int64_t life;
  };
  for (const auto& [body, life] : {
           // Entra: numbers
           Shape{R"({"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,
                     "access_token":"a.b-c_d~e+f/g="})",
                 3599},
           // IMDS: texts, both ways
           Shape{R"({"access_token":"a.b-c_d~e+f/g=","client_id":"x","expires_in":"3599",
                     "expires_on":")" +
                     std::to_string(kEpoch + 3599) + R"(","ext_expires_in":"86399",
                     "not_before":"1","resource":"https://ai.azure.com","token_type":"Bearer"})",
                 3599},
           // App Service: expires_on alone
           Shape{R"({"access_token":"a.b-c_d~e+f/g=","expires_on":")" +
                     std::to_string(kEpoch + 86400) +
                     R"(","resource":"https://ai.azure.com","token_type":"bearer",
                     "client_id":"5E29463D-71DA-4FE0-8E69-999B57DB23B0"})",
                 86400},
           // a cached token: its expires_in counts from its issue
           Shape{R"({"access_token":"a.b-c_d~e+f/g=","expires_in":"86399","expires_on":")" +
                     std::to_string(kEpoch + 600) + R"("})",
                 600},
       }) {
    auto token = parse_token_answer(body, kNow);
    ASSERT_TRUE(token) << body << token.error().message;
    EXPECT_EQ(token->text.reveal(), "a.b-c_d~e+f/g=");
    EXPECT_EQ(unix_seconds(token->expires), kEpoch + life) << body;
  }
}

TEST(TokenAnswer, RefusesWhatIsNone) {
  for (const char* body :
       {"",
        "null",
        "[]",
        "{}",
        "<html>sign in</html>",
        R"({"access_token":"secret-canary"})",
        R"({"access_token":"","expires_in":3600})",
        R"({"access_token":7,"expires_in":3600})",
        R"({"access_token":"secret canary","expires_in":3600})",
        R"({"access_token":"secret\r\ncanary","expires_in":3600})",
        R"({"access_token":"secret\u002dcanary","expires_in":3600})",
        R"({"access_token":"a","access_token":"secret-canary","expires_in":3600})",
        R"({"access_token":"secret-canary","expires_in":0})",
        R"({"access_token":"secret-canary","expires_in":-1})",
        R"({"access_token":"secret-canary","expires_in":1e9})",
        R"({"access_token":"secret-canary","expires_in":"soon"})",
        R"({"access_token":"secret-canary","expires_in":99999999})",
        R"({"access_token":"secret-canary","expires_in":"99999999999999999999"})",
        R"({"access_token":"secret-canary","expires_in":60,"expires_in":6000})",
        R"({"access_token":"secret-canary","expires_on":"1"})",
        R"({"access_token":"secret-canary","expires_on":"99999999999"})",
        R"({"access_token":"secret-canary","expires_on":"11/21/2026 08:00:00 +00:00"})",
        R"({"access_token":"secret-canary","expires_in":60,"token_type":"pop"})",
        R"({"access_token":"secret-canary","expires_in":60} x)",
        R"({"access_token":"secret-canary","expires_in":60)",
        "{\"access_token\":\"\xff\"}"}) {
    auto token = parse_token_answer(body, kNow);
    ASSERT_FALSE(token) << body;
    EXPECT_EQ(token.error().code, "credential.malformed");
    EXPECT_EQ(token.error().message.find("canary"), std::string::npos) << token.error().message;
  }
  std::string large =
      R"({"expires_in":60,"access_token":")" + std::string(kMostTokenBytes + 1, 'a');
  EXPECT_FALSE(parse_token_answer(large + "\"}", kNow));
  EXPECT_FALSE(parse_token_answer(std::string(kTokenAnswerBytes + 1, ' '), kNow));
}

TEST(TokenErrorText, KeepsWhatHelpsAndNoSecret) {
  auto said = parse_token_error(
      R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.\r\nTrace",
          "error_codes":[7000215,"x",-1,99999999999],"trace_id":"0f1e","correlation_id":"c"})",
      {"the-secret-itself"});
  EXPECT_EQ(said.error, "invalid_client");
  EXPECT_EQ(said.description, "AADSTS7000215: Invalid client secret.");
  EXPECT_EQ(said.codes, std::vector<std::uint32_t>{7000215});
  EXPECT_EQ(said.trace_id, "0f1e");
  said = parse_token_error(R"({"statusCode":500,"message":"An unexpected error \u001b[2J"})", {});
  EXPECT_EQ(said.description, "An unexpected error ?[2J");
  // an endpoint that repeats what it was sent, whole or in part
  said = parse_token_error(R"({"error":"x the-secret-itself","message":"starts with the-secr"})",
                           {"the-secret-itself"});
  EXPECT_TRUE(said.error.empty() && said.description.empty());
  for (const char* body : {"", "<html>", "[1]", "{\"error\":", "{\"error\":\"\xff\"}"}) {
    EXPECT_TRUE(parse_token_error(body, {}).error.empty()) << body;
  }
  said = parse_token_error("{\"message\":\"" + std::string(10000, 'x') + "\"}", {});
  EXPECT_EQ(said.description.size(), 200u);
}

}  // namespace
}  // namespace sallyport::cloud
