#include "admin/desk.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace sallyport::admin {
namespace {

TEST(Desk, WhoeverComesFirstWaitsForNobodyInOrder) {
  Desk desk({.waiting = 4, .waiting_of_one = 4});
  std::promise<void> begun;
  std::promise<void> go_on;
  std::promise<void> ended;
  std::string order;  // of the desk's thread until `ended`
  ASSERT_TRUE(desk.take("jo", [&] {
    begun.set_value();
    go_on.get_future().wait();
  }));
  begun.get_future().wait();
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(desk.take("jo", [&] { order += 'j'; }));
  EXPECT_FALSE(desk.take("ada", [] {})) << "full";
  EXPECT_TRUE(desk.take("root", [&] { order += 'r'; }, Desk::Place::kFirst));
  EXPECT_TRUE(desk.take("root", [&] { order += 's'; }, Desk::Place::kFirst));
  EXPECT_TRUE(desk.take("jill", [&] { order += 'i'; }, Desk::Place::kFirst));
  go_on.set_value();
  while (!desk.take("ada", [&] { ended.set_value(); })) std::this_thread::yield();
  ended.get_future().wait();
  EXPECT_EQ(order, "rsijjjj");
}

}  // namespace
}  // namespace sallyport::admin
