#include "identity/failure_limiter.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sallyport::identity
