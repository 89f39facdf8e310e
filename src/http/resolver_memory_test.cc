#include <gtest/gtest.h>

#include "base/failing_allocator.h"
#include "base/replaces_new.h"
#include "http/bits.h"
#include "http/resolver.h"

#ifndef SALLYPORT_UNDER_TSAN
namespace sallyport::http {
namespace {

using std::chrono::milliseconds;

// A look-up for which there was no memory is no name that is never looked up again.
class ResolverMemory : public testing::Test {
 protected:
  // How many addresses come, with the nth allocation failing; 0: none in time, or what was thrown.
  Task<std::size_t> look_up(Resolver& resolver, std::size_t nth, milliseconds patience) {
    Deadline limit(loop, signal, kTimeUp);
    limit.set(loop.now() + patience);
    std::size_t found = 0;
    allocations.until_failure = nth;
    try {
      auto addresses =
          co_await resolver.resolve(loop, signal, "a.name.of.some.length.example", 443, kTimeUp);
      found = addresses.size();
    } catch (const std::bad_alloc&) {
    }
    reached = nth != 0 && allocations.until_failure == 0;
    allocations.until_failure = 0;
    co_return found;
  }
  // With a resolver that has never been asked: fails the nth allocation, then none.
  Task<void> fail_then_ask(std::size_t nth) {
    Resolver resolver([](const std::string&, std::uint16_t) { return Addresses(1); });
    std::ignore = co_await look_up(resolver, nth, milliseconds(1));
    const bool failed = reached;
    std::size_t found = co_await look_up(resolver, 0, std::chrono::seconds(10));
    EXPECT_EQ(found, 1U) << "after allocation " << nth;
    reached = failed;
    resolver.stop();
    loop.stop();
  }
  bool run(std::size_t nth) {
    loop.post([&] { spawn(fail_then_ask(nth)); });
    loop.run();
    return reached;
  }

  EventLoop loop;
  Signal signal{loop};
  bool reached = false;
};

TEST_F(ResolverMemory, ANameIsLookedUpAfterAnAllocationFailed) {
  for (int warm = 0; warm < 3; ++warm) std::ignore = run(0);
  std::size_t nth = 1;
  while (nth < 100 && run(nth)) ++nth;
  EXPECT_GT(nth, 6U);
  EXPECT_LT(nth, 100U);
}

}  // namespace
}  // namespace sallyport::http
#endif  // SALLYPORT_UNDER_TSAN
