#include "base/entropy.h"

#include <openssl/rand.h>
#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

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

// Four bytes in lower-case hexadecimal, all eight digits at once.
void put_hex(const std::uint8_t* four, char* out) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | four[i];
  // A half byte in each of eight bytes, the first one lowest.
  std::uint64_t halves = value;
  halves = (halves | halves << 16) & 0x0000ffff0000ffff;
  halves = (halves | halves << 8) & 0x00ff00ff00ff00ff;
  halves = (halves >> 4 & 0x000f000f000f000f) | (halves & 0x000f000f000f000f) << 8;
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const std::uint64_t letters = (halves + kOnes * 6) >> 4 & kOnes;  // 1 from ten on
  std::uint64_t digits = halves + kOnes * '0' + letters * ('a' - '0' - 10);
  if constexpr (std::endian::native == std::endian::big) digits = std::byteswap(digits);
  std::memcpy(out, &digits, sizeof digits);
}

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
  std::array<char, 32> hex;
  for (std::size_t i = 0; i < bytes.size(); i += 4) put_hex(&bytes[i], &hex[2 * i]);
  std::string text(36, '-');
  std::memcpy(&text[0], &hex[0], 8);
  std::memcpy(&text[9], &hex[8], 4);
  std::memcpy(&text[14], &hex[12], 4);
  std::memcpy(&text[19], &hex[16], 4);
  std::memcpy(&text[24], &hex[20], 12);
  return text;
}

}  // namespace sallyport
