// What `sallyport token check` says: every check of one token, as a page for a person or as one
// JSON object. Pure; any thread. Neither holds the token or a part of its signature; what the token
// claims stands in it, so it is the bearer's to see.
//
//   TokenReport report{.explanation = explain_credential(*snapshot, text, now), ...};
//   std::fputs(report_text(report).c_str(), stdout);
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "identity/token_verifier.h"

namespace sallyport::identity {

struct TokenReport {
  Explanation explanation;
  const IssuerSettings* issuer = nullptr;  ///< whose rules were applied; null: no issuer was found
  std::string keys_from;                   ///< the address or file of the key set
  KeySetPtr keys;                          ///< null if they were not needed or did not come
  std::optional<Error> keys_problem;       ///< why they did not come
  WallTime now;
};

/// explain() with the look at the credential before it, as the gateway takes it from a header:
/// what is no JWT at all is token.opaque, and no token is looked into that would not be found.
[[nodiscard]] Explanation explain_credential(const Snapshot& snapshot, std::string_view text,
                                             WallTime now);

/// A page, ending with a line end.
[[nodiscard]] std::string report_text(const TokenReport& report);
/// One JSON object on one line, without its end.
[[nodiscard]] std::string report_json(const TokenReport& report);

}  // namespace sallyport::identity
