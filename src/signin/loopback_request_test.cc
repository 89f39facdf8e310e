#include "signin/loopback_request.h"

#include <gtest/gtest.h>

namespace sallyport::signin {
namespace {

constexpr std::string_view kHost = "127.0.0.1:4711";

std::string request(std::string_view target, std::string_view method = "GET",
                    std::string_view fields = "Host: 127.0.0.1:4711\r\n") {
  return std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n" + std::string(fields) +
         "\r\n";
}

LoopbackFault fault(const std::string& head) {
  auto parsed = parse_loopback_request(head, kHost);
  EXPECT_FALSE(parsed) << head;
  return parsed ? LoopbackFault::kMalformed : parsed.error();
}

TEST(LoopbackRequest, ReadsTheCodeThatTheBrowserBrings) {
  auto got = parse_loopback_request(
      request("/callback?state=s-1&code=a%2Fb%20c&iss=https%3A%2F%2Fi.example&session_state=x"),
      kHost);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->code.reveal(), "a/b c");
  EXPECT_EQ(got->state, "s-1");
  EXPECT_EQ(got->issuer, "https://i.example");
}

TEST(LoopbackRequest, ReadsTheProvidersNo) {
  auto got = parse_loopback_request(
      request("/callback?error=access_denied&error_description=not+today&state=s"), kHost);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->code.empty());
  EXPECT_EQ(got->error, "access_denied");
  EXPECT_EQ(got->description, "not today");
}

TEST(LoopbackRequest, TakesNothingButTheOneRequest) {
  using enum LoopbackFault;
  EXPECT_EQ(fault(request("/favicon.ico")), kPath);
  EXPECT_EQ(fault(request("/callback/?state=s&code=c")), kPath);
  EXPECT_EQ(fault(request("/callback?state=s&code=c", "POST")), kMethod);
  EXPECT_EQ(fault(request("/callback")), kNoAnswer);
  EXPECT_EQ(fault(request("/callback?code=c")), kNoAnswer);
  EXPECT_EQ(fault(request("/callback?state=&code=c")), kNoAnswer);
  EXPECT_EQ(fault(request("/callback?state=s")), kNoAnswer);
  EXPECT_EQ(fault(request("/callback?state=s&code=c&error=e")), kNoAnswer);
}

TEST(LoopbackRequest, RefusesAParameterThatStandsTwice) {
  EXPECT_EQ(fault(request("/callback?state=s&code=c&code=d")), LoopbackFault::kMalformed);
  EXPECT_EQ(fault(request("/callback?state=s&state=t&code=c")), LoopbackFault::kMalformed);
}

// DNS rebinding: a page elsewhere whose name was bent to this address.
TEST(LoopbackRequest, RefusesAnotherHost) {
  using enum LoopbackFault;
  const char* target = "/callback?state=s&code=c";
  EXPECT_EQ(fault(request(target, "GET", "Host: evil.example:4711\r\n")), kHost);
  EXPECT_EQ(fault(request(target, "GET", "Host: localhost:4711\r\n")), kHost);
  EXPECT_EQ(fault(request(target, "GET", "Host: 127.0.0.1:4712\r\n")), kHost);
  EXPECT_EQ(fault(request(target, "GET", "")), kHost);
  EXPECT_EQ(fault(request(target, "GET", "Host: 127.0.0.1:4711\r\nHost: 127.0.0.1:4711\r\n")),
            kHost);
}

TEST(LoopbackRequest, RefusesWhatIsNotHttp) {
  using enum LoopbackFault;
  EXPECT_EQ(fault("GET /callback?state=s&code=c\r\n\r\n"), kMalformed);
  EXPECT_EQ(fault("GET /callback?state=s&code=c HTTP/2\r\nHost: 127.0.0.1:4711\r\n\r\n"),
            kMalformed);
  EXPECT_EQ(fault(request("/callback?state=s&code=%4")), kMalformed);
  EXPECT_EQ(fault(request("/callback?state=s&code=%zz")), kMalformed);
  EXPECT_EQ(fault(request("/callback?state=s&code=a b")), kMalformed);
  EXPECT_EQ(fault(""), kMalformed);
  EXPECT_EQ(fault(request("/callback?state=s&code=" + std::string(20000, 'x'))), kMalformed);
}

}  // namespace
}  // namespace sallyport::signin
