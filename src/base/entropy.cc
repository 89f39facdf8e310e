#include "base/entropy.h"

#include <openssl/rand.h>
#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/check.h"
#include "base/encoding.h"

namespace sallyport {
namespace {

class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    SALLYPORT_CHECK(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  }
};

class KernelEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    while (!bytes.empty()) {
      ssize_t n = ::getrandom(bytes.data(), bytes.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      SALLYPORT_CHECK(n > 0);
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
};

}  // namespace

Entropy& kernel_entropy() {
  static KernelEntropy entropy;
  return entropy;
}

Entropy& system_entropy() {
  static SystemEntropy entropy;
  return entropy;
}

void FakeEntropy::fill(std::span<std::uint8_t> bytes) {
  for (auto& byte : bytes) {  // xorshift64*
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    byte = static_cast<std::uint8_t>((state_ * 0x2545F4914F6CDD1DULL) >> 56);
  }
}

std::string make_uuid7(WallTime now, Entropy& entropy) {
  std::array<std::uint8_t, 16> bytes;
  entropy.fill(std::span(bytes).subspan(6));
  auto millis = static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
  for (int i = 0; i < 6; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(millis >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
  std::array<char, 36> text;
  char* out = text.data();
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) *out++ = '-';
    *out++ = kHexDigits[bytes[i] >> 4];
    *out++ = kHexDigits[bytes[i] & 15];
  }
  return {text.data(), text.size()};
}

}  // namespace sallyport
