// The form of a vault's file: AES-256-GCM over one entry, with everything needed to find its key.
//
//   0   "SPVAULT1"
//   8   1: the key is kept elsewhere; 2: the key comes from a passphrase by scrypt (RFC 7914)
//   9   log2 N, r, p of scrypt; zero for 1
//   12  salt, 16 bytes: the same as long as the entry lives, so that the derived key can be kept
//   28  nonce, 12 bytes, new with each write
//   40  ciphertext, then the tag, 16 bytes; authenticated with it: bytes 0 to 27 and the id
//
// Pure, but for the entropy that is handed in; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::signin {

inline constexpr std::size_t kMaxSealedFile = 512 * 1024;

struct SealHeader {
  bool passphrase = false;
  std::uint8_t log_n = 0, r = 0, p = 0;
  std::array<std::uint8_t, 16> salt{};
};

/// For a new entry. N = 2^17, r = 8, p = 1: 128 MiB and some tenths of a second a guess.
[[nodiscard]] SealHeader new_header(bool passphrase, Entropy& entropy);

/// Error: vault.damaged. Refuses scrypt costs that no version of ours writes (2^10 to 2^18, r 8,
/// p 1), so that a foreign file cannot take the machine's memory.
[[nodiscard]] Result<SealHeader> read_header(std::string_view file);

/// 32 bytes.
[[nodiscard]] Secret derive_key(const Secret& passphrase, const SealHeader& header);

[[nodiscard]] std::string seal(const SealHeader& header, const Secret& key, std::string_view id,
                               const Secret& content, Entropy& entropy);
/// Errors: vault.damaged for the form, vault.locked where the key does not fit (or the file was
/// changed: the two cannot be told apart).
[[nodiscard]] Result<Secret> unseal(std::string_view file, const Secret& key, std::string_view id);

}  // namespace sallyport::signin
