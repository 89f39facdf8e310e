#include "gateway/connection_limits.h"

#include <gtest/gtest.h>

#include "gateway/source.h"

namespace sallyport::gateway {
namespace {

identity::SourceAddress source(std::uint8_t first, std::uint8_t network, std::uint8_t host) {
  identity::SourceAddress address{};
  address[0] = first;
  address[7] = network;
  address[15] = host;
  return address;
}

TEST(ConnectionLimits, HoldForAll) {
  ConnectionLimits limits(2, 10);
  EXPECT_TRUE(limits.enter(source(0x20, 1, 1)));
  EXPECT_TRUE(limits.enter(source(0x20, 2, 1)));
  EXPECT_FALSE(limits.enter(source(0x20, 3, 1)));
  limits.leave(source(0x20, 1, 1));
  EXPECT_TRUE(limits.enter(source(0x20, 3, 1)));
}

TEST(ConnectionLimits, HoldForEachSource) {
  ConnectionLimits limits(10, 2);
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
  EXPECT_FALSE(limits.enter(source(0, 0, 1)));
  EXPECT_TRUE(limits.enter(source(0, 0, 2)));  // of IPv4, each address is a source
  limits.leave(source(0, 0, 1));
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
}

// RFC 4291 2.5.1: one host has a whole /64 to choose from.
TEST(ConnectionLimits, ANetworkOfIpV6IsOneSource) {
  ConnectionLimits limits(10, 1);
  EXPECT_TRUE(limits.enter(source(0x20, 1, 1)));
  EXPECT_FALSE(limits.enter(source(0x20, 1, 2)));
  EXPECT_TRUE(limits.enter(source(0x20, 2, 1)));
}

TEST(ConnectionLimits, SmallerOnesHoldForWhoComesNext) {
  ConnectionLimits limits(10, 10);
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
  limits.set(10, 1);
  EXPECT_FALSE(limits.enter(source(0, 0, 1)));
  limits.leave(source(0, 0, 1));
  EXPECT_FALSE(limits.enter(source(0, 0, 1)));
  limits.leave(source(0, 0, 1));
  EXPECT_TRUE(limits.enter(source(0, 0, 1)));
  limits.set(0, 0);
  EXPECT_FALSE(limits.enter(source(0, 0, 2)));
}

}  // namespace
}  // namespace sallyport::gateway
