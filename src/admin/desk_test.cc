#include "admin/desk.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

namespace sallyport::admin {
namespace {

using std::chrono::milliseconds;

TEST(Desk, AQuestionCountsUntilItIsAnswered) {
  Desk desk({.waiting = 8, .waiting_of_one = 1});
  std::promise<Desk::Place> given;
  ASSERT_TRUE(desk.take("ada", [&given](Desk::Place place) { given.set_value(std::move(place)); }));
  auto place = given.get_future().get();  // the desk is idle by now; the answer comes later
  const auto nothing = [](const Desk::Place& /*place*/) {};
  EXPECT_FALSE(desk.take("ada", nothing));
  EXPECT_TRUE(desk.take("bob", nothing));
  place.answered();
  EXPECT_TRUE(desk.take("ada", nothing));
}

TEST(Desk, AllThatAreNotAnsweredHaveABound) {
  Desk desk({.waiting = 1, .waiting_of_one = 1});
  std::promise<Desk::Place> given;
  ASSERT_TRUE(desk.take("ada", [&given](Desk::Place place) { given.set_value(std::move(place)); }));
  auto place = given.get_future().get();
  EXPECT_FALSE(desk.take("bob", [](const Desk::Place& /*place*/) {}));
}

TEST(Desk, EndsAfterTheLastAnswerThatComesLater) {
  std::optional<Desk> desk(Desk::Bounds{});
  std::promise<Desk::Place> given;
  ASSERT_TRUE(
      desk->take("ada", [&given](Desk::Place place) { given.set_value(std::move(place)); }));
  std::atomic<bool> answered{false};
  std::thread later([&answered, place = given.get_future().get()]() mutable {
    while (place.go_on()) std::this_thread::yield();  // it is being closed
    std::this_thread::sleep_for(milliseconds(30));
    answered = true;
    Desk::Place gone = std::move(place);
  });
  desk.reset();
  EXPECT_TRUE(answered);
  later.join();
}

TEST(Desk, WhoeverComesFirstWaitsForNobodyInOrder) {
  Desk desk({.waiting = 5, .waiting_of_one = 5});
  std::promise<void> begun;
  std::promise<void> go_on;
  std::promise<void> ended;
  std::string order;  // of the desk's thread until `ended`
  ASSERT_TRUE(desk.take("jo", [&](const Desk::Place& /*place*/) {
    begun.set_value();
    go_on.get_future().wait();
  }));
  begun.get_future().wait();
  for (int i = 0; i < 4; ++i)
    ASSERT_TRUE(desk.take("jo", [&](const Desk::Place& /*place*/) { order += 'j'; }));
  EXPECT_FALSE(desk.take("ada", [](const Desk::Place& /*place*/) {})) << "full";
  EXPECT_TRUE(
      desk.take("root", [&](const Desk::Place& /*place*/) { order += 'r'; }, Desk::Order::kFirst));
  EXPECT_TRUE(
      desk.take("root", [&](const Desk::Place& /*place*/) { order += 's'; }, Desk::Order::kFirst));
  EXPECT_TRUE(
      desk.take("jill", [&](const Desk::Place& /*place*/) { order += 'i'; }, Desk::Order::kFirst));
  go_on.set_value();
  while (!desk.take("ada", [&](const Desk::Place& /*place*/) { ended.set_value(); }))
    std::this_thread::yield();
  ended.get_future().wait();
  EXPECT_EQ(order, "rsijjjj");
}

TEST(Desk, TellsWhatRunsToEndAndDropsWhatWaits) {
  Desk desk({});
  std::promise<void> begun;
  ASSERT_TRUE(desk.take("ada", [&begun](const Desk::Place& place) {
    begun.set_value();
    while (place.go_on()) std::this_thread::yield();
  }));
  auto waits = std::make_shared<int>(0);
  ASSERT_TRUE(desk.take("ada", [waits](const Desk::Place& /*place*/) { ++*waits; }));
  begun.get_future().wait();
  desk.close();
  EXPECT_EQ(*waits, 0);
  EXPECT_EQ(waits.use_count(), 1);
  EXPECT_FALSE(desk.take("ada", [](const Desk::Place& /*place*/) {}));
}

}  // namespace
}  // namespace sallyport::admin
