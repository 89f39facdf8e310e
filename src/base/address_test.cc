#include "base/address.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

using namespace std::string_view_literals;

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  auto v4 = parse_ip("10.1.2.255");
  ASSERT_TRUE(v4);
  EXPECT_FALSE(v4->v6);
  EXPECT_EQ(v4->bits(), 32);
  EXPECT_EQ(v4->bytes[3], 255);
  EXPECT_EQ(format_ip(*v4), "10.1.2.255");
  auto v6 = parse_ip("FD00:0:0:0::1");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->v6);
  EXPECT_EQ(v6->bits(), 128);
  EXPECT_EQ(format_ip(*v6), "fd00::1");
}

TEST(IpAddress, IsALiteralAndNothingElse) {
  for (std::string_view text :
       {""sv, "localhost"sv, "127.1"sv, "0127.0.0.1"sv, "1.2.3.4.5"sv, "[::1]"sv, "fe80::1%eth0"sv,
        " 127.0.0.1"sv, "127.0.0.1\0.evil"sv, "::1\0"sv, "2130706433"sv,
        "0000:0000:0000:0000:0000:0000:0000:0000:0001:0001"sv}) {
    EXPECT_FALSE(is_ip_literal(text)) << text;
  }
}

TEST(IpAddress, LoopbackIsALiteralNotAName) {
  for (std::string_view host : {"127.0.0.1", "127.255.0.9", "::1", "0:0:0:0:0:0:0:1"}) {
    EXPECT_TRUE(is_loopback_literal(host)) << host;
  }
  for (std::string_view host :
       {"localhost"sv, "127.1"sv, "128.0.0.1"sv, "0.0.0.0"sv, "::"sv, "::2"sv, "::ffff:127.0.0.1"sv,
        "127.0.0.1.example"sv, ""sv, "2130706433"sv, "7f00::1"sv, "127.0.0.1\0.evil"sv}) {
    EXPECT_FALSE(is_loopback_literal(host)) << host;
  }
}

TEST(IpAddress, LocalhostIsANameNotALiteral) {
  EXPECT_TRUE(is_localhost_name("localhost"));
  EXPECT_TRUE(is_localhost_name("app.localhost"));
  for (std::string_view host : {"127.0.0.1", "::1", "notlocalhost", "localhost.example", ""}) {
    EXPECT_FALSE(is_localhost_name(host)) << host;
  }
}

TEST(IpAddress, StandsInBracketsWhereAPortFollows) {
  EXPECT_EQ(format_address("::1", 80), "[::1]:80");
  EXPECT_EQ(format_address("10.0.0.1", 80), "10.0.0.1:80");
  EXPECT_EQ(bracketed("::1"), "[::1]");
  EXPECT_EQ(bracketed("h.example"), "h.example");
}

}  // namespace
}  // namespace sallyport
