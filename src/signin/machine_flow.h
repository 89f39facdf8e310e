// Machines sign in without a person: the client credentials grant (RFC 6749 section 4.4) with a
// secret, with an assertion signed by a certificate's key (RFC 7523; PS256 and x5t#S256, as Entra
// ID wants it since 2024), or with a token of another platform (workload identity federation).
// Files are read at each use. The gateway admits such tokens only where its issuer says `app_only:
// allow`.
#pragma once

#include "base/clock.h"
#include "base/entropy.h"
#include "signin/session.h"
#include "signin/token_answer.h"
#include "signin/web.h"

namespace sallyport::signin {

/// Finds the token endpoint and gets the first token. Errors: fetch.*, provider.*,
/// machine.file, assertion.*.
[[nodiscard]] Result<Session> sign_in_machine(Web& web, Clock& clock, Entropy& entropy,
                                              const Target& target, const MachineIdentity& machine);

/// The next token of a machine that has signed in.
[[nodiscard]] TokenOutcome renew_machine(Web& web, Clock& clock, Entropy& entropy,
                                         const Session& session);

}  // namespace sallyport::signin
