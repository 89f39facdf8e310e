// Randomness comes in as an interface, so that a test can repeat itself. Thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"

namespace sallyport {

class Entropy {
 public:
  virtual ~Entropy() = default;
  /// Fills with random bytes; a failing system source terminates the process.
  virtual void fill(std::span<std::uint8_t> bytes) = 0;
};

/// OpenSSL's generator, seeded by the kernel.
[[nodiscard]] Entropy& system_entropy();
/// Straight from the kernel: dearer a call, and OpenSSL's random generator, which takes a
/// millisecond to start, stays asleep. For programs that end at once.
[[nodiscard]] Entropy& kernel_entropy();

/// A repeatable sequence for tests; never for anything secret.
class FakeEntropy final : public Entropy {
 public:
  explicit FakeEntropy(std::uint64_t seed = 1) : state_(seed) {}
  void fill(std::span<std::uint8_t> bytes) override;

 private:
  std::uint64_t state_;
};

/// UUID version 7 (RFC 9562 section 5.7): sorts by time; 36 lower-case characters.
[[nodiscard]] std::string make_uuid7(WallTime now, Entropy& entropy);

}  // namespace sallyport
