#include "http/refresher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <thread>

namespace sallyport::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using Asked = Refresher::Asked;
using Effects = Refresher::Effects;
using Item = Refresher::Item;
using Ticket = Refresher::Ticket;

/// Runs nothing by itself: turn() runs what was posted, advance() what is due by then.
class StillThread final : public FetchThread {
 public:
  explicit StillThread(FakeClock& clock) : clock_(clock) {}
  void post(std::function<void()> run) override { posted_.push_back(std::move(run)); }
  void after(milliseconds delay, std::function<void()> run) override {
    timers_.emplace(clock_.steady() + delay, std::move(run));
  }
  /// What is posted now; what that posts waits for the next turn.
  void turn() {
    for (auto& run : std::exchange(posted_, {})) run();
  }
  void advance(milliseconds by) {
    clock_.advance(by);
    while (!timers_.empty() && timers_.begin()->first <= clock_.steady()) {
      timers_.extract(timers_.begin()).mapped()();
    }
  }

 private:
  FakeClock& clock_;
  std::deque<std::function<void()>> posted_;
  std::multimap<SteadyTime, std::function<void()>> timers_;
};

class RefresherTest : public testing::Test {
 protected:
  RefresherTest() { item_ = add(); }

  Item* add() {
    MutexLock lock(refresher_->mutex());
    return &refresher_->add();
  }
  void begin() {
    Effects effects;
    {
      MutexLock lock(refresher_->mutex());
      refresher_->begin(*item_, effects);
    }
    refresher_->post(std::move(effects));
    thread_.turn();
  }
  Asked ask(const std::string& what, std::function<void()> done = [] {}) {
    Effects effects;
    Asked asked{};
    {
      MutexLock lock(refresher_->mutex());
      asked = refresher_->ask_early(*item_, minutes(5), what, std::move(done), effects);
    }
    refresher_->post(std::move(effects));
    thread_.turn();
    return asked;
  }
  /// An answer from elsewhere; an empty code: it is good. The next fetch follows after a second.
  void answer(const Ticket& ticket, std::string_view code = {}) {
    refresher_->while_alive([&] {
      Effects effects;
      {
        MutexLock lock(refresher_->mutex());
        Item* item = refresher_->end(ticket);
        if (item == nullptr) return;
        settle(*item, code, effects);
      }
      refresher_->run(std::move(effects));
    })();
  }
  void settle(Item& item, std::string_view code, Effects& effects) REQUIRES(refresher_->mutex()) {
    bool news = code.empty() ? refresher_->succeeded(item)
                             : refresher_->failed(item, {code, "it did not come", {}});
    if (news) {
      std::string event = code.empty() ? "well again" : std::string(code);
      effects.events.emplace_back([this, event] { said_.push_back(event); });
    }
    effects.publish = true;
    refresher_->schedule(item, seconds(1));
    refresher_->release(item, effects);
  }
  /// What was said since the last call.
  std::vector<std::string> said() { return std::exchange(said_, {}); }
  std::function<void()> says(std::string what) {
    return [this, what = std::move(what)] { said_.push_back(what); };
  }

  FakeClock clock_;
  StillThread thread_{clock_};
  std::vector<std::string> said_;
  std::vector<Ticket> asked_;  ///< fetches that began, in their order
  std::function<void(const Ticket&)> at_once_;
  std::unique_ptr<Refresher> refresher_ = std::make_unique<Refresher>(
      thread_, clock_,
      Refresher::Owner{.fetch =
                           [this](const Ticket& ticket) {
                             said_.emplace_back("fetch");
                             asked_.push_back(ticket);
                             if (at_once_) at_once_(ticket);
                           },
                       .publish = [this] { said_.emplace_back("publish"); }});
  Item* item_ = nullptr;
};

TEST_F(RefresherTest, TellsInOrderAndBeginsFetchesLast) {
  Effects effects;
  {
    MutexLock lock(refresher_->mutex());
    refresher_->begin(*item_, effects);
  }
  effects.done = {says("done one"), says("done two")};
  effects.publish = true;
  effects.events = {says("event one"), says("event two")};
  refresher_->post(std::move(effects));
  EXPECT_THAT(said(), IsEmpty());
  thread_.turn();
  EXPECT_THAT(said(),
              ElementsAre("event one", "event two", "publish", "done one", "done two", "fetch"));
}

TEST_F(RefresherTest, FetchesAgainByTheClock) {
  begin();
  answer(asked_.at(0));
  EXPECT_THAT(said(), ElementsAre("fetch", "publish"));
  thread_.advance(milliseconds(999));
  EXPECT_THAT(said(), IsEmpty());
  thread_.advance(milliseconds(1));
  EXPECT_THAT(said(), ElementsAre("fetch"));
  EXPECT_TRUE(item_->is_fetching());
  EXPECT_FALSE(item_->is_early());
}

TEST_F(RefresherTest, OnlyTheNewestTimerCountsAndNoneWhileAFetchRuns) {
  {
    MutexLock lock(refresher_->mutex());
    refresher_->schedule(*item_, seconds(1));
    refresher_->schedule(*item_, seconds(3));
  }
  thread_.advance(seconds(2));
  EXPECT_THAT(said(), IsEmpty());
  begin();
  thread_.advance(seconds(2));
  EXPECT_THAT(said(), ElementsAre("fetch"));
}

TEST_F(RefresherTest, DropsTheAnswerToAFetchThatWasOvertaken) {
  begin();
  begin();
  answer(asked_.at(0));
  EXPECT_TRUE(item_->is_fetching());
  answer(asked_.at(1));
  EXPECT_FALSE(item_->is_fetching());
  answer(asked_.at(1));  // twice
  EXPECT_THAT(said(), ElementsAre("fetch", "fetch", "publish"));
}

TEST_F(RefresherTest, DoesNotBeginAFetchThatWasOvertakenBeforeItsTurn) {
  Effects first;
  Effects second;
  {
    MutexLock lock(refresher_->mutex());
    refresher_->begin(*item_, first);
    refresher_->begin(*item_, second);
  }
  refresher_->post(std::move(first));
  refresher_->post(std::move(second));
  thread_.turn();
  ASSERT_EQ(asked_.size(), 1u);
  answer(asked_[0]);
  EXPECT_FALSE(item_->is_fetching());
}

TEST_F(RefresherTest, TellsAFailureOnceACauseAndItsEnd) {
  begin();
  for (const char* code : {"fetch.connect", "fetch.connect", "fetch.tls", ""}) {
    answer(asked_.back(), code);
    thread_.advance(seconds(1));
  }
  EXPECT_THAT(said(),
              ElementsAre("fetch", "fetch.connect", "publish", "fetch", "publish", "fetch",
                          "fetch.tls", "publish", "fetch", "well again", "publish", "fetch"));
  EXPECT_EQ(item_->failures(), 0u);
  EXPECT_EQ(item_->last_error().code, "");
  answer(asked_.back(), "fetch.tls");  // a new one, though of the same cause as the last
  EXPECT_THAT(said(), ElementsAre("fetch.tls", "publish"));
  EXPECT_EQ(item_->failures(), 1u);
  EXPECT_EQ(item_->last_error().code, "fetch.tls");
}

TEST_F(RefresherTest, GrantsOneEarlyFetchInATimeAndLetsOthersJoinIt) {
  EXPECT_EQ(ask("one", says("one")), Asked::kBegun);
  EXPECT_TRUE(item_->is_early());
  EXPECT_EQ(ask("two", says("two")), Asked::kJoined);
  answer(asked_.at(0));
  EXPECT_THAT(said(), ElementsAre("fetch", "publish", "one", "two"));
  EXPECT_EQ(ask("three", says("three")), Asked::kNo);
  thread_.advance(minutes(5) - milliseconds(1));  // the clock's own fetch begins within
  answer(asked_.at(1));
  EXPECT_EQ(ask("three", says("three")), Asked::kNo);
  thread_.advance(milliseconds(1));
  EXPECT_EQ(ask("three", says("three")), Asked::kBegun);
  EXPECT_THAT(said(), ElementsAre("fetch", "publish", "fetch"));
}

TEST_F(RefresherTest, AFetchByTheClockDoesNotUseUpTheEarlyOne) {
  begin();
  EXPECT_EQ(ask("one"), Asked::kJoined);
  EXPECT_FALSE(item_->is_early());
  answer(asked_.at(0));
  EXPECT_EQ(ask("two"), Asked::kBegun);
}

TEST_F(RefresherTest, LetsABoundedNumberWait) {
  std::size_t done = 0;
  for (std::size_t i = 0; i < Refresher::kMostWaiters; ++i) {
    ASSERT_NE(ask("a", [&] { ++done; }), Asked::kNo) << i;
  }
  EXPECT_EQ(ask("a", [&] { ++done; }), Asked::kNo);
  answer(asked_.at(0));
  EXPECT_EQ(done, Refresher::kMostWaiters);
  begin();
  EXPECT_EQ(ask("a"), Asked::kJoined);
}

TEST_F(RefresherTest, ReleasesThoseWhoseThingCameAndKeepsTheOthers) {
  for (const char* name : {"a", "b", "a", "c"}) ASSERT_NE(ask(name, says(name)), Asked::kNo);
  Effects effects;
  {
    MutexLock lock(refresher_->mutex());
    refresher_->release_if(*item_, [](const std::string& what) { return what == "a"; }, effects);
    EXPECT_TRUE(item_->has_waiters());
  }
  refresher_->post(std::move(effects));
  thread_.turn();
  EXPECT_THAT(said(), ElementsAre("fetch", "a", "a"));
  answer(asked_.at(0));
  EXPECT_THAT(said(), ElementsAre("publish", "b", "c"));
  EXPECT_FALSE(item_->has_waiters());
}

TEST_F(RefresherTest, WhatIsGoneReleasesItsWaitersAndIsNotAskedForAgain) {
  EXPECT_EQ(ask("one", says("one")), Asked::kBegun);
  Effects effects;
  Effects late;
  {
    MutexLock lock(refresher_->mutex());
    refresher_->schedule(*item_, seconds(1));
    refresher_->begin(*item_, late);
    refresher_->remove(*item_, effects);
  }
  refresher_->post(std::move(effects));
  refresher_->post(std::move(late));
  thread_.turn();
  answer(asked_.at(0));
  thread_.advance(minutes(1));
  EXPECT_THAT(said(), ElementsAre("fetch", "one"));
  Ticket gone = asked_.at(0);
  item_ = add();
  EXPECT_NE(item_->id(), gone.item);
}

TEST_F(RefresherTest, KeepsItsItemsApart) {
  Item* first = item_;
  Item* second = add();
  begin();
  item_ = second;
  EXPECT_EQ(ask("two", says("two")), Asked::kBegun);
  answer(asked_.at(0), "fetch.connect");
  EXPECT_FALSE(first->is_fetching());
  EXPECT_EQ(first->failures(), 1u);
  EXPECT_TRUE(second->is_fetching());
  EXPECT_EQ(second->failures(), 0u);
  EXPECT_TRUE(second->has_waiters());
}

TEST_F(RefresherTest, AFetchMayAnswerWithinItsOwnStart) {
  at_once_ = [this](const Ticket& ticket) { answer(ticket); };
  EXPECT_EQ(ask("one", says("one")), Asked::kBegun);
  EXPECT_THAT(said(), ElementsAre("fetch", "publish", "one"));
  EXPECT_FALSE(item_->is_fetching());
}

TEST_F(RefresherTest, ACallbackMayCallBackIn) {
  Asked again{};
  EXPECT_EQ(ask("one",
                [&] {
                  said_.emplace_back("one");
                  Effects effects;
                  {
                    MutexLock lock(refresher_->mutex());
                    refresher_->begin(*item_, effects);
                    again =
                        refresher_->ask_early(*item_, minutes(5), "again", says("again"), effects);
                  }
                  refresher_->post(std::move(effects));
                  said_.emplace_back("asked");
                }),
            Asked::kBegun);
  answer(asked_.at(0));
  EXPECT_EQ(again, Asked::kJoined);
  EXPECT_THAT(said(), ElementsAre("fetch", "publish", "one", "asked"));
  thread_.turn();
  answer(asked_.at(1));
  EXPECT_THAT(said(), ElementsAre("fetch", "publish", "again"));
}

TEST_F(RefresherTest, NothingRunsOnceItIsStopped) {
  EXPECT_EQ(ask("one", says("one")), Asked::kBegun);
  {
    MutexLock lock(refresher_->mutex());
    refresher_->schedule(*item_, seconds(1));
  }
  auto left = refresher_->while_alive(says("left"));
  refresher_->post(says("posted"));
  refresher_->stop();
  refresher_->stop();  // again is harmless
  refresher_->post(says("posted later"));
  thread_.turn();
  answer(asked_.at(0));
  refresher_.reset();
  left();
  thread_.advance(seconds(2));
  EXPECT_THAT(said(), ElementsAre("fetch"));
}

TEST_F(RefresherTest, StopWaitsForThePieceOfWorkThatRuns) {
  std::promise<void> inside;
  std::promise<void> go_on;
  std::atomic<bool> ended{false};
  refresher_->post([&] {
    inside.set_value();
    go_on.get_future().wait();
    ended = true;
  });
  refresher_->post(says("the next"));
  std::thread fetch_thread([&] { thread_.turn(); });
  inside.get_future().wait();
  auto stopped = std::async(std::launch::async, [&] {
    refresher_->stop();
    return ended.load();
  });
  EXPECT_EQ(stopped.wait_for(milliseconds(20)), std::future_status::timeout);
  go_on.set_value();
  EXPECT_TRUE(stopped.get());
  fetch_thread.join();
}

TEST_F(RefresherTest, TerminatesRatherThanWaitForItself) {
  refresher_->post([this] { refresher_->stop(); });
  EXPECT_DEATH(thread_.turn(), "depth == 0");
}

TEST(Pauses, DoubleUpToTheMost) {
  auto pause = [](unsigned failures) {
    return doubling_pause(milliseconds(1000), milliseconds(30000), failures).count();
  };
  EXPECT_EQ(pause(1), 1000);
  EXPECT_EQ(pause(2), 2000);
  EXPECT_EQ(pause(5), 16000);
  EXPECT_EQ(pause(6), 30000);
  EXPECT_EQ(pause(4'000'000'000), 30000);
}

TEST(Pauses, FollowAListWhoseLastRepeats) {
  std::vector<milliseconds> list{milliseconds(100), milliseconds(2000)};
  EXPECT_EQ(listed_pause(list, 1).count(), 100);
  EXPECT_EQ(listed_pause(list, 2).count(), 2000);
  EXPECT_EQ(listed_pause(list, 99).count(), 2000);
}

TEST(Pauses, VaryByLessThanATenth) {
  EXPECT_EQ(share_of_tenth(milliseconds(2560), 0).count(), 0);
  EXPECT_EQ(share_of_tenth(milliseconds(2560), 100).count(), 100);
  EXPECT_EQ(share_of_tenth(milliseconds(2560), 255).count(), 255);
}

}  // namespace
}  // namespace sallyport::http
