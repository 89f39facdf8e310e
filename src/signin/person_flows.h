// The two ways in which a person signs in: authorization code with PKCE by the browser (RFC 6749,
// 7636, 8252) and device code (RFC 8628). Each waits for the person, within a bounded time, and
// gives a whole Session or an error; nothing is stored here. One thread, blocking.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/entropy.h"
#include "identity/discovery.h"
#include "signin/browser.h"
#include "signin/session.h"
#include "signin/token_answer.h"
#include "signin/web.h"

namespace sallyport::signin {

struct FlowParts {
  Web& web;
  Browser& browser;
  Clock& clock;
  Entropy& entropy;
};

/// What the person has to be told while the flow waits.
struct BrowserNotice {
  std::string url;
  bool opened = false;  ///< the browser was started
};

struct CodeOptions {
  std::chrono::seconds patience{300};
  bool fresh = false;  ///< ask the person for everything, whatever session the browser has
  std::function<void(const BrowserNotice&)> tell;
};
/// Errors: sign_in.*, provider.*, fetch.*, discovery.rejected.
[[nodiscard]] Result<Session> sign_in_by_code(const FlowParts& parts, const Target& target,
                                              const CodeOptions& options);

struct DeviceOptions {
  std::function<void(const DeviceCode&, bool opened)> tell;
  /// Waits between two polls; a test does not wait.
  std::function<void(std::chrono::seconds)> sleep;
};
[[nodiscard]] Result<Session> sign_in_by_device(const FlowParts& parts, const Target& target,
                                                const DeviceOptions& options);

/// How both end: the ID token, where one came, is checked; then it is a session. An empty nonce:
/// none was sent. Errors: sign_in.foreign_token, sign_in.no_token.
[[nodiscard]] Result<Session> session_of(const Target& target, const identity::Discovery& provider,
                                         Tokens tokens, std::string_view nonce, WallTime now);

/// The scopes that are asked for: those of the target, with `openid`, `profile` and
/// `offline_access` where the provider does not say that it has none of them.
[[nodiscard]] std::string scopes_to_ask(const Target& target,
                                        const std::vector<std::string>& supported);

/// Random text of 256 bits: state, nonce, PKCE verifier.
[[nodiscard]] std::string random_text(Entropy& entropy);

}  // namespace sallyport::signin
