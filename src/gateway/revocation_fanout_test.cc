#include "gateway/revocation_fanout.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "base/task.h"
#include "gateway/bits.h"

namespace sallyport::gateway {
namespace {

using identity::PrincipalDraft;
using identity::PrincipalPtr;
using identity::Revocation;
using identity::RevocationChange;
using identity::RevocationKind;

PrincipalPtr person(int number) {
  PrincipalDraft made;
  made.issuer = "contoso";
  made.key = "contoso/t/" + std::to_string(number);
  return keep(made);
}

RevocationChange revoked(int number) {
  auto made = std::make_shared<Revocation>();
  made->id = std::to_string(number);
  made->target = "contoso/t/" + std::to_string(number);
  return {RevocationChange::What::kRevoked, made, {}, {}, {}};
}

// A loop on a thread of its own that admits the same few people again and again, as a worker does.
class Lane {
 public:
  explicit Lane(Clock& clock) : clock_(clock), lane(loop_, clock) {
    thread_ = std::thread([this] {
      spawn(work());
      loop_.run();
      lane.end();
    });
  }
  ~Lane() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] { ending_ = true; });
    thread_.join();
  }
  std::atomic<int> admitted{0}, refused{0}, cut{0};
  std::atomic<std::size_t> most_in_a_turn{0};  ///< revocations between two turns of other work

 private:
  Task<void> work() {
    Signal signal(loop_);
    for (int round = 0; !ending_; ++round) {
      auto who = person(round % 100);
      if (lane.admissions().find(*who, clock_.wall())) {
        ++refused;
      } else {
        RunningExchange exchange(signal, kCut);
        lane.admissions().enter(exchange, who, std::string(36, 'r'), clock_.wall());
        ++admitted;
        co_await loop_.next_turn();
        look();
        if (exchange.revocation()) ++cut;
      }
      co_await loop_.next_turn();
      look();
    }
    loop_.stop();
  }
  void look() {
    const std::size_t now = lane.admissions().in_force();
    most_in_a_turn = std::max<std::size_t>(most_in_a_turn, now - in_force_);
    in_force_ = now;
  }

  Clock& clock_;
  EventLoop loop_;
  bool ending_ = false;
  std::size_t in_force_ = 0;

 public:
  RevocationLane lane;

 private:
  std::thread thread_;
};

TEST(RevocationFanout, ReturnsWhenEveryWorkerHasAppliedIt) {
  FakeClock clock;
  std::deque<Lane> lanes;
  std::vector<RevocationLane*> ends;
  ends.reserve(4);
  for (int i = 0; i < 4; ++i) ends.push_back(&lanes.emplace_back(clock).lane);
  WorkerFanout fanout(ends);
  for (int number = 0; number < 100; number += 10) {
    std::vector<RevocationChange> changes;
    changes.reserve(10);
    for (int i = 0; i < 10; ++i) changes.push_back(revoked(number + i));
    EXPECT_EQ(fanout.apply(changes).size(), 10U);
  }
  // Everybody is revoked everywhere: from here on nobody is admitted by anybody.
  std::vector<int> before;
  before.reserve(lanes.size());
  for (auto& lane : lanes) before.push_back(lane.admitted);
  for (auto& lane : lanes) {
    int refused = lane.refused;
    while (lane.refused < refused + 100) std::this_thread::yield();
  }
  for (std::size_t i = 0; i < lanes.size(); ++i) EXPECT_EQ(lanes[i].admitted, before[i]);
}

TEST(RevocationFanout, OtherWorkRunsBetweenTheSlicesOfAGreatRevocation) {
  FakeClock clock;
  std::deque<Lane> lanes;
  std::vector<RevocationLane*> ends;
  ends.reserve(2);
  for (int i = 0; i < 2; ++i) ends.push_back(&lanes.emplace_back(clock).lane);
  WorkerFanout fanout(ends);
  std::vector<RevocationChange> changes;
  changes.reserve(1000);
  for (int i = 0; i < 1000; ++i) changes.push_back(revoked(i));
  for (auto& lane : lanes) {
    while (lane.admitted < 200) std::this_thread::yield();
  }
  auto effects = fanout.apply(changes);
  for (auto& lane : lanes) lane.stop();
  for (auto& lane : lanes) {
    EXPECT_EQ(lane.lane.admissions().in_force(), 1000U) << "all of them, before it returned";
    EXPECT_LE(lane.most_in_a_turn, WorkerFanout::kSlice);
    EXPECT_GT(lane.most_in_a_turn, 0U);
  }
  ASSERT_EQ(effects.size(), 1000U);
  EXPECT_EQ(effects[99].last_request, std::string(36, 'r')) << "of a later slice than the first";
  EXPECT_EQ(effects[999].last_request, "");
}

TEST(RevocationFanout, APreviewGathersWhatRunsAtEveryWorker) {
  FakeClock clock;
  std::deque<Lane> lanes;
  std::vector<RevocationLane*> ends;
  ends.reserve(2);
  for (int i = 0; i < 2; ++i) ends.push_back(&lanes.emplace_back(clock).lane);
  WorkerFanout fanout(ends);
  auto everybody = std::make_shared<Revocation>();
  everybody->kind = RevocationKind::kAll;
  everybody->not_before = unix_seconds(clock.wall()) + 1;
  // Each lane admits one at a time: sooner or later a preview comes while one runs.
  std::size_t most = 0;
  for (int i = 0; i < 100'000 && most == 0; ++i) {
    auto reach = fanout.preview({everybody});
    EXPECT_LE(reach.streams, 2U);
    EXPECT_LE(reach.persons.size(), reach.streams);
    most = std::max(most, reach.streams);
  }
  EXPECT_GT(most, 0U);
  for (const auto& lane : lanes) EXPECT_EQ(lane.cut + lane.refused, 0);
  lanes[0].stop();
  EXPECT_LE(fanout.preview({everybody}).streams, 1U) << "a worker that has ended is not waited for";
}

TEST(RevocationFanout, DoesNotWaitForAWorkerThatHasEnded) {
  FakeClock clock;
  std::deque<Lane> lanes;
  std::vector<RevocationLane*> ends;
  ends.reserve(2);
  for (int i = 0; i < 2; ++i) ends.push_back(&lanes.emplace_back(clock).lane);
  WorkerFanout fanout(ends);
  lanes[0].stop();
  EXPECT_EQ(fanout.apply({revoked(1)}).size(), 1U);
}

}  // namespace
}  // namespace sallyport::gateway
