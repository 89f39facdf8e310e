// Judges tokens for the attack tests, by verify() and explain() at once. Header-only and never part
// of the program.
#pragma once

#include <gtest/gtest.h>

#include "identity/test_tokens.h"

namespace sallyport::identity {

inline Reason judge(const std::string& token, const IssuerSettings& settings = entra_settings(),
                    WallTime now = test_time()) {
  auto snapshot = snapshot_of({settings});
  auto verdict = verify(*snapshot, token, now);
  // explain() must never be kinder or harsher than verify().
  auto explained = explain(*snapshot, token, now);
  EXPECT_EQ(explained.verdict.has_value(), verdict.has_value());
  if (!verdict && !explained.verdict) {
    EXPECT_EQ(explained.verdict.error().reason, verdict.error().reason);
    EXPECT_TRUE(token.empty() || verdict.error().got.find(token) == std::string::npos);
  }
  return verdict ? Reason::kNone : verdict.error().reason;
}

inline Reason judge_claims(const Members& claims,
                           const IssuerSettings& settings = entra_settings()) {
  return judge(signed_token(claims), settings);
}

inline Reason judge_header(const Members& header) {
  return judge(signed_token(entra_claims(), header));
}

}  // namespace sallyport::identity
