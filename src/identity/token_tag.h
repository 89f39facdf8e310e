// A short stand-in for a token: 128 bits that depend on every bit of it and on a key that is made
// once a process. What the cache of verified tokens remembers, so that it never holds a token.
//
// It is the tag of AES-256-GCM with the token as additional data, nothing encrypted and the same
// nonce each time (GMAC). That is a universal hash of the token, masked: for two tokens of 16 KiB
// whose sender knows nothing of the key the tags are equal with a chance of 2^-117 at most, and
// nobody can look for such a pair without asking this process. It suffices because of what a tag
// is for:
//   - Tags are compared here, in constant time, and never leave the process: not to a log, a
//     record, a metric, a file, another process. Who saw tags of tokens of her own choice could
//     work out the hash's key (with a fixed nonce two tags are enough), and then make colliding
//     tokens. A use that shows a tag or keeps it beyond the process wants HMAC-SHA-256 instead.
//   - Only tokens that passed every check are remembered, so that a colliding token would at best
//     be taken for one that its sender holds anyway. To be taken for somebody else's, whose bytes
//     she does not know, stays a guess of 128 bits even with the key, as the tag is masked.
//   - The key is random, of this process alone and used for nothing else.
// A third of HMAC-SHA-256's time for a token of usual size (docs/performance.md).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/encoding.h"

struct evp_cipher_ctx_st;

namespace sallyport::identity {

using TokenTag = std::array<std::uint8_t, 16>;

/// One thread. No allocation after its making.
class TokenTagger {
 public:
  explicit TokenTagger(const Sha256& process_key);
  ~TokenTagger();
  TokenTagger(const TokenTagger&) = delete;
  TokenTagger& operator=(const TokenTagger&) = delete;
  [[nodiscard]] TokenTag operator()(std::string_view token);

 private:
  evp_cipher_ctx_st* context_;  ///< wipes its key schedule when it is freed
};

/// In a time that does not depend on the tags.
[[nodiscard]] bool same(const TokenTag& a, const TokenTag& b) noexcept;

}  // namespace sallyport::identity
