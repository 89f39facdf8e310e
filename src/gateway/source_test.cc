#include "gateway/source.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace sallyport::gateway {
namespace {

Source peer(const char* text) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    std::memcpy(&storage, &v4, sizeof v4);
  } else {
    EXPECT_EQ(::inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    v6.sin6_family = AF_INET6;
    std::memcpy(&storage, &v6, sizeof v6);
  }
  return source_of_peer(storage);
}

std::vector<Network> networks(const std::vector<const char*>& texts) {
  std::vector<Network> list;
  list.reserve(texts.size());
  for (const char* text : texts) list.push_back(*parse_network(text));
  return list;
}

TEST(Source, AnIpv6HostCountsAsItsNetwork) {
  auto share = [](const char* text) { return share_of(peer(text).address); };
  EXPECT_EQ(share("2001:db8:1:2::1"), share("2001:db8:1:2:ffff::9"));
  EXPECT_NE(share("2001:db8:1:2::1"), share("2001:db8:1:3::1"));
  EXPECT_NE(share("192.0.2.1"), share("192.0.2.2"));
  EXPECT_NE(share("::1"), share("127.0.0.1"));
}

TEST(Source, BelievesNoHeaderOfAStranger) {
  std::vector<http::Field> fields{{"X-Forwarded-For", "10.0.0.1"}};
  EXPECT_EQ(source_of_request(peer("192.0.2.7"), fields, {}).text, "192.0.2.7");
  EXPECT_EQ(source_of_request(peer("192.0.2.7"), fields, networks({"10.0.0.0/8"})).text,
            "192.0.2.7");
}

TEST(Source, ReadsFromTheRightAsFarAsItTrusts) {
  std::vector<http::Field> fields{{"X-Forwarded-For", "1.1.1.1, 198.51.100.4"},
                                  {"x-forwarded-for", "10.0.0.2:4711"}};
  Source source = source_of_request(peer("10.0.0.1"), fields, networks({"10.0.0.0/8"}));
  EXPECT_EQ(source.text, "198.51.100.4");
  EXPECT_EQ(source.proxies, (std::vector<std::string>{"10.0.0.2", "10.0.0.1"}));
}

TEST(Source, StopsAtWhatItCannotRead) {
  std::vector<http::Field> fields{{"X-Forwarded-For", "1.1.1.1, unknown"}};
  EXPECT_EQ(source_of_request(peer("10.0.0.1"), fields, networks({"10.0.0.0/8"})).text, "10.0.0.1");
}

TEST(Source, ReadsVersionSix) {
  std::vector<http::Field> fields{{"X-Forwarded-For", "[2001:db8::7]:443"}};
  Source source = source_of_request(peer("::1"), fields, networks({"::1"}));
  EXPECT_EQ(source.text, "2001:db8::7");
  EXPECT_EQ(source.proxies, std::vector<std::string>{"::1"});
}

TEST(Source, BoundsTheChain) {
  std::string hops;
  for (int i = 0; i < 100; ++i) hops += "10.0.0.9,";
  hops += "10.0.0.9";
  std::vector<http::Field> fields{{"X-Forwarded-For", hops}};
  EXPECT_EQ(source_of_request(peer("10.0.0.1"), fields, networks({"10.0.0.0/8"})).proxies.size(),
            16U);
}

TEST(Network, RefusesNonsense) {
  for (const char* text : {"", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "10.0.0.0/x"}) {
    EXPECT_FALSE(parse_network(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(peer("203.0.113.9").address));
  EXPECT_FALSE(parse_network("10.1.0.0/15")->contains(peer("10.2.0.0").address));
  EXPECT_TRUE(parse_network("10.0.0.0/15")->contains(peer("10.1.255.255").address));
}

}  // namespace
}  // namespace sallyport::gateway
