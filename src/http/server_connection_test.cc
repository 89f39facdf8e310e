// One connection from its first byte to its last: which requests it carries, and every way in which
// it ends.
#include "http/server_connection.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <functional>
#include <thread>
#include <vector>

#include "http/test_line.h"

namespace sallyport::http {
namespace {

using std::chrono::milliseconds;
using BodyRead = ServerStream::BodyRead;

constexpr std::uint32_t kCutHere = kFirstOwn;
// Nobody waits for these: a tick of the loop (32 ms) is what a limit costs.
constexpr milliseconds kSoon{5};

// Answers everything with "ok", and 408 where the body did not come.
class Answers final : public ServerHandler {
 public:
  Task<void> answer(ServerStream& stream) override {
    targets.emplace_back(stream.head().target);
    when_asked();
    std::string_view body = "ok";
    int status = 200;
    if (stream.head().has_body() && reads_bodies) {
      BudgetShare share(budget);
      auto read = co_await stream.read_body(1 << 20, share);
      reads.push_back(read);
      bodies.emplace_back(stream.body());
      if (read == BodyRead::kClientGone) co_return;
      if (read != BodyRead::kDone) status = 408;
    }
    before_answer();
    std::ignore = co_await stream.send(AnswerHead(status), {&body, 1});
  }
  WrittenRefusal refuse_head(std::optional<HeadFault> fault) override {
    faults.push_back(fault);
    return write_refusal({.status = fault ? 400 : 408, .message = "No."}, "id", "date");
  }

  std::function<void()> when_asked = [] {};
  std::function<void()> before_answer = [] {};
  bool reads_bodies = true;
  ByteBudget budget{1 << 20};
  std::vector<std::string> targets, bodies;
  std::vector<BodyRead> reads;
  std::vector<std::optional<HeadFault>> faults;
};

class Connection : public testing::Test {
 protected:
  // Serves the connection to its end while `client` says and hears on a thread of its own.
  void serve(const std::function<void()>& client) {
    connection.emplace(loop, std::move(line.ours), times, kCutHere);
    std::thread other([&] {
      client();
      line.leave();
    });
    auto all = [&]() -> Task<void> {
      co_await connection->serve(nullptr, handler);
      connection.reset();
      loop.stop();
    };
    loop.post([&] { spawn(all()); });
    loop.run();
    other.join();
  }
  // The whole of what a client hears that says this.
  std::string say(const std::string& text) {
    std::string heard;
    serve([&] {
      line.say(text);
      heard = line.hear();
    });
    return heard;
  }
  static std::string get(const std::string& target, const std::string& more = {}) {
    return "GET " + target + " HTTP/1.1\r\nhost: a\r\n" + more + "\r\n";
  }

  EventLoop loop;
  TestLine line;
  ServerTimes times;
  Answers handler;
  std::optional<ServerConnection> connection;
};

constexpr std::string_view kAnswer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST_F(Connection, CarriesOneRequestAfterTheOther) {
  std::string first, second;
  serve([&] {
    line.say(get("/1"));
    first = line.hear("ok");
    line.say(get("/2", "connection: close\r\n"));
    second = line.hear();
  });
  EXPECT_EQ(first, kAnswer);
  EXPECT_EQ(second, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
  EXPECT_EQ(handler.targets, (std::vector<std::string>{"/1", "/2"}));
}

TEST_F(Connection, AnswersARequestThatCameWithTheOneBefore) {
  auto heard = say("POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello" +
                   get("/2", "connection: close\r\n"));
  EXPECT_EQ(times_in(heard, "HTTP/1.1 200 OK\r\n"), 2U) << heard;
  EXPECT_EQ(handler.targets, (std::vector<std::string>{"/1", "/2"}));
  EXPECT_EQ(handler.bodies, std::vector<std::string>{"hello"});
}

TEST_F(Connection, WhoSendsManyRequestsAtOnceLetsOthersGoFirst) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += get("/");
  many += get("/last", "connection: close\r\n");
  std::size_t when_others_ran = 0;
  handler.when_asked = [&] {
    if (handler.targets.size() == 1) {
      loop.post([&] { when_others_ran = handler.targets.size(); });
    }
  };
  auto heard = say(many);
  EXPECT_EQ(times_in(heard, "HTTP/1.1 200 OK\r\n"), 41U);
  EXPECT_GT(when_others_ran, 0U);
  EXPECT_LT(when_others_ran, 20U);
}

TEST_F(Connection, ClosesWithoutAWordWhenNothingFollows) {
  times.keep_alive = kSoon;
  EXPECT_EQ(say(get("/")), kAnswer);
  EXPECT_TRUE(handler.faults.empty());
}

TEST_F(Connection, ClosesWithoutAWordWhenNothingEverCame) {
  times.keep_alive = kSoon;
  EXPECT_EQ(say(""), "");
  EXPECT_TRUE(handler.targets.empty());
}

TEST_F(Connection, AHeadThatDoesNotEndIsAnswered) {
  times.head = kSoon;
  auto heard = say("GET / HTTP/1.1\r\nhost:");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 408 ")) << heard;
  EXPECT_NE(heard.find("connection: close\r\n"), std::string::npos);
  EXPECT_EQ(handler.faults, std::vector<std::optional<HeadFault>>{std::nullopt});
  EXPECT_TRUE(handler.targets.empty());
}

// The limit is the whole head's: a byte now and then does not move it.
TEST_F(Connection, AHeadThatComesByteByByteHasTheSameLimit) {
  times.head = milliseconds(40);
  std::string heard;
  serve([&] {
    std::thread trickle([&] {
      line.say("GET / HTTP/1.1\r\nx: ");
      for (pollfd at{line.theirs.get(), POLLIN, 0}; ::poll(&at, 1, 2) == 0;) line.say("y");
    });
    heard = line.hear();
    trickle.join();
  });
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 408 ")) << heard;
}

TEST_F(Connection, AHeadThatIsNoneIsAnsweredAndNothingAfterItIsRead) {
  auto heard = say("GET / HTTP/1.1\r\nhost : a\r\n\r\n" + get("/2"));
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 400 ")) << heard;
  EXPECT_EQ(times_in(heard, "HTTP/1.1 "), 1U);
  ASSERT_EQ(handler.faults.size(), 1U);
  EXPECT_TRUE(handler.faults[0].has_value());
  EXPECT_TRUE(handler.targets.empty());
}

TEST_F(Connection, ABodyThatDoesNotEndIsAnsweredAndTheLast) {
  times.body = kSoon;
  auto heard = say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhello");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 408 ")) << heard;
  EXPECT_NE(heard.find("connection: close\r\n"), std::string::npos);
  EXPECT_EQ(handler.reads, std::vector<BodyRead>{BodyRead::kSlow});
}

TEST_F(Connection, AChunkedBodyThatDoesNotEndLikewise) {
  times.body = kSoon;
  auto heard = say("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 408 ")) << heard;
  EXPECT_EQ(handler.reads, std::vector<BodyRead>{BodyRead::kSlow});
}

TEST_F(Connection, ABodyThatNobodyReadIsNotTakenForTheNextRequest) {
  handler.reads_bodies = false;
  auto heard = say("POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 25\r\n\r\n" +
                   std::string(25, 'x') + get("/2", "connection: close\r\n"));
  EXPECT_EQ(handler.targets, (std::vector<std::string>{"/1", "/2"}));
  EXPECT_EQ(times_in(heard, "HTTP/1.1 200 OK\r\n"), 2U) << heard;
}

TEST_F(Connection, WhoLeavesWithinAHeadIsNotAnswered) {
  std::string heard;
  serve([&] {
    line.say("GET / HTTP/1.1\r\n");
    line.half_close();
    heard = line.hear();
  });
  EXPECT_EQ(heard, "");
  EXPECT_TRUE(handler.targets.empty());
  EXPECT_TRUE(handler.faults.empty());
}

TEST_F(Connection, WhoLeavesWithinABodyIsNotAnswered) {
  std::string heard;
  serve([&] {
    line.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhello");
    line.half_close();
    heard = line.hear();
  });
  EXPECT_EQ(heard, "");
  EXPECT_EQ(handler.reads, std::vector<BodyRead>{BodyRead::kClientGone});
}

TEST_F(Connection, WhoSaysNothingMoreStillGetsItsAnswer) {
  std::string heard;
  serve([&] {
    line.say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\n");
    line.say("hello");
    line.half_close();
    heard = line.hear();
  });
  EXPECT_EQ(heard, kAnswer);
}

TEST_F(Connection, AnIdleOneEndsWhenItIsToldTo) {
  std::string first, rest;
  serve([&] {
    line.say(get("/"));
    first = line.hear("ok");
    loop.post([&] { connection->close_when_idle(); });
    rest = line.hear();
  });
  EXPECT_EQ(first, kAnswer);
  EXPECT_EQ(rest, "");
}

TEST_F(Connection, ABusyOneAnswersFirstAndSaysThatItCloses) {
  handler.before_answer = [&] { connection->close_when_idle(); };
  auto heard = say(get("/1") + get("/2"));
  EXPECT_EQ(handler.targets, std::vector<std::string>{"/1"});
  EXPECT_EQ(heard, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok");
}

TEST_F(Connection, OneThatIsToldToEndBeforeItsFirstRequestEnds) {
  std::string heard;
  handler.when_asked = [] { ADD_FAILURE() << "it was asked for something"; };
  loop.post([&] { loop.post([&] { connection->close_when_idle(); }); });
  serve([&] { heard = line.hear(); });
  EXPECT_EQ(heard, "");
}

TEST_F(Connection, ACutEndsAWaitForABody) {
  handler.when_asked = [&] { loop.post([&] { connection->raise(kCutHere); }); };
  auto heard = say("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhello");
  EXPECT_EQ(heard, "");
  EXPECT_EQ(handler.reads, std::vector<BodyRead>{BodyRead::kClientGone});
}

// What a client sends on after the last answer is taken off the line: a close before that would be a
// reset, which takes the answer with it.
TEST_F(Connection, WhoTalksOnAfterTheLastAnswerGetsToReadIt) {
  std::string heard;
  bool all_said = true;
  serve([&] {
    line.say(get("/", "connection: close\r\n"));
    const std::string much(1 << 16, 'x');
    for (int i = 0; i < 64; ++i) all_said = all_said && line.say(much);
    line.half_close();
    heard = line.hear();
  });
  EXPECT_TRUE(all_said);
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 OK\r\n")) << heard;
}

}  // namespace
}  // namespace sallyport::http
