#include "signin/renewal.h"

#include <fmt/format.h>

#include "signin/machine_flow.h"
#include "signin/token_answer.h"
#include "signin/token_reading.h"

namespace sallyport::signin {
namespace {

constexpr std::int64_t kLastMoment = 30;    ///< seconds that a token must still have
constexpr std::int64_t kRefusalStays = 60;  ///< seconds in which a refusal is not asked for again

bool refused_just_now(const Session& session, WallTime now) {
  std::int64_t age = unix_seconds(now) - session.refused_at;
  return !session.refused.empty() && age >= 0 && age < kRefusalStays;
}

std::unexpected<Error> again(const Session& session, std::string message) {
  std::string next_step = "run `sallyport sign-in` with the same options as before";
  if (!session.target.server.empty()) {
    next_step = fmt::format("run `sallyport sign-in --server {}`", session.target.server);
  } else if (!session.target.gateway.empty()) {
    next_step = fmt::format("run `sallyport sign-in --gateway {}`", session.target.gateway);
  }
  return fail(kCodeSignInAgain, std::move(message), std::move(next_step));
}

Result<void> store(Vault& vault, const std::string& id, const Session& session) {
  return vault.store(id, encode(session));
}

// RFC 6749 section 6 and OpenID Connect Core 12.
TokenOutcome refresh(Web& web, const Session& session) {
  Form form;
  form.add("grant_type", "refresh_token").add("client_id", session.target.client);
  form.add("refresh_token", session.refresh_token.reveal());
  return request_tokens(web, session.token_endpoint, std::move(form));
}

Result<void> take_renewed(Session& session, Tokens tokens, WallTime now) {
  bool late = false;
  Result<void> fault;
  if (!tokens.id_token.empty()) {
    auto checked = check_id_token(tokens.id_token.reveal(), session.target.issuer,
                                  session.target.client, {}, now);
    // A clock that is wrong for a moment must not cost the sign-in: the new token is kept.
    late = !checked && checked.error().code == kExpiredToken;
    if (!checked && !late) return checked;
    if (late) fault = std::move(checked);
    auto who = read_claims(tokens.id_token.reveal()).subject;
    if (!session.subject.empty() && who != session.subject) {
      return fail(kForeignToken, "the renewed sign-in is of another person",
                  "sign in again; if it stays so, tell your administrator");
    }
  }
  // Kept before anything can be wrong with the rest: the old one is spent.
  if (!tokens.refresh_token.empty()) session.refresh_token = std::move(tokens.refresh_token);
  if (late) return fault;
  if (session.target.id_token && tokens.id_token.empty()) {
    return again(session, "the identity provider renews no ID tokens without a person");
  }
  return take_tokens(session, std::move(tokens), now);
}

// The provider may have taken the refresh token, and what it sent instead did not arrive.
bool may_have_been_answered(const Error& error) {
  return error.code == http::kFetchTimeout || error.code == http::kFetchFailed;
}

// Why a refresh token that was good is not taken any more, where we know more than the provider.
std::string interrupted_text(std::int64_t began) {
  std::string time = format_time(WallTime(std::chrono::seconds(began)));
  return fmt::format(
      "; the renewal of {} {} UTC was interrupted before its answer could be stored, and this "
      "provider takes a refresh token only once",
      time.substr(0, 10), time.substr(11, 8));
}

// Remembers a "no", so that a client that asks all the time does not ask the provider each time.
Result<void> refused(Vault& vault, const std::string& id, Session& session, Error error,
                     WallTime now) {
  session.renewal_began = 0;  // it has its answer
  session.refused_at = unix_seconds(now);
  session.refused = error.message;
  auto stored = store(vault, id, session);
  static_cast<void>(stored);  // the answer is the same, and the old entry is still whole
  return std::unexpected(std::move(error));
}

}  // namespace

Result<Session> load_session(Vault& vault, const std::string& id) {
  auto content = vault.load(id);
  if (!content) return std::unexpected(std::move(content.error()));
  return decode_session(content->reveal());
}

Result<void> renew(Vault& vault, const std::string& id, Web& web, Clock& clock, Entropy& entropy) {
  auto session = load_session(vault, id);
  if (!session) return std::unexpected(std::move(session.error()));
  bool machine = session->machine.given();
  if (!machine && session->refresh_token.empty()) {
    return again(*session,
                 "this sign-in has ended and cannot be renewed: the provider gave no "
                 "refresh token");
  }
  // The intent is on the disk before the question: a full disk or a locked key ring is found out
  // while the old refresh token is still good, and who comes after a crash knows what happened. The
  // old token is sent again then: providers with a period of grace take it (RFC 9700 section 4.14).
  std::int64_t interrupted = machine ? 0 : session->renewal_began;
  session->renewal_began = unix_seconds(clock.wall());
  if (auto writable = store(vault, id, *session); !writable) return writable;
  TokenOutcome outcome =
      machine ? renew_machine(web, clock, entropy, *session) : refresh(web, *session);
  WallTime now = clock.wall();
  if (!outcome.tokens) {
    if (outcome.kind == RefusalKind::kTransient || outcome.kind == RefusalKind::kSlowDown) {
      if (!may_have_been_answered(outcome.tokens.error())) {
        session->renewal_began = interrupted;
        auto stored = store(vault, id, *session);
        static_cast<void>(stored);  // at worst a later refusal names this attempt as well
      }
      return std::unexpected(std::move(outcome.tokens.error()));
    }
    Error error = std::move(outcome.tokens.error());
    if (outcome.kind == RefusalKind::kSignIn) {
      if (interrupted != 0) error.message += interrupted_text(interrupted);
      error = again(*session, error.message).error();
    }
    return refused(vault, id, *session, std::move(error), now);
  }
  session->renewal_began = 0;
  if (auto taken = take_renewed(*session, std::move(*outcome.tokens), now); !taken) {
    return refused(vault, id, *session, std::move(taken.error()), now);
  }
  return store(vault, id, *session);
}

Result<Session> current_session(const BookEntry& entry, Vault& vault,
                                const std::filesystem::path& folder, Clock& clock,
                                const RenewElsewhere& renew_elsewhere,
                                std::chrono::milliseconds patience) {
  auto session = load_session(vault, entry.id);
  if (!session || !session->wants_renewal(clock.wall())) return session;
  bool usable = session->seconds_left(clock.wall()) > kLastMoment;
  auto lock =
      take_lock(folder / (entry.id + ".lock"), usable ? std::chrono::milliseconds(0) : patience);
  if (!lock) return usable ? std::move(session) : std::unexpected(std::move(lock.error()));
  if (!*lock) {  // somebody is at it
    if (usable) return session;
    return fail("sign_in.busy", "another process has been renewing this sign-in for too long",
                "try again in a minute");
  }
  session = load_session(vault, entry.id);
  if (!session || !session->wants_renewal(clock.wall())) return session;
  if (refused_just_now(*session, clock.wall())) {
    return usable ? std::move(session) : again(*session, session->refused);
  }
  auto renewed = renew_elsewhere(entry, std::move(**lock));
  if (renewed) return load_session(vault, entry.id);
  return usable ? std::move(session) : std::unexpected(std::move(renewed.error()));
}

Result<Session> session_after_refusal(const BookEntry& entry, Vault& vault,
                                      const std::filesystem::path& folder,
                                      const Secret& refused_token,
                                      const RenewElsewhere& renew_elsewhere,
                                      std::chrono::milliseconds patience) {
  auto lock = take_lock(folder / (entry.id + ".lock"), patience);
  if (!lock) return std::unexpected(std::move(lock.error()));
  if (!*lock) {
    return fail("sign_in.busy", "another process has been renewing this sign-in for too long",
                "try again in a minute");
  }
  auto session = load_session(vault, entry.id);
  if (!session || session->token().reveal() != refused_token.reveal()) return session;
  if (!session->machine.given() && session->refresh_token.empty()) {
    return again(*session, "the token was refused, and the provider gave none to renew it with");
  }
  auto renewed = renew_elsewhere(entry, std::move(**lock));
  if (!renewed) return std::unexpected(std::move(renewed.error()));
  return load_session(vault, entry.id);
}

}  // namespace sallyport::signin
