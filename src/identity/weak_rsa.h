// Finds RSA moduli made by a faulty generator: ROCA, CVE-2017-15361 (Nemec and others, "The Return
// of Coppersmith's Attack", 2017). Keys of that chip library are secret in name only. Pure.
#pragma once

#include <string_view>

namespace sallyport::identity {

/// `modulus` is big-endian. True if it has the fingerprint: modulo every small prime it is a power
/// of 65537. By chance one sound modulus in 2^167 has it.
[[nodiscard]] bool has_roca_fingerprint(std::string_view modulus);

}  // namespace sallyport::identity
