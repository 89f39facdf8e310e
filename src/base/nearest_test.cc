#include "base/nearest.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport {
namespace {

constexpr std::string_view kNames[] = {"address", "public_url", "tls",    "workers",
                                       "silence", "ping",       "skew",   "first_byte",
                                       "header",  "proxy",      "ca_file"};

TEST(NearestName, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest_name("adress", kNames), "address");
  EXPECT_EQ(nearest_name("addresss", kNames), "address");
  EXPECT_EQ(nearest_name("wokrers", kNames), "workers");
  EXPECT_EQ(nearest_name("tsl", kNames), "tls");
  EXPECT_EQ(nearest_name("headers", kNames), "header");
  EXPECT_EQ(nearest_name("sillence", kNames), "silence");
}

TEST(NearestName, SeesThroughOtherStylesOfWriting) {
  EXPECT_EQ(nearest_name("publicUrl", kNames), "public_url");
  EXPECT_EQ(nearest_name("public-url", kNames), "public_url");
  EXPECT_EQ(nearest_name("PublicURL", kNames), "public_url");
  EXPECT_EQ(nearest_name("CAFile", kNames), "ca_file");
  EXPECT_EQ(nearest_name("first byte", kNames), "first_byte");
}

TEST(NearestName, DoesNotGuessWildly) {
  EXPECT_EQ(nearest_name("x", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("certificate_authority", kNames), "");
  EXPECT_EQ(nearest_name("abc", kNames), "");
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), kNames), "");
}

}  // namespace
}  // namespace sallyport
