#include "http/message_parser.h"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

std::string body_of(std::span<const std::string_view> pieces) {
  std::string all;
  for (auto piece : pieces) all += piece;
  return all;
}

TEST(RequestParser, ReadsAHeadAndTheBodyBehindIt) {
  RequestParser parser;
  std::string bytes =
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: a.example\r\nX-One:  two \r\n"
      "Content-Length: 4\r\n\r\nbodyGET / HTTP/1.1\r\n";
  auto used = parser.feed(bytes);
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(bytes.substr(*used), "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.head().method, "POST");
  EXPECT_EQ(parser.head().path, "/v1/messages");
  EXPECT_EQ(parser.head().target, "/v1/messages?beta=true");
  EXPECT_EQ(find_field(parser.head().fields, "x-one"), "two");
  EXPECT_EQ(body_of(parser.body()), "body");
  EXPECT_TRUE(parser.head().keep_alive);
}

TEST(RequestParser, ReadsTheSameWhereverTheBytesAreCut) {
  std::string bytes =
      "POST /v1/messages HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n5\r\ndefgh\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    RequestParser parser;
    std::string body;
    std::string held;
    for (auto part : {bytes.substr(0, cut), bytes.substr(cut)}) {
      held += part;
      auto used = parser.feed(held);
      ASSERT_TRUE(used.has_value()) << cut;
      body += body_of(parser.body());
      if (parser.head_done()) held.erase(0, *used);
    }
    EXPECT_TRUE(parser.done()) << cut;
    EXPECT_EQ(body, "abcdefgh") << cut;
  }
}

TEST(RequestParser, ReadsTheSameByteByByte) {
  for (const std::string body : {"3\r\nabc\r\n0\r\n\r\n", "0\r\n\r\n", "000\r\n\r\n",
                                 "0000000000000003\r\nabc\r\n0\r\n\r\n"}) {
    RequestParser parser;
    std::string held;
    std::string read;
    for (char c : "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + body) {
      held += c;
      auto used = parser.feed(held);
      ASSERT_TRUE(used.has_value());
      read += body_of(parser.body());
      held.erase(0, *used);
    }
    EXPECT_TRUE(parser.done()) << body;
    EXPECT_EQ(read, body.contains("abc") ? "abc" : "") << body;
  }
}

// Sixteen bytes at a time or one by one: a control character is found wherever it stands.
TEST(RequestParser, FindsAControlCharacterAnywhereInAValue) {
  for (std::size_t length : {1U, 7U, 16U, 17U, 33U}) {
    for (std::size_t at = 0; at < length; ++at) {
      for (int c = 0; c < 256; ++c) {
        if (c == '\r' || c == '\n') continue;
        std::string value(length, 'v');
        value[at] = static_cast<char>(c);
        bool control = (c < 0x20 && c != '\t') || c == 0x7f;
        RequestParser parser;
        auto used = parser.feed("GET / HTTP/1.1\r\nHost: a\r\nX: " + value + "\r\n\r\n");
        ASSERT_EQ(used.has_value(), !control) << length << " " << at << " " << c;
      }
    }
  }
}

struct BadHead {
  const char* name;
  std::string bytes;
  HeadFault fault;
};

// Each is a way to make two parsers read two different messages (peers' table, RFC 9112 11.2).
TEST(RequestParser, RefusesWhatANeighbourCouldReadOtherwise) {
  const std::string host = "Host: a\r\n";
  const BadHead table[] = {
      {"bare LF ends a line", "GET / HTTP/1.1\nHost: a\n\r\n\r\n", HeadFault::kMalformed},
      {"bare CR in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", HeadFault::kMalformed},
      {"NUL", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: b") + '\0' + "c\r\n\r\n",
       HeadFault::kMalformed},
      {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", HeadFault::kMalformed},
      {"space before the colon", "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n",
       HeadFault::kMalformed},
      {"no name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", HeadFault::kMalformed},
      {"two lengths",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       HeadFault::kBadLength},
      {"two equal lengths",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
       HeadFault::kBadLength},
      {"list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
       HeadFault::kBadLength},
      {"signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
       HeadFault::kBadLength},
      {"hexadecimal length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\n",
       HeadFault::kBadLength},
      {"huge length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
       HeadFault::kBadLength},
      {"length and chunks",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       HeadFault::kBadLength},
      {"chunks and length",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       HeadFault::kBadLength},
      {"chunked twice",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
       "chunked\r\n\r\n",
       HeadFault::kBadLength},
      {"another coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       HeadFault::kBadEncoding},
      {"a coding that looks like chunked",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n",
       HeadFault::kBadEncoding},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
       HeadFault::kBadLength},
      {"more options of a connection than anybody has",
       "GET / HTTP/1.1\r\nHost: a\r\nConnection: ,,,,,,,,\r\nConnection: a,,,,,,,,,\r\n\r\n",
       HeadFault::kMalformed},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadFault::kBadHost},
      {"no host", "GET / HTTP/1.1\r\nX: a\r\n\r\n", HeadFault::kBadHost},
      {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", HeadFault::kBadHost},
      {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HeadFault::kBadHost},
      {"host with two ports", "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", HeadFault::kBadHost},
      {"port too large", "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", HeadFault::kBadHost},
      {"port without a host", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n", HeadFault::kBadHost},
      {"half a bracket", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", HeadFault::kBadHost},
      {"words behind a bracket", "GET / HTTP/1.1\r\nHost: [::1]a\r\n\r\n", HeadFault::kBadHost},
      {"tab around a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t 1\r\n\r\n",
       HeadFault::kBadLength},
      {"tab around a coding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \t\r\n\r\n",
       HeadFault::kBadEncoding},
      {"absolute target", "GET http://b/ HTTP/1.1\r\n" + host + "\r\n", HeadFault::kBadTarget},
      {"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", HeadFault::kBadTarget},
      {"authority", "CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n", HeadFault::kBadTarget},
      {"fragment", "GET /a#b HTTP/1.1\r\n" + host + "\r\n", HeadFault::kBadTarget},
      {"byte above 127 in the target", "GET /\xc3\xa4 HTTP/1.1\r\n" + host + "\r\n",
       HeadFault::kBadTarget},
      {"version 2", "GET / HTTP/2.0\r\n" + host + "\r\n", HeadFault::kBadVersion},
      {"version 1.2", "GET / HTTP/1.2\r\n" + host + "\r\n", HeadFault::kBadVersion},
      {"no version", "GET /\r\n" + host + "\r\n", HeadFault::kBadTarget},
      {"not HTTP", std::string("\x16\x03\x01\x02") + "\r\n\r\n", HeadFault::kMalformed},
  };
  for (const auto& row : table) {
    RequestParser parser;
    auto used = parser.feed(row.bytes);
    ASSERT_FALSE(used.has_value()) << row.name;
    EXPECT_EQ(used.error(), row.fault) << row.name << ": " << code(used.error());
  }
}

TEST(RequestParser, TakesHostsOfEveryForm) {
  for (const std::string host :
       {"a", "a_b.example", "a:0", "a:65535", "10.0.0.1:80", "[::1]", "[::ffff:10.0.0.1]:8443"}) {
    RequestParser parser;
    auto used = parser.feed("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_TRUE(used.has_value() && parser.done()) << host;
  }
}

TEST(RequestParser, RefusesAtOnceWhatCannotBecomeARequest) {
  for (const std::string bytes : {"\x16\x03\x01", "\r\n", " GET", "{"}) {
    RequestParser parser;
    auto used = parser.feed(bytes);
    ASSERT_FALSE(used.has_value()) << bytes;
    EXPECT_EQ(used.error(), HeadFault::kMalformed) << bytes;
  }
}

TEST(RequestParser, RefusesChunksThatAreNotPlain) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string body :
       {"3;x=y\r\nabc\r\n0\r\n\r\n", "3\nabc\r\n0\r\n\r\n", "g\r\nabc\r\n", "-3\r\nabc\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "3 \r\nabc\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nabc\r\n", "0\r\nX: y\r\n\r\n", "0\r\nHost: b\r\n\r\n",
        "0\r\nX: y\r\n z\r\n\r\n", "00000000000000003\r\nabc\r\n0\r\n\r\n"}) {
    RequestParser parser;
    auto used = parser.feed(head + body);
    ASSERT_FALSE(used.has_value()) << body;
    EXPECT_EQ(used.error(), HeadFault::kBadChunk) << body;
  }
}

TEST(RequestParser, BoundsTheHead) {
  RequestParser endless;
  auto used = endless.feed("GET / HTTP/1.1\r\nX: " + std::string(kMaxHead, 'a'));
  ASSERT_FALSE(used.has_value());
  EXPECT_EQ(used.error(), HeadFault::kTooLarge);

  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < kMaxFields; ++i) many += "a: b\r\n";
  RequestParser parser;
  auto read = parser.feed(many + "\r\n");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error(), HeadFault::kTooLarge);
}

TEST(RequestParser, IsReadyForTheNextMessageAfterReset) {
  RequestParser parser;
  for (int i = 0; i < 3; ++i) {
    auto used = parser.feed("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(used.has_value());
    EXPECT_TRUE(parser.done());
    EXPECT_EQ(parser.head().fields.size(), 1U);
    parser.reset();
  }
}

TEST(ResponseParser, SkipsInterimAnswers) {
  ResponseParser parser;
  auto used = parser.feed(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  ASSERT_TRUE(used.has_value());
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.head().status, 200);
  EXPECT_EQ(parser.head().fields.size(), 1U);
  EXPECT_EQ(body_of(parser.body()), "ok");
}

TEST(ResponseParser, SkipsAnyNumberOfInterimAnswersInOneRead) {
  std::string bytes;
  for (int i = 0; i < 20'000; ++i) bytes += "HTTP/1.1 100 Continue\r\n\r\n";
  ResponseParser parser;
  auto used = parser.feed(bytes + "HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(used.has_value());
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(parser.head().status, 204);
}

TEST(ResponseParser, DropsWhatStandsBehindAChunkSizeAndBehindTheLastChunk) {
  const std::string bytes =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n2 ; c=\"d\"\r\nde\r\n"
      "0\r\nChecksum: 1\r\nContent-Length: 9\r\n\r\n";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    ResponseParser parser;
    std::string held;
    std::string body;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      held += bytes.substr(at, step);
      auto used = parser.feed(held);
      ASSERT_TRUE(used.has_value()) << step;
      body += body_of(parser.body());
      held.erase(0, *used);
    }
    EXPECT_TRUE(parser.done()) << step;
    EXPECT_EQ(body, "abcde") << step;
  }
}

TEST(ResponseParser, RefusesFramingThatDoesNotEnd) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "a: bcdefg\r\n";
  for (const std::string& body :
       {"1;" + std::string(8192, 'a'), trailers, "0\r\n" + std::string(8192, 'a'),
        std::string("0\r\nno colon\r\n\r\n"), std::string("0\r\na: \x01\r\n\r\n")}) {
    ResponseParser parser;
    auto used = parser.feed(head + body);
    ASSERT_FALSE(used.has_value()) << body.substr(0, 20);
    EXPECT_EQ(used.error(), HeadFault::kBadChunk);
  }
}

TEST(ResponseParser, KnowsWhetherTheConnectionCanCarryAnotherExchange) {
  const std::pair<const char*, bool> table[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: x, Close\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nProxy-Connection: close\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: closed, ,\r\n\r\n", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: Keep-Alive\r\n\r\n", true},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: close, keep-alive\r\n\r\n", false},
      {"HTTP/1.1 200 OK\r\n\r\n", false},
  };
  for (const auto& [bytes, stays] : table) {
    ResponseParser parser;
    ASSERT_TRUE(parser.feed(bytes).has_value()) << bytes;
    EXPECT_EQ(parser.head().keep_alive, stays) << bytes;
  }
  ResponseParser parser;
  EXPECT_FALSE(parser.feed("HTTP/1.1 200 OK\r\nConnection: a b\r\n\r\n").has_value());
}

TEST(ResponseParser, RefusesAStatusThatIsNone) {
  ResponseParser parser;
  EXPECT_FALSE(parser.feed("HTTP/1.1 050 Low\r\n\r\n").has_value());
  ResponseParser switching;
  EXPECT_FALSE(switching.feed("HTTP/1.1 101 Switching Protocols\r\n\r\n").has_value());
}

TEST(ResponseParser, KnowsWhetherAnEndIsProper) {
  ResponseParser sized;
  ASSERT_TRUE(sized.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").has_value());
  EXPECT_FALSE(sized.finish());
  ResponseParser chunked;
  ASSERT_TRUE(
      chunked.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").has_value());
  EXPECT_FALSE(chunked.finish());
  ResponseParser open;
  ASSERT_TRUE(open.feed("HTTP/1.1 200 OK\r\n\r\nab").has_value());
  EXPECT_TRUE(open.finish());
  EXPECT_FALSE(open.head().keep_alive);
}

TEST(ResponseParser, HasNoBodyInAnswerToHeadAndFor204) {
  ResponseParser head;
  head.reset(true);
  ASSERT_TRUE(head.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").has_value());
  EXPECT_TRUE(head.done());
  ResponseParser empty;
  ASSERT_TRUE(empty.feed("HTTP/1.1 204 No Content\r\n\r\n").has_value());
  EXPECT_TRUE(empty.done());
}

}  // namespace
}  // namespace sallyport::http
