// What one sign-in is: where it was made and what came of it. The whole of it rests in a vault;
// nothing of it is written anywhere else. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"

namespace sallyport::signin {

/// Where to sign in and what to ask for: from the gateway's own document, or typed.
struct Target {
  std::string gateway;  ///< its URL; empty where none was named
  /// Origin of the administrator's port that alone gets the token; then no gateway does, and no
  /// other program. Empty: a sign-in for a gateway.
  std::string server = {};
  std::string name;  ///< the gateway's name for the issuer
  std::string issuer;
  std::string client;
  std::vector<std::string> scopes;
  bool id_token = false;            ///< the gateway wants the ID token, not the access token
  std::uint16_t redirect_port = 0;  ///< 0: any free one
  std::string ca_file;              ///< PEM; empty: the system's trust store
};

/// How a machine shows who it is: exactly one of the three is given, or none for a person. Files
/// are read at each use, so that a rotated one needs no new sign-in.
struct MachineIdentity {
  std::string secret_file;
  std::string certificate_file;  ///< PEM, with key_file
  std::string key_file;
  std::string federated_token_file;
  [[nodiscard]] bool given() const {
    return !secret_file.empty() || !certificate_file.empty() || !federated_token_file.empty();
  }
};

/// What a token endpoint answered.
struct Tokens {
  Secret access_token;
  Secret id_token;
  Secret refresh_token;
  std::int64_t expires_in = 0;  ///< seconds, of the access token; 0: not said
  std::string scope;
};

struct Session {
  Target target;
  MachineIdentity machine;
  std::string token_endpoint;
  std::string revocation_endpoint;  ///< empty: the provider has none
  Secret access_token;
  Secret id_token;
  Secret refresh_token;
  std::int64_t obtained_at = 0;  ///< Unix seconds
  std::int64_t expires_at = 0;   ///< of the token that the gateway gets
  std::string person;            ///< for display: name or address, from the ID token
  std::string subject;           ///< for display: object id or `sub`
  /// The provider's last word when it refused to renew: nobody asks it again for a minute.
  std::int64_t refused_at = 0;
  std::string refused;
  /// When a renewal was begun whose end is not stored: it was killed, or the answer was lost. The
  /// provider may have taken the refresh token then. 0: none.
  std::int64_t renewal_began = 0;

  /// The token that goes to the gateway.
  [[nodiscard]] const Secret& token() const { return target.id_token ? id_token : access_token; }
  [[nodiscard]] std::int64_t seconds_left(WallTime now) const {
    return expires_at - unix_seconds(now);
  }
  /// Time to renew: a fifth of its life is left, five minutes at most.
  [[nodiscard]] bool wants_renewal(WallTime now) const;
};

/// As JSON, for a vault.
[[nodiscard]] Secret encode(const Session& session);
/// Error: vault.damaged.
[[nodiscard]] Result<Session> decode_session(std::string_view json);

/// Takes new tokens over. A refresh answer without a refresh token leaves the old one (RFC 6749
/// section 6). Error: sign_in.no_token when the kind that the gateway wants did not come.
[[nodiscard]] Result<void> take_tokens(Session& session, Tokens tokens, WallTime now);

}  // namespace sallyport::signin
