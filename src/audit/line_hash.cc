// OpenSSL 3 calls the plain SHA-256 functions deprecated and offers contexts on the heap instead,
// which are made anew for each line; the plain ones use the same processor instructions on the
// stack.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "audit/line_hash.h"

#include <openssl/sha.h>

#include "base/check.h"

namespace sallyport::audit {
namespace {

// Both digits of every byte: a line's hash is written as often as lines are.
constexpr auto kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i)
    pairs[i] = {kHexDigits[i >> 4], kHexDigits[i & 15]};
  return pairs;
}();

}  // namespace

Sha256 LineHasher::hash(std::string_view line) {
  Sha256 digest;
  SHA256_CTX context;
  bool done = SHA256_Init(&context) == 1 &&
              SHA256_Update(&context, line.data(), line.size()) == 1 &&
              SHA256_Final(digest.data(), &context) == 1;
  SALLYPORT_CHECK(done);
  return digest;
}

void LineHasher::hash_hex(std::string_view line, char (&out)[kHexSize]) {
  auto digest = hash(line);
  char* to = out;
  for (auto byte : digest) {
    *to++ = kHexPairs[byte][0];
    *to++ = kHexPairs[byte][1];
  }
}

}  // namespace sallyport::audit
