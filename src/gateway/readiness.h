// Whether the gateway can serve, and what is missing if it cannot. One rule for /readyz, which a
// worker answers for itself, and for `status`, which speaks for all of them. Pure.
#pragma once

#include <string_view>

namespace sallyport::gateway {

struct ReadinessFacts {
  bool keys = false;        ///< of some issuer: its tokens can be verified
  bool record = false;      ///< the audit record takes lines (that of every worker asked about)
  bool credential = false;  ///< some provider has one
  bool draining = false;    ///< it is going: no new requests
};

struct Readiness {
  bool ready = false;
  std::string_view code;  ///< of what is missing, in the words of refusals.h; empty when ready
};

/// Of several things that are missing, the first in the order of the facts.
[[nodiscard]] Readiness readiness(const ReadinessFacts& facts);

}  // namespace sallyport::gateway
