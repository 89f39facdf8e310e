// Every way in which a wait with a provider can end, at every place where one waits: what the client
// gets and what stands in the record. The switches below have no default, so that a new value of
// Got does not compile before somebody has said what becomes of it.
#include <fmt/format.h>

#include <future>

#include "audit/sync_thread.h"
#include "gateway/attempts.h"
#include "gateway/relay.h"
#include "gateway/test_house.h"

namespace sallyport::gateway {
namespace {

// Where an exchange waits for its provider.
enum class Place : std::uint8_t { kHead, kWhole, kStream };

struct End {
  const char* never = nullptr;  ///< why it cannot end so; the rest is empty then
  std::vector<Act> acts;        ///< of the provider, behind the request
  int status = 0;               ///< that the client gets; 0: no answer
  const char* closed = "";      ///< what the closed line says
  void (*furnish)(House&) = nullptr;
};

End never(const char* why) {
  return {.never = why};
}

// Two turns later: by then what the provider has said before is read.
Act in_the_house(House& house, std::function<void()> what) {
  return call([&house, what = std::move(what)] {
    house.loop.post([&house, what] { house.loop.post(what); });
  });
}
// Goes on when that is read.
Act once_read(House& house) {
  return call([&house] {
    std::promise<void> read;
    house.loop.post([&] { house.loop.post([&] { read.set_value(); }); });
    read.get_future().wait();
  });
}
Act client_leaves(House& house) {
  return in_the_house(house, [&house] { house.client.leaves(); });
}
Act cut(House& house) {
  return in_the_house(house, [&house] { house.client.signal().raise(kCut); });
}

void nobody_listens(House& house) {
  house.provider.goes();
}
void pings_soon(House& house) {
  house.limits.ping = std::chrono::milliseconds(1);
  house.limits.silence = std::chrono::milliseconds(200);
  house.configure();
}

const std::string kHalf = http_answer(200, whole_answer()).substr(0, 90);
const std::string kBadChunk = "zz\r\n";

std::string whole_head() {
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
}

// Before the answer's head is there.
End end_of_head(Got got, House& house) {
  switch (got) {
    case Got::kPing:
      return never("pings stand between events");
    case Got::kBytes:
      return {.acts = {say(kHalf), once_read(house),
                       say(http_answer(200, whole_answer()).substr(90)), hold()},
              .status = 200,
              .closed = "\"complete\""};
    case Got::kEnd:
      return {.acts = {say(http_answer(200, whole_answer())), hold()},
              .status = 200,
              .closed = "\"complete\""};
    case Got::kNoWay:
      return {.status = 502, .closed = "upstream.unreachable", .furnish = nobody_listens};
    case Got::kDied:
      return {.status = 502, .closed = "upstream.died"};
    case Got::kBroken:
      return {.acts = {say("SSH-2.0-OpenSSH\r\n\r\n"), hold()},
              .status = 502,
              .closed = "upstream.bad_answer"};
    case Got::kTimeUp:
      return {.acts = {hold()}, .status = 504, .closed = "upstream.first_byte_timeout"};
    case Got::kTooLarge:
      return never("nothing of a body is kept yet; a head that is too large is broken");
    case Got::kClientGone:
      return {.acts = {client_leaves(house), hold()}, .closed = "client.gone"};
    case Got::kStopped:
      return {.acts = {cut(house), hold()}, .closed = "gateway.draining"};
  }
  check_failed("an end that nobody has described", __FILE__, __LINE__);
}

// Within an answer that is gathered first.
End end_of_whole(Got got, House& house) {
  switch (got) {
    case Got::kPing:
      return never("pings stand between events");
    case Got::kBytes:
    case Got::kEnd:
      return {.acts = {say(whole_head()), once_read(house), say(chunk(whole_answer())),
                       say("0\r\n\r\n"), hold()},
              .status = 200,
              .closed = "\"complete\""};
    case Got::kNoWay:
      return never("there is a connection");
    case Got::kDied:
      return {.acts = {say(kHalf)}, .status = 502, .closed = "upstream.died"};
    case Got::kBroken:
      return {.acts = {say(whole_head()), once_read(house), say(chunk("{") + kBadChunk), hold()},
              .status = 502,
              .closed = "upstream.bad_answer"};
    case Got::kTimeUp:
      return {.acts = {say(kHalf), hold()}, .status = 504, .closed = "upstream.first_byte_timeout"};
    case Got::kTooLarge:
      return {.acts = {say(whole_head()), once_read(house), say(chunk(std::string(4 << 10, ' '))),
                       hold()},
              .status = 502,
              .closed = "upstream.bad_answer"};
    case Got::kClientGone:
      return {.acts = {say(kHalf), client_leaves(house), hold()}, .closed = "client.gone"};
    case Got::kStopped:
      return {.acts = {say(kHalf), cut(house), hold()}, .closed = "gateway.draining"};
  }
  check_failed("an end that nobody has described", __FILE__, __LINE__);
}

// Within a stream of events: its client has the head already.
End end_of_stream(Got got, House& house) {
  const std::string begun = stream_head() + chunk(message_start());
  switch (got) {
    case Got::kPing:
      return {.acts = {say(begun), hold()},
              .status = 200,
              .closed = "upstream.silent",
              .furnish = pings_soon};
    case Got::kBytes:
    case Got::kEnd:
      return {.acts = {say(begun), once_read(house), say(chunk(message_end())), say("0\r\n\r\n"),
                       hold()},
              .status = 200,
              .closed = "\"complete\""};
    case Got::kNoWay:
      return never("there is a connection");
    case Got::kDied:
      return {.acts = {say(begun)}, .status = 200, .closed = "upstream.died"};
    case Got::kBroken:
      return {.acts = {say(begun), once_read(house), say(kBadChunk), hold()},
              .status = 200,
              .closed = "upstream.bad_answer"};
    case Got::kTimeUp:
      return {.acts = {say(begun), hold()}, .status = 200, .closed = "upstream.silent"};
    case Got::kTooLarge:
      return {
          .acts = {say(begun), once_read(house),
                   say(chunk("event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
                             "{\"x\":\"" +
                             std::string(200 << 10, 'y'))),
                   hold()},
          .status = 200,
          .closed = "upstream.bad_answer"};
    case Got::kClientGone:
      return {.acts = {say(begun), client_leaves(house), hold()},
              .status = 200,
              .closed = "client.gone"};
    case Got::kStopped:
      return {
          .acts = {say(begun), cut(house), hold()}, .status = 200, .closed = "gateway.draining"};
  }
  check_failed("an end that nobody has described", __FILE__, __LINE__);
}

End end_of(Place place, Got got, House& house) {
  switch (place) {
    case Place::kHead:
      return end_of_head(got, house);
    case Place::kWhole:
      return end_of_whole(got, house);
    case Place::kStream:
      return end_of_stream(got, house);
  }
  check_failed("an end that nobody has described", __FILE__, __LINE__);
}

// One exchange that ends so.
void expect_end(Place place, Got got) {
  SCOPED_TRACE(fmt::format("place {}, end {}", static_cast<int>(place), static_cast<int>(got)));
  House house(got == Got::kTooLarge ? 1 << 10 : 1 << 20);
  End end = end_of(place, got, house);
  if (end.never != nullptr) return;
  if (end.furnish != nullptr) end.furnish(house);
  end.acts.insert(end.acts.begin(), read_request());
  house.provider.on_connection(std::move(end.acts));
  if (got != Got::kTimeUp && got != Got::kPing) {  // then no machine is too slow for it
    house.limits.first_byte = house.limits.silence = std::chrono::seconds(10);
    house.limits.first_byte_stream = house.limits.first_byte;
    house.configure();
  }
  house.ask(message("claude-sonnet-5", place == Place::kStream ? R"(,"stream":true)" : ""));
  EXPECT_EQ(house.client.status(), end.status);
  EXPECT_EQ(house.lines_with(R"("type":"opened")"), 1U);
  EXPECT_EQ(house.lines_with(R"("type":"closed")"), 1U);
  auto closed = house.line_with(R"("type":"closed")");
  EXPECT_NE(closed.find(end.closed), std::string::npos) << closed;
  EXPECT_EQ(house.worker.counters.exchanges(), 0U);
  EXPECT_EQ(house.bodies.used(), 0U);
  const bool nobody = got == Got::kClientGone || (got == Got::kStopped && place != Place::kStream);
  EXPECT_EQ(house.client.gave_up, nobody);
  // What the record and the log say of it is what the client is told, where it is told at all.
  if (!code_of(got).empty() && place == Place::kHead) {
    EXPECT_NE(closed.find(code_of(got)), std::string::npos) << closed;
  }
}

constexpr Got kAllEnds[] = {Got::kPing,       Got::kBytes,  Got::kEnd,    Got::kNoWay,
                            Got::kDied,       Got::kBroken, Got::kTimeUp, Got::kTooLarge,
                            Got::kClientGone, Got::kStopped};
static_assert(std::size(kAllEnds) == static_cast<std::size_t>(Got::kStopped) + 1,
              "Got has a value that no test walks");

TEST(RelayEnds, OfAHead) {
  for (Got got : kAllEnds) expect_end(Place::kHead, got);
}

TEST(RelayEnds, OfAWholeAnswer) {
  for (Got got : kAllEnds) expect_end(Place::kWhole, got);
}

TEST(RelayEnds, OfAStream) {
  for (Got got : kAllEnds) expect_end(Place::kStream, got);
}

// ---- ends that lie between the waits -----------------------------------------------------------

void revoke_everybody(House& house) {
  auto revocation = std::make_shared<identity::Revocation>();
  revocation->id = "r-1";
  revocation->kind = identity::RevocationKind::kAll;
  std::ignore = house.lane.admissions().apply(
      {identity::RevocationChange::What::kRevoked, revocation, {}, {}, {}},
      house.process.clock.wall());
}

// What happens when the opened line is written and the exchange has not run on yet.
void once_opened(House& house, std::function<void()> what) {
  house.loop.at_end_of_turn([&house, what = std::move(what), done = false]() mutable {
    if (done || house.chain->written_sequence() < 2) return;
    done = true;
    what();
  });
}

std::string closed_line(House& house) {
  EXPECT_EQ(house.lines_with(R"("type":"closed")"), 1U);
  return house.line_with(R"("type":"closed")");
}

TEST(RelayEnds, ARevocationBeforeAnythingIsSentReachesNoProvider) {
  House house;
  once_opened(house, [&] { revoke_everybody(house); });
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_TRUE(house.client.closes);
  EXPECT_NE(closed_line(house).find("cut_by_revocation"), std::string::npos);
  EXPECT_TRUE(house.provider.requests().empty());
  EXPECT_EQ(house.worker.counters.upstream_connects.value(), 0U);
}

TEST(RelayEnds, WhoLeavesWhileItConnectsIsSentForNobody) {
  House house;
  once_opened(house, [&] { house.client.leaves(); });
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.answers, 0);
  EXPECT_NE(closed_line(house).find("aborted_by_client"), std::string::npos);
  EXPECT_TRUE(house.provider.requests().empty());
}

TEST(RelayEnds, ACutWhileItConnectsEndsIt) {
  House house;
  once_opened(house, [&] { house.client.signal().raise(kCut); });
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.answers, 0);
  EXPECT_NE(closed_line(house).find("gateway.draining"), std::string::npos);
  EXPECT_TRUE(house.provider.requests().empty());
}

// `audit.sync: each`, the answer is there, and the disk has not said yet that it has the record.
struct WaitingForTheDisk {
  WaitingForTheDisk() {
    house.chain->attach(sync);
    house.sync_each = true;
    house.process.disk.hold_syncs();
  }
  ~WaitingForTheDisk() { house.process.disk.release_syncs(); }
  WaitingForTheDisk(const WaitingForTheDisk&) = delete;
  WaitingForTheDisk& operator=(const WaitingForTheDisk&) = delete;

  // `what` once the exchange waits for nothing but that.
  void ask(std::function<void()> what) {
    house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())),
                                  in_the_house(house, std::move(what)), hold()});
    house.ask(message("claude-sonnet-5"));
  }

  audit::SyncThread sync{std::chrono::milliseconds(0)};
  House house;  // its chain goes before the thread that works on it
};

TEST(RelayEnds, WithSyncEachTheAnswerWaitsForTheDisk) {
  WaitingForTheDisk waiting;
  waiting.ask([&] {
    EXPECT_EQ(waiting.house.client.answers, 0);
    waiting.house.process.disk.release_syncs();
  });
  EXPECT_EQ(waiting.house.client.status(), 200);
  EXPECT_NE(closed_line(waiting.house).find("\"complete\""), std::string::npos);
}

TEST(RelayEnds, ARevocationWhileTheDiskIsWaitedForIsAnswered) {
  WaitingForTheDisk waiting;
  waiting.ask([&] { revoke_everybody(waiting.house); });
  EXPECT_EQ(waiting.house.client.status(), 401);
  EXPECT_NE(closed_line(waiting.house).find("cut_by_revocation"), std::string::npos);
}

TEST(RelayEnds, ACutWhileTheDiskIsWaitedForSendsNothingOfTheAnswer) {
  WaitingForTheDisk waiting;
  waiting.ask([&] { waiting.house.client.signal().raise(kCut); });
  EXPECT_EQ(waiting.house.client.got.find("msg_1"), std::string::npos);
  EXPECT_NE(closed_line(waiting.house).find("record_failed"), std::string::npos);
}

// A whole answer that its client does not take (any more).
TEST(RelayEnds, AWholeAnswerThatIsNotTakenIsAborted) {
  for (bool error : {false, true}) {
    House house;
    house.client.takes_answer = [] { return false; };
    const std::string body =
        R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
    house.provider.on_connection(
        {read_request(), say(error ? http_answer(529, body) : http_answer(200, whole_answer())),
         hold()});
    house.ask(message("claude-sonnet-5"));
    EXPECT_NE(closed_line(house).find("aborted_by_client"), std::string::npos);
  }
}

TEST(RelayEnds, AWholeAnswerThatARevocationCutsSaysSo) {
  House house;
  house.client.takes_answer = [&] {
    revoke_everybody(house);
    return false;
  };
  house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())), hold()});
  house.ask(message("claude-sonnet-5"));
  auto closed = closed_line(house);
  EXPECT_NE(closed.find("cut_by_revocation"), std::string::npos) << closed;
  EXPECT_NE(closed.find("r-1"), std::string::npos) << closed;
}

// A stream's client that takes nothing for too long, or is cut from it.
TEST(RelayEnds, AStreamThatIsNotTakenIsAborted) {
  House house;
  house.client.takes = 1;
  house.client.when_written = [&] { house.loop.post([&] { house.client.leaves(); }); };
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.ask(message("claude-sonnet-5", R"(,"stream":true)"));
  EXPECT_TRUE(house.client.gave_up);
  EXPECT_NE(closed_line(house).find("aborted_by_client"), std::string::npos);
}

TEST(RelayEnds, ACutWhileAStreamIsNotTakenSaysSo) {
  House house;
  house.client.takes = 1;
  house.client.flushes = false;
  house.client.when_written = [&] { house.loop.post([&] { house.client.signal().raise(kCut); }); };
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.ask(message("claude-sonnet-5", R"(,"stream":true)"));
  EXPECT_FALSE(house.client.ended);
  EXPECT_NE(closed_line(house).find("gateway.draining"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::gateway
