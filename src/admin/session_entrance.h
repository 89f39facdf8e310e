// People at the administrator's port whose browser has signed in: what a session cookie is worth is
// asked anew at every request. A person whose access was taken back is out at once, and a role that
// the configuration gives no more is gone with the reload. Of one loop's thread.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <string>

#include "admin/caller.h"
#include "admin/cookies.h"
#include "admin/problem.h"
#include "admin/session_table.h"
#include "admin/settings.h"
#include "identity/revocation_register.h"
#include "identity/snapshot.h"

namespace sallyport::admin {

class SessionEntrance {
 public:
  struct Needs {
    std::function<identity::SnapshotPtr()> identity;  ///< the data plane's newest
    std::function<std::shared_ptr<const Settings>()> settings;
    const identity::RevocationRegister& revocations;
    Clock& clock;
    Entropy& entropy;
  };
  explicit SessionEntrance(Needs needs)
      : needs_(std::move(needs)), sessions_({}, needs_.clock, needs_.entropy) {}

  /// A new session; gives the line that sets its cookie.
  [[nodiscard]] std::string open(identity::PrincipalDraft person, std::string realm);

  [[nodiscard]] static bool shows_session(http::Fields fields) {
    return find_cookie(fields, kSessionCookie).times > 0;
  }
  /// Errors, all 401: api.no_session (none, or it has ended), api.two_sessions, api.revoked.
  [[nodiscard]] std::expected<Caller, Problem> identify(http::Fields fields);

  /// Ends what the cookies show.
  void end(http::Fields fields);
  /// A line that takes the cookie away.
  [[nodiscard]] static std::string clear();

 private:
  Needs needs_;
  SessionTable sessions_;
};

/// Who somebody is by what their ID token said, with the roles that they have now.
[[nodiscard]] Caller caller_of_session(const Settings& settings, const BrowserSession& session);

}  // namespace sallyport::admin
