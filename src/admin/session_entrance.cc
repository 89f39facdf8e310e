#include "admin/session_entrance.h"

#include "admin/claims_role.h"
#include "admin/relying_party.h"
#include "admin/token_entrance.h"

namespace sallyport::admin {
namespace {

std::unexpected<Problem> not_known(std::string_view code, std::string message) {
  return std::unexpected(
      unauthorized({code, std::move(message), "sign in again at /sign-in"}, false));
}

}  // namespace

Caller caller_of_session(const Settings& settings, const BrowserSession& session) {
  const auto& person = *session.person;
  auto given = roles_of(settings.roles, person);
  Caller caller;
  caller.way = Way::kSession;
  caller.who = person.key;
  caller.name = person.name;
  caller.mail = person.mail;
  caller.client = person.client;
  caller.roles = given.roles;
  caller.because = std::move(given.because);
  caller.until = session.until;
  caller.person = session.person;
  return caller;
}

std::string SessionEntrance::open(identity::PrincipalDraft person, std::string realm) {
  auto kept = std::make_shared<const identity::PrincipalDraft>(std::move(person));
  bool has_role = !roles_of(needs_.settings()->roles, *kept).roles.empty();
  auto id = sessions_.open(std::move(kept), std::move(realm), has_role);
  // Strict: no other site's link makes the browser show it.
  return set_cookie(kSessionCookie, id, SameSite::kStrict, SessionTable::Bounds{}.life);
}

std::string SessionEntrance::clear() {
  return set_cookie(kSessionCookie, "", SameSite::kStrict, std::chrono::seconds(0));
}

std::expected<Caller, Problem> SessionEntrance::identify(http::Fields fields) {
  auto cookie = find_cookie(fields, kSessionCookie);
  if (cookie.times > 1) {
    return not_known("api.two_sessions", "the browser shows two sessions");
  }
  const auto* session = is_random_text(cookie.value) ? sessions_.find(cookie.value) : nullptr;
  if (session == nullptr) return not_known("api.no_session", "the session has ended");
  auto settings = needs_.settings();
  auto snapshot = needs_.identity();
  auto realm = snapshot ? sign_in_realm(*snapshot, *settings) : std::string();
  if (realm.empty() || realm != session->realm) {
    sessions_.end(cookie.value);
    return not_known("api.no_session", "the way to sign in was changed: the session has ended");
  }
  auto revoked = refuse_revoked_caller(needs_.revocations, *session->person, needs_.clock.wall());
  if (revoked) {
    sessions_.end(cookie.value);
    // It is the session that counts no more: a lifted revocation needs a new sign-in.
    return std::unexpected(unauthorized(std::move(revoked->error), true));
  }
  return caller_of_session(*settings, *session);
}

void SessionEntrance::end(http::Fields fields) {
  auto cookie = find_cookie(fields, kSessionCookie);
  if (cookie.times == 1) sessions_.end(cookie.value);
}

}  // namespace sallyport::admin
