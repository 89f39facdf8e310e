#include "base/url.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Url, GivesItsParts) {
  auto url = parse_url("https://user:pw@Host.example:8443/a/b?q#f");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_https());
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/a/b");
  EXPECT_EQ(url->query, "q");
  EXPECT_EQ(url->fragment, "f");
  EXPECT_TRUE(url->has_user_info && url->has_port && url->has_query && url->has_fragment);
  auto literal = parse_url("http://[::1]:80");
  ASSERT_TRUE(literal);
  EXPECT_EQ(literal->host, "::1");
  EXPECT_EQ(literal->path, "");
  EXPECT_TRUE(literal->has_port);
  EXPECT_FALSE(literal->is_https() || literal->has_user_info || literal->has_query);
  auto bare = parse_url("https://h?a?b#c?d#e");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->path, "");
  EXPECT_EQ(bare->query, "a?b");
  EXPECT_EQ(bare->fragment, "c?d#e");
  EXPECT_EQ(bare->port, 443);
  EXPECT_FALSE(bare->has_port);
}

TEST(Url, EndsItsUserInformationAtTheLastSign) {
  auto url = parse_url("https://good.example@evil.example/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "evil.example");
  EXPECT_TRUE(url->has_user_info);
  EXPECT_TRUE(parse_url("https://a@b@c/")->host == "c");
}

TEST(Url, NamesItsAuthorityAsAHostHeaderDoes) {
  EXPECT_EQ(parse_url("https://H.example:443/x")->authority(), "h.example");
  EXPECT_EQ(parse_url("http://h:80")->authority(), "h");
  EXPECT_EQ(parse_url("http://h:443")->authority(), "h:443");
  EXPECT_EQ(parse_url("https://[FD00::1]:8443")->authority(), "[fd00::1]:8443");
  EXPECT_EQ(parse_url("https://[::1]/")->authority(), "[::1]");
}

TEST(Url, IsRefusedWhereItIsNone) {
  for (const char* text : {"",
                           "host",
                           "https:/host",
                           "https://",
                           "ftp://host",
                           "HTTPS://host",
                           "https://host:0",
                           "https://host:65536",
                           "https://host:",
                           "https://host:+1",
                           "https://host:0443",
                           "https://host:80x",
                           "https://[::1",
                           "https://[::1]x",
                           "https://[host]/",
                           "https://[127.0.0.1]/",
                           "https://ho st/",
                           "https://host/\xc3\xa4",
                           "https://host/\n",
                           "https://-host",
                           "https://a..b",
                           "https://.a",
                           "https://ho\"st",
                           "https://host/{x}",
                           "https://host\\x",
                           "//host/",
                           "https://?q",
                           "https://user@"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
  EXPECT_TRUE(parse_url("https://h/" + std::string(2038, 'a')));
  EXPECT_FALSE(parse_url("https://h/" + std::string(2039, 'a')));
  EXPECT_FALSE(parse_url(std::string("https://h/\0", 11)));
}

TEST(Url, OfARequestHasNeitherUserNorFragment) {
  EXPECT_TRUE(parse_request_url("https://h/p?q"));
  EXPECT_FALSE(parse_request_url("https://u@h/p"));
  EXPECT_FALSE(parse_request_url("https://@h/p"));
  EXPECT_FALSE(parse_request_url("https://h/p#f"));
  EXPECT_FALSE(parse_request_url("https://h/p#"));
}

TEST(Url, OfAnotherProgramMayBeWider) {
  auto url = parse_any_url(
      "WSS://B\xc3\xbc"
      "cher.Example/{tenant}/\xc3\xa4");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "wss");
  EXPECT_EQ(url->host,
            "b\xc3\xbc"
            "cher.example");
  EXPECT_EQ(url->port, 0);
  EXPECT_EQ(url->path, "/{tenant}/\xc3\xa4");
  EXPECT_EQ(parse_any_url("socks5://p.example:1080")->port, 1080);
  EXPECT_EQ(parse_any_url("HTTPS://h")->port, 443);
  EXPECT_TRUE(parse_any_url("https://h/" + std::string(5000, 'a')));
  for (const char* text : {"", "h", "://h", "1a://h", "a b://h", "https:///p", "https://h:x",
                           "https://h:0", "https://h/ x", "https://h/\x7f", "https://[x]/"}) {
    EXPECT_FALSE(parse_any_url(text)) << text;
  }
}

}  // namespace
}  // namespace sallyport
