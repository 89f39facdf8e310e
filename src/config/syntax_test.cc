#include "config/syntax.h"

#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

using std::chrono::milliseconds;

TEST(Duration, ReadsANumberAndItsUnit) {
  EXPECT_EQ(parse_duration("100ms"), milliseconds{100});
  EXPECT_EQ(parse_duration("5s"), milliseconds{5000});
  EXPECT_EQ(parse_duration("2m"), milliseconds{120'000});
  EXPECT_EQ(parse_duration("24h"), milliseconds{86'400'000});
  EXPECT_EQ(parse_duration("0s"), milliseconds{0});
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text :
       {"", "5", "s", "ms", "5 s", "-5s", "+5s", "1.5s", "1h30m", "5S", "5sec", "05s", "5d", " 5s",
        "5s ", "0x5s", "9999999999999999999s", "2000000000h"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsShownInTheLargestUnitThatFits) {
  EXPECT_EQ(format_duration(milliseconds{100}), "100ms");
  EXPECT_EQ(format_duration(milliseconds{1500}), "1500ms");
  EXPECT_EQ(format_duration(milliseconds{1000}), "1s");
  EXPECT_EQ(format_duration(milliseconds{60'000}), "60s");
  EXPECT_EQ(format_duration(milliseconds{120'000}), "2m");
  EXPECT_EQ(format_duration(milliseconds{86'400'000}), "24h");
  EXPECT_EQ(format_duration(milliseconds{0}), "0s");
  for (const char* text : {"1ms", "7s", "3m", "5h", "90s"}) {
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
}

TEST(Number, TakesPlainDigitsAlone) {
  EXPECT_EQ(parse_number("0"), 0);
  EXPECT_EQ(parse_number("20000"), 20000);
  EXPECT_EQ(parse_number("999999999999999999"), 999999999999999999);
  for (const char* text : {"", "-1", "+1", "1_000", "1,000", "0x10", "010", "1e3", "1.0", " 1",
                           "1000000000000000000"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(AddressSyntax, TakesLiteralsWithAPort) {
  EXPECT_EQ(parse_address("0.0.0.0:8443"), (Address{"0.0.0.0", 8443}));
  EXPECT_EQ(parse_address("127.0.0.1:0"), (Address{"127.0.0.1", 0}));
  EXPECT_EQ(parse_address("[::1]:8443"), (Address{"::1", 8443}));
  EXPECT_EQ(parse_address("[fd00::7]:65535"), (Address{"fd00::7", 65535}));
  for (const char* text : {"",
                           ":",
                           ":8443",
                           "8443",
                           "0.0.0.0",
                           "0.0.0.0:",
                           "0.0.0.0:65536",
                           "0.0.0.0:-1",
                           "0.0.0.0:080",
                           "localhost:8443",
                           "::1:8443",
                           "[::1]",
                           "[0.0.0.0]:1",
                           "[]:1",
                           "[fe80::1%eth0]:1",
                           "1.2.3:80",
                           "1.2.3.4.5:80",
                           "0127.0.0.1:80",
                           "127.0.0.1:80 ",
                           "https://0.0.0.0:8443"}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(NetworkSyntax, GivesTheFirstAddress) {
  EXPECT_EQ(canonical_network("10.0.0.7"), "10.0.0.7");
  EXPECT_EQ(canonical_network("10.1.2.3/8"), "10.0.0.0/8");
  EXPECT_EQ(canonical_network("10.1.2.255/25"), "10.1.2.128/25");
  EXPECT_EQ(canonical_network("10.0.0.1/32"), "10.0.0.1/32");
  EXPECT_EQ(canonical_network("0.0.0.0/0"), "0.0.0.0/0");
  EXPECT_EQ(canonical_network("FD00:0::1/8"), "fd00::/8");
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "/8", "10.0.0.0/-1", "fd00::/129",
                           "host/8", "10.0.0.0/8/8", "10.0.0.0/08"}) {
    EXPECT_FALSE(canonical_network(text)) << text;
  }
}

TEST(Words, AreWhatTheySay) {
  EXPECT_TRUE(is_header_name("x-forwarded-access-token"));
  EXPECT_FALSE(is_header_name("x token"));
  EXPECT_FALSE(is_header_name("x:y"));
  EXPECT_FALSE(is_header_name(""));
  EXPECT_TRUE(is_name("contoso-2.eu_west"));
  EXPECT_FALSE(is_name("-contoso"));
  EXPECT_FALSE(is_name("con/toso"));
  EXPECT_FALSE(is_name(std::string(65, 'a')));
  EXPECT_TRUE(is_plain_word("claude-opus@5:x/y", 64));
  EXPECT_FALSE(is_plain_word("a\"b", 64));
  EXPECT_FALSE(is_plain_word("a\\b", 64));
  EXPECT_FALSE(is_plain_word("a b", 64));
  EXPECT_FALSE(is_plain_word("", 64));
}

TEST(Shown, NeverBreaksATerminal) {
  EXPECT_EQ(shown("plain"), "plain");
  EXPECT_EQ(shown("a\x1b[2Jb\n"), "a?[2Jb?");
  EXPECT_EQ(shown("bad \xff byte"), "bad ? byte");
  EXPECT_EQ(shown("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  auto cut = shown(std::string(79, 'a') + "\xc3\xbc" + std::string(50, 'b'));
  EXPECT_EQ(cut, std::string(79, 'a') + "...");
}

}  // namespace
}  // namespace sallyport::config
