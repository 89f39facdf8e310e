#include "identity/presented_token.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::identity {
namespace {

constexpr std::string_view kToken = "aaaa.bbbb.cccc";
constexpr std::string_view kOther = "aaaa.bbbb.dddd";

using List = std::vector<http::Field>;

std::expected<std::string_view, Reason> find(const List& fields,
                                             std::vector<std::string> extra = {}) {
  return find_presented_token(fields, extra);
}
Reason refusal(const List& fields, std::vector<std::string> extra = {}) {
  auto found = find(fields, std::move(extra));
  return found ? Reason::kNone : found.error();
}

TEST(PresentedToken, TakesABearerTokenWithTheSchemeInAnyCase) {
  for (std::string_view value :
       {"Bearer aaaa.bbbb.cccc", "bearer aaaa.bbbb.cccc", "BEARER   aaaa.bbbb.cccc"}) {
    EXPECT_EQ(find({{"AuThOrIzAtIoN", value}}), kToken) << value;
  }
}

TEST(PresentedToken, TakesTheTokenFromXApiKeyBareOrAsBearer) {
  EXPECT_EQ(find({{"x-api-key", "aaaa.bbbb.cccc"}}), kToken);
  EXPECT_EQ(find({{"X-Api-Key", "Bearer aaaa.bbbb.cccc"}}), kToken);
}

TEST(PresentedToken, H2IgnoresAPlaceholderBesideTheToken) {
  EXPECT_EQ(find({{"authorization", "Bearer dummy"}, {"x-api-key", kToken}}), kToken);
  EXPECT_EQ(find({{"authorization", "Bearer aaaa.bbbb.cccc"}, {"x-api-key", "sk-ant-123"}}),
            kToken);
}

TEST(PresentedToken, TakesTheSameTokenInBothPlaces) {
  EXPECT_EQ(find({{"authorization", "Bearer aaaa.bbbb.cccc"}, {"x-api-key", kToken}}), kToken);
}

TEST(PresentedToken, H3RefusesTwoDifferentTokens) {
  EXPECT_EQ(refusal({{"authorization", "Bearer aaaa.bbbb.cccc"}, {"x-api-key", kOther}}),
            Reason::kAmbiguousCredentials);
  EXPECT_EQ(refusal({{"x-api-key", kToken}, {"x-mine", kOther}}, {"x-mine"}),
            Reason::kAmbiguousCredentials);
}

TEST(PresentedToken, H1RefusesAHeaderThatStandsTwiceEvenWithTheSameValue) {
  EXPECT_EQ(refusal({{"authorization", "Bearer aaaa.bbbb.cccc"},
                     {"Authorization", "Bearer aaaa.bbbb.cccc"}}),
            Reason::kAmbiguousCredentials);
  EXPECT_EQ(refusal({{"x-api-key", kToken}, {"x-api-key", kToken}}), Reason::kAmbiguousCredentials);
  EXPECT_EQ(refusal({{"authorization", "Bearer dummy"}, {"authorization", "Basic x"}}),
            Reason::kAmbiguousCredentials);
  EXPECT_EQ(refusal({{"x-mine", "a"}, {"X-Mine", "a"}}, {"x-mine"}), Reason::kAmbiguousCredentials);
}

TEST(PresentedToken, H1RefusesMalformedBearerValues) {
  for (std::string_view value :
       {"Bearer aaaa.bbbb.cccc, Bearer aaaa.bbbb.cccc", "Bearer\taaaa.bbbb.cccc",
        "Bearer Bearer aaaa.bbbb.cccc", "Bearer aaaa.bbbb.cccc x", "Bearer \"aaaa.bbbb.cccc\"",
        "Bearer aaaa.bbbb.cccc,x", "Bearer:aaaa.bbbb.cccc", "Bearer {\"payload\":\"x\"}"}) {
    EXPECT_EQ(refusal({{"authorization", value}}), Reason::kMalformedCredential) << value;
    EXPECT_EQ(refusal({{"authorization", value}, {"x-api-key", kToken}}),
              Reason::kMalformedCredential)
        << value;
  }
}

// Every byte in every place of tokens of several lengths, which are read in blocks.
TEST(PresentedToken, HoldsEveryCharacterOfATokenToItsAlphabet) {
  const std::string alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
  for (std::size_t size : {5U, 31U, 32U, 33U, 63U, 64U, 65U, 95U, 97U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string token(size, 'a');
        token[(at + 1) % size] = token[(at + 3) % size] = '.';
        token[at] = static_cast<char>(c);
        bool good = c != 0 && alphabet.find(static_cast<char>(c)) != std::string::npos;
        ASSERT_EQ(find({{"x-api-key", token}}).has_value(), good) << size << " " << at << " " << c;
      }
    }
  }
}

TEST(PresentedToken, AnEmptyCredentialIsAMissingOne) {
  EXPECT_EQ(refusal({}), Reason::kMissing);
  EXPECT_EQ(refusal({{"authorization", "Bearer"}}), Reason::kMissing);
  EXPECT_EQ(refusal({{"authorization", "Bearer "}}), Reason::kMissing);
  EXPECT_EQ(refusal({{"authorization", ""}}), Reason::kWrongScheme);
  EXPECT_EQ(refusal({{"x-api-key", ""}}), Reason::kMissing);
  EXPECT_EQ(refusal({{"cookie", "token=aaaa.bbbb.cccc"}}), Reason::kMissing);
  EXPECT_EQ(refusal({{"api-key", kToken}}), Reason::kMissing);
}

TEST(PresentedToken, SaysSoWhenTheCredentialIsNoJwtOrNoBearer) {
  EXPECT_EQ(refusal({{"authorization", "Bearer dummy"}}), Reason::kOpaque);
  EXPECT_EQ(refusal({{"x-api-key", "sk-ant-api03-xyz"}}), Reason::kOpaque);
  EXPECT_EQ(refusal({{"authorization", "Bearer aaaa.bbbb"}}), Reason::kOpaque);
  EXPECT_EQ(refusal({{"authorization", "Basic dXNlcjpwdw=="}}), Reason::kWrongScheme);
  EXPECT_EQ(find({{"authorization", "Basic dXNlcjpwdw=="}, {"x-api-key", kToken}}), kToken);
}

TEST(PresentedToken, H4RefusesATokenOfMoreThan16Kib) {
  std::string large = "Bearer a.b." + std::string(16384, 'c');
  EXPECT_EQ(refusal({{"authorization", large}}), Reason::kTooLarge);
}

TEST(PresentedToken, LooksIntoTheConfiguredExtraHeaderOnly) {
  EXPECT_EQ(find({{"X-Goog-Iap-Jwt-Assertion", kToken}}, {"x-goog-iap-jwt-assertion"}), kToken);
  EXPECT_EQ(refusal({{"x-goog-iap-jwt-assertion", kToken}}), Reason::kMissing);
  EXPECT_EQ(find({{"authorization", "Bearer aaaa.bbbb.cccc"}}, {"authorization"}), kToken);
}

TEST(PresentedToken, NamesEveryHeaderThatMustNotGoFurther) {
  std::vector<std::string> extra{"x-mine"};
  for (std::string_view name :
       {"Authorization", "X-API-Key", "api-key", "Cookie", "Proxy-Authorization", "X-Mine"}) {
    EXPECT_TRUE(is_credential_header(name, extra)) << name;
  }
  EXPECT_FALSE(is_credential_header("x-mine", {}));
  EXPECT_FALSE(is_credential_header("anthropic-version", extra));
  EXPECT_FALSE(is_credential_header("authorization2", extra));
}

}  // namespace
}  // namespace sallyport::identity
