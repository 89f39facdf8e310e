#include "identity/weak_rsa.h"

#include <cstdint>

namespace sallyport::identity {
namespace {

// The generator made primes of the form k*M + (65537^a mod M) with M the product of the first n
// primes; for moduli of 2048 bits and more, M has every prime up to 701 (table 1 of the paper).
constexpr std::uint32_t kLargestPrime = 701;

bool is_prime(std::uint32_t n) {
  for (std::uint32_t d = 2; d * d <= n; ++d) {
    if (n % d == 0) return false;
  }
  return true;
}

std::uint32_t remainder(std::string_view big_endian, std::uint32_t divisor) {
  std::uint32_t rest = 0;
  for (char byte : big_endian) rest = (rest << 8 | static_cast<unsigned char>(byte)) % divisor;
  return rest;
}

bool is_power_of_65537(std::uint32_t value, std::uint32_t prime) {
  std::uint32_t power = 1;
  do {
    if (power == value) return true;
    power = power * (65537 % prime) % prime;
  } while (power != 1);
  return false;
}

}  // namespace

bool has_roca_fingerprint(std::string_view modulus) {
  for (std::uint32_t prime = 3; prime <= kLargestPrime; prime += 2) {
    if (is_prime(prime) && !is_power_of_65537(remainder(modulus, prime), prime)) return false;
  }
  return true;
}

}  // namespace sallyport::identity
