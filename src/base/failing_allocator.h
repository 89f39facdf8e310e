// For tests: what happens when there is no memory. Counts what a thread allocates with operator new,
// and lets the first allocation of a step fail, then the second, and so on, until the step passes.
//
//   #include "base/replaces_new.h"      // in one file of the test program: it replaces operator new
//
//   auto failed = fail_each_allocation([&] { return parse(text).has_value(); });
//   EXPECT_GT(failed, 0U);              // or it never allocated
//
// A step gets through or throws std::bad_alloc, nothing else, and leaves nothing behind: what it
// allocated is freed again (what OpenSSL takes by malloc is the leak checker's matter). Everything
// here is a thread's own.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <exception>
#include <new>

// TSan brings an operator new of its own and allows no second: such tests leave themselves out.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SALLYPORT_UNDER_TSAN
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define SALLYPORT_UNDER_TSAN
#endif

namespace sallyport {

struct Allocations {
  std::size_t made = 0;
  std::size_t freed = 0;
  std::size_t until_failure = 0;  ///< the allocation that fails, counted from 1; 0: none
};
inline thread_local Allocations allocations;

/// What operator new does in a program that includes base/replaces_new.h.
inline void count_allocation() {
  if (allocations.until_failure > 0 && --allocations.until_failure == 0) throw std::bad_alloc();
  ++allocations.made;
}

/// How many of a step's allocations were made to fail, one a run: as many as it makes. `step`
/// answers whether it did what it should: true without a failure, and no failure may become
/// something else than std::bad_alloc (a verdict on the input, say). It is run once before, so that
/// what is made once in a process is there.
template <typename Step>
std::size_t fail_each_allocation(Step step) {
  constexpr std::size_t kMost = 100'000;
  EXPECT_TRUE(step()) << "the step fails with all the memory that it wants";
  for (std::size_t nth = 1; nth < kMost; ++nth) {
    bool passed = false;
    bool no_memory = false;
    bool other = false;
    const std::size_t before = allocations.made - allocations.freed;
    allocations.until_failure = nth;
    try {
      passed = step();
    } catch (const std::bad_alloc&) {
      no_memory = true;
    } catch (...) {
      other = true;
    }
    const bool failed = allocations.until_failure == 0;
    allocations.until_failure = 0;
    const std::size_t left = allocations.made - allocations.freed - before;
    EXPECT_FALSE(other) << "allocation " << nth << " became another exception";
    EXPECT_TRUE(passed || no_memory) << "allocation " << nth << " became a verdict";
    EXPECT_EQ(left, 0U) << "allocation " << nth << " left something behind";
    if (!failed) return nth - 1;
    if (other || left != 0 || (!passed && !no_memory)) return nth;
  }
  ADD_FAILURE() << "it allocates without end";
  return kMost;
}

}  // namespace sallyport
