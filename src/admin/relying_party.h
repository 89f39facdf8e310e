// The administrator's port as a web application of the identity provider: OpenID Connect's
// authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636, RFC 9207, RFC 9700). The
// provider's discovery document says where people sign in; who came is what the ID token says, once
// identity::verify() has let it pass under rules of its own: this application as the only audience,
// ID tokens alone. Waits for the network: on a desk's thread, and one at a time.
//
//   auto url = party.authorization_url(attempt);       // the browser goes there
//   auto person = party.finish(attempt, callback);     // and comes back with this
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "admin/problem.h"
#include "admin/provider_web.h"
#include "admin/settings.h"
#include "admin/sign_in_attempts.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "identity/discovery.h"
#include "identity/revocation_register.h"
#include "identity/snapshot.h"
#include "signin/callback.h"
#include "signin/web.h"

namespace sallyport::admin {

/// Which issuer and which of its applications a sign-in was made by: what a session is worth ends
/// with either. Empty: no browser is let in.
[[nodiscard]] std::string sign_in_realm(const identity::Snapshot& data_plane,
                                        const Settings& settings);

/// The rules for the ID token: the data plane's issuer and keys, the web application as audience
/// and, where the token names one, as authorized party. Null: no browser is let in.
[[nodiscard]] identity::SnapshotPtr id_token_rules(const identity::Snapshot& data_plane,
                                                   const Settings& settings);

/// Why a sign-in came to nothing: for the person, and for the log.
struct SignInFailure {
  Problem problem;
  std::string cause;  ///< of the log; holds no token and no code
};

class RelyingParty {
 public:
  using WebPtr = std::unique_ptr<signin::Web>;
  struct Needs {
    std::function<identity::SnapshotPtr()> identity;  ///< the data plane's newest
    std::function<std::shared_ptr<const Settings>()> settings;
    std::function<WebPtr(const identity::IssuerSettings& issuer)> web;
    /// A key that is not known: has it fetched, and returns when that has come to an end.
    std::function<void(std::string_view issuer, std::string_view key_id)> fetch_keys;
    const identity::RevocationRegister& revocations;
    Clock& clock;
    Entropy& entropy;
  };
  explicit RelyingParty(Needs needs) : needs_(std::move(needs)) {}

  /// Where the browser goes to sign in. Failures: sign_in.off, fetch.*, discovery.rejected,
  /// provider.error.
  [[nodiscard]] std::expected<std::string, SignInFailure> authorization_url(
      const SignInAttempt& attempt);

  /// Who came back: verified, and not revoked. Failures as above, and sign_in.*, provider.*,
  /// assertion.*, token.*, api.revoked.
  [[nodiscard]] std::expected<identity::PrincipalDraft, SignInFailure> finish(
      const SignInAttempt& attempt, const signin::Callback& callback);

 private:
  /// What one of the two works with, as it stands now.
  struct Scene {
    std::shared_ptr<const Settings> settings;
    identity::IssuerSettings issuer;
    WebPtr web;
    std::shared_ptr<const identity::Discovery> provider;
  };
  [[nodiscard]] std::expected<Scene, SignInFailure> prepare(const SignInAttempt& attempt);
  [[nodiscard]] Result<std::shared_ptr<const identity::Discovery>> find_provider(
      const Scene& scene);
  [[nodiscard]] Result<void> authenticate(signin::Form& form, const Scene& scene) const;
  [[nodiscard]] std::expected<Secret, SignInFailure> redeem(const Scene& scene,
                                                            const SignInAttempt& attempt,
                                                            const Secret& code) const;
  [[nodiscard]] std::expected<identity::PrincipalDraft, SignInFailure> verify(
      std::string_view id_token, const Settings& settings);

  Needs needs_;
  std::shared_ptr<const identity::Discovery> provider_;  ///< of the last sign-in
  SteadyTime provider_until_{};
};

}  // namespace sallyport::admin
