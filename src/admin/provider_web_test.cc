#include "admin/provider_web.h"

#include <gtest/gtest.h>

#include <thread>

namespace sallyport::admin {
namespace {

TEST(EndableWait, EndsWhenItIsDone) {
  auto wait = std::make_shared<EndableWait>();
  std::thread other;
  EXPECT_TRUE(wait->wait(std::chrono::seconds(30), [&](std::function<void()> done) {
    other = std::thread([done = std::move(done)] { done(); });
  }));
  other.join();
}

TEST(EndableWait, IsBounded) {
  auto wait = std::make_shared<EndableWait>();
  std::function<void()> late;
  EXPECT_FALSE(wait->wait(std::chrono::milliseconds(1),
                          [&](std::function<void()> done) { late = std::move(done); }));
  wait.reset();
  late();  // long after whoever waited has gone
}

TEST(EndableWait, IsEndedByAGatewayThatStops) {
  auto wait = std::make_shared<EndableWait>();
  EXPECT_FALSE(
      wait->wait(std::chrono::seconds(30), [&](const std::function<void()>&) { wait->end(); }));
  EXPECT_FALSE(wait->wait(std::chrono::seconds(30), [](const std::function<void()>&) {
    ADD_FAILURE() << "nothing is begun any more";
  }));
}

}  // namespace
}  // namespace sallyport::admin
