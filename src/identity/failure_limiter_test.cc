#include "identity/failure_limiter.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sallyport::identity {
namespace {

SteadyTime at(int milliseconds) {
  return SteadyTime(std::chrono::milliseconds(milliseconds));
}

SourceAddress ipv4(int a, int b, int c, int d) {
  return {0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0xff,
          0xff,
          static_cast<std::uint8_t>(a),
          static_cast<std::uint8_t>(b),
          static_cast<std::uint8_t>(c),
          static_cast<std::uint8_t>(d)};
}

TEST(FailureLimiter, BlocksASourceAfterTheLimitAndForgivesInTheNextSecond) {
  FailureLimiter limiter({.failures = 100, .sources = 64}, 7);
  auto source = ipv4(10, 0, 0, 1);
  for (int i = 0; i < 99; ++i) limiter.failed(source, at(5000 + i));
  EXPECT_FALSE(limiter.blocked(source, at(5500)));
  limiter.failed(source, at(5600));
  EXPECT_TRUE(limiter.blocked(source, at(5999)));
  EXPECT_FALSE(limiter.blocked(source, at(6000)));
}

TEST(FailureLimiter, CountsEachSourceForItself) {
  FailureLimiter limiter({.failures = 10, .sources = 64}, 7);
  for (int i = 0; i < 10; ++i) limiter.failed(ipv4(10, 0, 0, 1), at(0));
  EXPECT_TRUE(limiter.blocked(ipv4(10, 0, 0, 1), at(0)));
  EXPECT_FALSE(limiter.blocked(ipv4(10, 0, 0, 2), at(0)));
}

TEST(FailureLimiter, CountsIpv6ByTheHalfThatAHostDoesNotChoose) {
  FailureLimiter limiter({.failures = 10, .sources = 64}, 7);
  SourceAddress host{0x20, 0x01, 0x0d, 0xb8};
  for (int i = 0; i < 10; ++i) {
    host[15] = static_cast<std::uint8_t>(i);
    limiter.failed(host, at(0));
  }
  host[15] = 200;
  EXPECT_TRUE(limiter.blocked(host, at(0)));
  host[7] = 1;
  EXPECT_FALSE(limiter.blocked(host, at(0)));
}

TEST(FailureLimiter, KeepsTheWorstSourceInAFloodOfManySources) {
  FailureLimiter limiter({.failures = 100, .sources = 64}, 7);
  auto worst = ipv4(192, 0, 2, 1);
  for (int i = 0; i < 100; ++i) limiter.failed(worst, at(0));
  for (int i = 0; i < 100000; ++i) {
    limiter.failed(ipv4(10, i >> 16 & 255, i >> 8 & 255, i & 255), at(1));
  }
  EXPECT_TRUE(limiter.blocked(worst, at(2)));
}

TEST(FailureLimiter, CountsWhatAllWorkersSeeOfASource) {
  constexpr int kWorkers = 4;
  constexpr int kSources = 50;
  FailureLimiter limiter({.failures = 200, .sources = 4096}, 7);
  for (int n = 0; n < kSources; ++n) limiter.failed(ipv4(10, 0, 0, n), at(0));
  // 196 more of each source, from four threads at once: none is lost, none is counted twice.
  std::vector<std::thread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&] {
      for (int i = 0; i < 196 / kWorkers; ++i) {
        for (int n = 0; n < kSources; ++n) limiter.failed(ipv4(10, 0, 0, n), at(i));
      }
    });
  }
  for (auto& worker : workers) worker.join();
  for (int n = 0; n < kSources; ++n) {
    auto source = ipv4(10, 0, 0, n);
    for (int left = 3; left > 0; --left) {
      EXPECT_FALSE(limiter.blocked(source, at(500))) << n;
      limiter.failed(source, at(500));
    }
    EXPECT_TRUE(limiter.blocked(source, at(500))) << n;
  }
}

// Each worker looks at the clock once a turn of its loop, so that one may be a second behind.
TEST(FailureLimiter, IsNotForgottenForAWorkerWhoseClockWasReadEarlier) {
  FailureLimiter limiter({.failures = 10, .sources = 64}, 7);
  auto source = ipv4(10, 0, 0, 1);
  for (int i = 0; i < 9; ++i) limiter.failed(source, at(6000));
  limiter.failed(source, at(5999));
  EXPECT_TRUE(limiter.blocked(source, at(6000)));
}

TEST(FailureLimiter, ForgivesAlsoAfterManyHours) {
  FailureLimiter limiter({.failures = 10, .sources = 64}, 7);
  auto source = ipv4(10, 0, 0, 1);
  for (int hour : {0, 5, 9, 10, 22, 24 * 365}) {
    SteadyTime now = at(0) + std::chrono::hours(hour);
    EXPECT_FALSE(limiter.blocked(source, now)) << hour;
    for (int i = 0; i < 10; ++i) limiter.failed(source, now);
    EXPECT_TRUE(limiter.blocked(source, now)) << hour;
  }
}

}  // namespace
}  // namespace sallyport::identity
