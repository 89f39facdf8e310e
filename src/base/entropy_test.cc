#include "base/entropy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/encoding.h"

namespace sallyport {
namespace {

// Ten bytes behind the time, every value in every place.
struct Same final : Entropy {
  std::uint8_t value = 0;
  void fill(std::span<std::uint8_t> bytes) override {
    for (auto& byte : bytes) byte = value;
  }
};

TEST(Uuid7, IsItsTimeAndItsRandomBitsInHexadecimal) {
  Same random;
  const WallTime time{std::chrono::microseconds{0x0123456789abLL * 1000}};
  for (unsigned value = 0; value < 256; ++value) {
    random.value = static_cast<std::uint8_t>(value);
    const char digits[] = {kHexDigits[value >> 4], kHexDigits[value & 15]};
    const std::string byte(digits, 2);
    const std::string variant(1, "89ab"[value >> 4 & 3]);
    std::string node;
    for (int i = 0; i < 6; ++i) node += byte;
    std::string wanted = "01234567-89ab-7";
    wanted.append(1, digits[1]).append(byte).append("-").append(variant).append(1, digits[1]);
    wanted.append(byte).append("-").append(node);
    EXPECT_EQ(make_uuid7(time, random), wanted);
  }
}

}  // namespace
}  // namespace sallyport
