#include "http/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "http/test_server.h"

namespace sallyport::http {
namespace {

using std::chrono::milliseconds;
using Answer = TestServer::Answer;
using Request = TestServer::Request;

class FetchTest : public testing::Test {
 protected:
  static Result<FetchResponse> fetch(FetchRequest request) {
    std::promise<Result<FetchResponse>> promise;
    auto future = promise.get_future();
    Fetcher fetcher;
    fetcher.fetch(std::move(request),
                  [&](Result<FetchResponse> answer) { promise.set_value(std::move(answer)); });
    return future.get();
  }
  static FetchRequest get(std::string url) {
    FetchRequest request;
    request.url = std::move(url);
    return request;
  }
  static std::string_view error_of(FetchRequest request) {
    auto answer = fetch(std::move(request));
    return answer ? "" : answer.error().code;
  }
  std::string write(const std::string& name, const std::string& text) {
    auto path = std::filesystem::path(testing::TempDir()) / name;
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(FetchTest, BringsStatusHeadersAndBody) {
  TestServer server([](const Request& request) {
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/a?b=c");
    EXPECT_NE(request.head.find("x-mine: secret-1\r\n"), std::string::npos);
    return TestServer::text("hello", "404 Not Found", "X-Thing:  two words \r\n");
  });
  auto request = get(server.url("/a?b=c"));
  request.headers.emplace_back("x-mine", Secret(std::string_view("secret-1")));
  auto answer = fetch(std::move(request));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_THAT(answer->header("x-thing"), testing::StartsWith("two words"));
  EXPECT_EQ(answer->header("missing"), "");
}

TEST_F(FetchTest, PostsABody) {
  TestServer server(
      [](const Request& request) { return TestServer::text(request.method + " " + request.body); });
  auto request = get(server.url("/token"));
  request.method = "POST";
  request.body = Secret(std::string_view("grant_type=x"));
  auto answer = fetch(std::move(request));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "POST grant_type=x");
}

TEST_F(FetchTest, RefusesRedirectsWithoutFollowingThem) {
  std::atomic<int> asked{0};
  TestServer server([&](const Request&) {
    ++asked;
    return TestServer::text("", "302 Found", "location: /elsewhere\r\n");
  });
  EXPECT_EQ(error_of(get(server.url("/keys"))), "fetch.redirect");
  EXPECT_EQ(asked, 1);
}

TEST_F(FetchTest, StopsReadingAnAnswerThatIsTooLarge) {
  TestServer server([](const Request&) { return TestServer::text(std::string(5000, 'x')); });
  auto request = get(server.url());
  request.max_bytes = 4999;
  EXPECT_EQ(error_of(std::move(request)), "fetch.too_large");
  request = get(server.url());
  request.max_bytes = 5000;
  EXPECT_EQ(error_of(std::move(request)), "");
}

TEST_F(FetchTest, StopsReadingAnEndlessHead) {
  TestServer server([](const Request&) {
    std::string many;
    for (int i = 0; i < 2000; ++i)
      many += "x-filler-header: 0123456789012345678901234567890123\r\n";
    return TestServer::text("", "200 OK", many);
  });
  EXPECT_EQ(error_of(get(server.url())), "fetch.too_large");
}

TEST_F(FetchTest, GivesUpOnASilentServer) {
  TestServer server([](const Request&) { return Answer{.bytes = "", .hold = true}; });
  auto request = get(server.url());
  request.timeout = milliseconds(50);
  EXPECT_EQ(error_of(std::move(request)), "fetch.timeout");
}

TEST_F(FetchTest, GivesUpOnAServerThatStopsInTheMiddle) {
  TestServer server([](const Request&) {
    return Answer{.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345", .hold = true};
  });
  auto request = get(server.url());
  request.timeout = milliseconds(50);
  EXPECT_EQ(error_of(std::move(request)), "fetch.timeout");
}

TEST_F(FetchTest, AnAnswerThatIsCutOffIsNoAnswer) {
  TestServer server([](const Request&) {
    return Answer{.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"};
  });
  EXPECT_EQ(error_of(get(server.url())), "fetch.failed");
  TestServer nonsense([](const Request&) { return Answer{.bytes = "nonsense\r\n\r\n"}; });
  EXPECT_EQ(error_of(get(nonsense.url())), "fetch.failed");
}

TEST_F(FetchTest, SaysWhenNobodyListens) {
  std::string url;
  {
    TestServer gone([](const Request&) { return Answer{}; });
    url = gone.url();
  }
  EXPECT_EQ(error_of(get(url)), "fetch.connect");
}

TEST_F(FetchTest, VerifiesTheCertificateAndItsName) {
  TestCertificate right("IP:127.0.0.1");
  TestCertificate wrong("DNS:other.example");
  auto serve = [](const Request&) { return TestServer::text("secret place"); };
  TestServer good(serve, &right);
  TestServer misnamed(serve, &wrong);

  auto request = get(good.url());
  request.ca_file = write("right.pem", right.pem());
  auto answer = fetch(std::move(request));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "secret place");

  request = get(misnamed.url());
  request.ca_file = write("wrong.pem", wrong.pem());
  EXPECT_EQ(error_of(std::move(request)), "fetch.tls");
  request = get(good.url());
  request.ca_file = write("wrong.pem", wrong.pem());
  EXPECT_EQ(error_of(std::move(request)), "fetch.tls");
  EXPECT_EQ(error_of(get(good.url())), "fetch.tls");  // the system's store does not know it
  request = get(good.url());
  request.ca_file = "/nonexistent/ca.pem";
  EXPECT_EQ(error_of(std::move(request)), "fetch.tls");
}

// An authority that was taken out of its file is trusted no more, and a new one at once.
TEST_F(FetchTest, ReadsTheAuthoritiesAnewForEachConnection) {
  TestCertificate first("IP:127.0.0.1");
  TestCertificate second("IP:127.0.0.1");
  auto serve = [](const Request&) { return TestServer::text("secret place"); };
  TestServer before(serve, &first);
  TestServer after(serve, &second);
  Fetcher fetcher;
  auto trusts = [&](const TestServer& server) {
    std::promise<Result<FetchResponse>> promise;
    auto request = get(server.url());
    request.ca_file = testing::TempDir() + "rotated.pem";
    fetcher.fetch(std::move(request),
                  [&](Result<FetchResponse> answer) { promise.set_value(std::move(answer)); });
    auto answer = promise.get_future().get();
    return answer ? "yes" : std::string(answer.error().code);
  };
  write("rotated.pem", first.pem());
  EXPECT_EQ(trusts(before), "yes");
  EXPECT_EQ(trusts(after), "fetch.tls");
  write("rotated.pem", second.pem());
  EXPECT_EQ(trusts(after), "yes");
  EXPECT_EQ(trusts(before), "fetch.tls");
}

TEST_F(FetchTest, RefusesPlainHttpButForLoopbackLiterals) {
  for (std::string_view url :
       {"http://example.com/", "http://localhost:1/", "http://10.0.0.1/", "http://0.0.0.0:1/",
        "http://127.0.0.1.example.com/", "ftp://127.0.0.1/", "file:///etc/passwd", "", "x",
        "https://user:pass@example.com/", "https://example.com/#x", "http://127.1:1/",
        "https://2852039166/", "https://0xa9fea9fe/", "https://169.254.43518/",
        "https://0251.0376.0251.0376/", "https://169.254.169.254./"}) {
    EXPECT_EQ(error_of(get(std::string(url))), "fetch.url") << url;
  }
}

TEST_F(FetchTest, ErrorTextsDoNotRepeatUserInformation) {
  auto answer = fetch(get("https://user:hunter2@example.com/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().text().find("hunter2"), std::string::npos);
}

TEST_F(FetchTest, RefusesLinkLocalAddresses) {
  for (std::string_view url : {"http://169.254.169.254/", "https://169.254.169.254/",
                               "https://[fe80::1]/", "https://[::ffff:169.254.169.254]/",
                               "https://[64:ff9b::a9fe:a9fe]/", "https://[fd00:ec2::254]/"}) {
    EXPECT_EQ(error_of(get(std::string(url))), "fetch.refused_address") << url;
  }
}

// The address is judged again when the socket is opened, whatever it came from: here the proxy's.
TEST_F(FetchTest, RefusesToConnectToALinkLocalAddressThatTheUrlDoesNotShow) {
  auto request = get("https://example.invalid/");
  request.proxy = "http://169.254.1.1:3128";
  EXPECT_EQ(error_of(std::move(request)), "fetch.refused_address");
  request = get("https://example.invalid/");
  request.proxy = "http://2852039166:3128";
  EXPECT_EQ(error_of(std::move(request)), "fetch.refused_address");
}

TEST_F(FetchTest, ThePlatformsEndpointsAreForManagedIdentityAlone) {
  TestServer server([](const Request&) { return TestServer::text("token"); });
  auto request = get("http://localhost:" + std::to_string(server.port()) + "/");
  request.allow_link_local = true;
  auto answer = fetch(std::move(request));
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->body, "token");
  request = get("http://example.com/");
  request.allow_link_local = true;
  EXPECT_EQ(error_of(std::move(request)), "fetch.url");
}

TEST_F(FetchTest, AsksTheConfiguredProxyForATunnel) {
  std::string seen;
  TestServer proxy([&](const Request& request) {
    seen = request.method + " " + request.target;
    return TestServer::text("", "403 Forbidden");
  });
  auto request = get("https://issuer.example/keys");
  request.proxy = proxy.url();
  EXPECT_EQ(error_of(std::move(request)), "fetch.failed");
  EXPECT_EQ(seen, "CONNECT issuer.example:443");
}

TEST_F(FetchTest, HonoursTheEnvironmentsProxyAndLeavesLoopbackAlone) {
  std::atomic<int> tunnels{0};
  TestServer proxy([&](const Request&) {
    ++tunnels;
    return TestServer::text("", "403 Forbidden");
  });
  TestServer server([](const Request&) { return TestServer::text("direct"); });
  ::setenv("https_proxy", proxy.url().c_str(), 1);
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("no_proxy", "issuer.example", 1);
  auto through = get("https://other.example/");
  EXPECT_EQ(error_of(std::move(through)), "fetch.failed");
  EXPECT_EQ(tunnels, 1);
  auto local = fetch(get(server.url()));
  auto configured = get("https://issuer.example/");  // NO_PROXY is about the environment's proxy
  configured.proxy = proxy.url();
  EXPECT_EQ(error_of(std::move(configured)), "fetch.failed");
  ::unsetenv("https_proxy");
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
  ASSERT_TRUE(local) << local.error().text();
  EXPECT_EQ(local->body, "direct");
  EXPECT_EQ(tunnels, 2);
}

TEST_F(FetchTest, RefusesHeaderValuesWithLineBreaks) {
  const std::string_view values[] = {"a\nx-evil: 1", "a\r", std::string_view("a\0b", 3)};
  for (std::string_view value : values) {
    auto request = get("http://127.0.0.1:1/");
    request.headers.emplace_back("authorization", Secret(value));
    auto answer = fetch(std::move(request));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, "fetch.failed");
    EXPECT_EQ(answer.error().text().find("evil"), std::string::npos);
  }
}

TEST_F(FetchTest, RunsManyAtOnceAndTimersInTheirOrder) {
  TestServer server([](const Request& request) { return TestServer::text(request.target); });
  Fetcher fetcher;
  std::promise<void> all;
  std::atomic<int> left{20};
  for (int i = 0; i < 20; ++i) {
    std::string path = "/" + std::to_string(i);
    fetcher.fetch(get(server.url(path)), [&, path](Result<FetchResponse> answer) {
      EXPECT_EQ(answer ? answer->body : answer.error().text(), path);
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();

  std::vector<int> order;
  std::promise<void> last;
  fetcher.after(milliseconds(20), [&] {
    order.push_back(2);
    last.set_value();
  });
  fetcher.after(milliseconds(1), [&] { order.push_back(1); });
  fetcher.post([&] { order.push_back(0); });
  last.get_future().wait();
  EXPECT_THAT(order, testing::ElementsAre(0, 1, 2));
}

TEST_F(FetchTest, StopsAtOnceWhileFetchesRun) {
  TestServer server([](const Request&) { return Answer{.bytes = "", .hold = true}; });
  std::atomic<bool> called{false};
  {
    Fetcher fetcher;
    fetcher.fetch(get(server.url()), [&](Result<FetchResponse>) { called = true; });
    std::promise<void> begun;
    fetcher.post([&] { begun.set_value(); });
    begun.get_future().wait();
  }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace sallyport::http
