#include "http/http1_connection.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <string>
#include <thread>
#include <tuple>

#include "base/task.h"

namespace sallyport::http {
namespace {

constexpr std::size_t kMany = std::size_t{1} << 20;  // of bytes: twice as many as a turn reads

// A connection over loopback. The kernel holds what the client says before it is read (megabytes,
// as long as nobody sets the size of its buffers).
struct Line {
  Line() {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* address = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(::bind(listener.get(), address, size), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), address, &size), 0);
    client = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), address, size), 0);
    ours = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  }

  // Without waiting for a reader; how much went out.
  std::size_t say(std::string_view text) const {
    std::size_t said = 0;
    while (said < text.size()) {
      ssize_t n =
          ::send(client.get(), text.data() + said, text.size() - said, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n <= 0) break;
      said += static_cast<std::size_t>(n);
    }
    return said;
  }

  UniqueFd client, ours;
};

struct Reading {
  ByteBudget budget{std::size_t{64} << 20};
  BudgetShare share{budget};
  bool ended = false;
};

Task<void> read_request(EventLoop& loop, Http1Connection& connection, Reading& reading) {
  auto next = co_await connection.next_head();
  EXPECT_EQ(next, Http1Connection::Next::kHead);
  auto read = co_await connection.read_body(std::size_t{32} << 20, reading.share);
  EXPECT_EQ(read, Http1Connection::BodyRead::kClientGone);
  reading.ended = true;
  loop.stop();
}

std::string chunks(std::string_view one) {
  std::string all;
  while (all.size() < kMany) all += one;
  return all;
}

// What comes as fast as it is read leaves room for others: the rest is still unread when they run.
TEST(Http1Connection, GivesWayWhileASmallChunkFollowsTheOther) {
  Line line;
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(line.say(head), head.size());
  const std::size_t said = line.say(chunks("1\r\nx\r\n"));
  ASSERT_GT(said, 40 * Buffer::kBlock) << "the kernel holds too little for this test";
  EventLoop loop;
  int left = -1;
  Reading reading;
  const int fd = line.ours.get();
  Http1Connection connection(loop, std::move(line.ours), {});
  loop.post([&] {
    spawn(read_request(loop, connection, reading));
    loop.post([&] {
      EXPECT_EQ(::ioctl(fd, FIONREAD, &left), 0);
      line.client = UniqueFd();
    });
  });
  loop.run();
  EXPECT_TRUE(reading.ended);
  EXPECT_GT(left, 0);
}

// A body is read with a little room for what follows it: nothing of that is lost, and where nothing
// follows, no read is made in vain.
TEST(Http1Connection, KeepsWhatCameBehindALargeBody) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 102400\r\n\r\n";
  const std::string next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t behind : {std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16},
                             std::size_t{17}, next.size()}) {
    Line line;
    const std::string said = head + std::string(102400, 'b') + next.substr(0, behind);
    ASSERT_EQ(line.say(said), said.size());
    EventLoop loop;
    Http1Connection connection(loop, std::move(line.ours), {});
    bool readable = true;
    auto run = [&]() -> Task<void> {
      Reading reading;
      std::ignore = co_await connection.next_head();
      auto read = co_await connection.read_body(std::size_t{32} << 20, reading.share);
      EXPECT_EQ(read, Http1Connection::BodyRead::kDone);
      EXPECT_EQ(connection.body(), std::string(102400, 'b'));
      readable = connection.stream().maybe_readable();
      EXPECT_EQ(connection.has_next(), behind > 0);
      line.say(next.substr(behind));
      auto came = co_await connection.next_head();
      EXPECT_EQ(came, Http1Connection::Next::kHead);
      EXPECT_EQ(connection.head().path, "/next");
      loop.stop();
    };
    loop.post([&] { spawn(run()); });
    loop.run();
    EXPECT_EQ(readable, behind >= 16) << behind;
  }
}

// What the client of `line` has got by now.
std::string heard(const Line& line) {
  std::string all(std::size_t{1} << 20, ' ');
  ssize_t n = ::recv(line.client.get(), all.data(), all.size(), MSG_DONTWAIT);
  all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return all;
}

template <typename Answer>
void serve_one(const std::string& head, Line& line, Answer answer) {
  ASSERT_EQ(line.say(head), head.size());
  EventLoop loop;
  Http1Connection connection(loop, std::move(line.ours), {});
  auto run = [&]() -> Task<void> {
    auto next = co_await connection.next_head();
    EXPECT_EQ(next, Http1Connection::Next::kHead);
    co_await answer(connection);
    loop.stop();
  };
  loop.post([&] { spawn(run()); });
  loop.run();
}

TEST(Http1Connection, AStreamIsChunkedAndEndsOnce) {
  Line line;
  std::string all;
  serve_one("GET / HTTP/1.1\r\nHost: a\r\n\r\n", line, [&](Http1Connection& to) -> Task<void> {
    to.begin(AnswerHead(200));
    const std::string_view one = "hello", other = "!";
    EXPECT_EQ(to.write({&one, 1}, false), ServerStream::Written::kAll);
    EXPECT_EQ(to.write({&other, 1}, true), ServerStream::Written::kAll);
    all = heard(line);
    EXPECT_EQ(to.bytes_sent(), static_cast<std::int64_t>(all.size()));
    EXPECT_TRUE(to.keep_alive());
    co_return;
  });
  EXPECT_EQ(all,
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n"
            "0\r\n\r\n");
}

TEST(Http1Connection, AnOldClientReadsToTheEndOfTheConnection) {
  Line line;
  std::string all;
  serve_one("GET / HTTP/1.0\r\nHost: a\r\n\r\n", line, [&](Http1Connection& to) -> Task<void> {
    to.begin(AnswerHead(200));
    const std::string_view one = "hello";
    EXPECT_EQ(to.write({&one, 1}, true), ServerStream::Written::kAll);
    all = heard(line);
    EXPECT_FALSE(to.keep_alive());
    co_return;
  });
  EXPECT_EQ(all, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello");
}

TEST(Http1Connection, HeadGetsTheLengthAndNoBody) {
  Line line;
  std::string all;
  serve_one("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", line, [&](Http1Connection& to) -> Task<void> {
    const std::string_view body = "hello";
    bool sent = co_await to.send(AnswerHead(200), {&body, 1});
    EXPECT_TRUE(sent);
    all = heard(line);
  });
  EXPECT_EQ(all, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
}

// What the socket does not take at once stays here, in order, and goes out with the flush.
TEST(Http1Connection, KeepsWhatTheClientDoesNotTakeAndFlushesIt) {
  Line line;
  std::size_t got = 0;
  const std::string much(std::size_t{8} << 20, 'x');
  const std::size_t all =
      std::string_view("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").size() + much.size() + 3;
  serve_one("GET / HTTP/1.0\r\nHost: a\r\n\r\n", line, [&](Http1Connection& to) -> Task<void> {
    to.begin(AnswerHead(200));
    const std::string_view one = much, end = "end";
    EXPECT_EQ(to.write({&one, 1}, false), ServerStream::Written::kLater);
    EXPECT_EQ(to.write({&end, 1}, true), ServerStream::Written::kLater);
    std::thread reader([&] {
      char bytes[65536];
      while (got < all) {
        ssize_t n = ::recv(line.client.get(), bytes, sizeof bytes, 0);
        if (n <= 0) break;
        got += static_cast<std::size_t>(n);
        if (got == all) EXPECT_EQ(std::string_view(bytes + n - 3, 3), "end");
      }
    });
    bool sent = co_await to.flush();
    EXPECT_TRUE(sent);
    reader.join();
    EXPECT_EQ(to.bytes_sent(), static_cast<std::int64_t>(got));
  });
  EXPECT_EQ(got, all);
}

TEST(Http1Connection, SaysWhenNobodyIsThere) {
  Line line;
  serve_one("GET / HTTP/1.1\r\nHost: a\r\n\r\n", line, [&](Http1Connection& to) -> Task<void> {
    line.client = UniqueFd();
    std::uint32_t why = co_await to.signal().wait(kPeerGone);
    EXPECT_EQ(why, kPeerGone);
    EXPECT_FALSE(to.client_there());
    to.begin(AnswerHead(200));
    const std::string_view one = "x";
    std::ignore = to.write({&one, 1}, false);  // the first is answered by a reset
    auto later = to.write({&one, 1}, false);
    EXPECT_EQ(later, ServerStream::Written::kGone);
    EXPECT_FALSE(to.keep_alive());
  });
}

}  // namespace
}  // namespace sallyport::http
