#include "admin/token_entrance.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/claims_role.h"
#include "identity/reason.h"

namespace sallyport::admin {

identity::SnapshotPtr token_rules(const identity::Snapshot& data_plane, const Settings& settings) {
  if (settings.audience.empty()) return nullptr;
  for (const auto& issuer : data_plane.issuers) {
    if (issuer.settings.name != settings.issuer) continue;
    auto rules = issuer.settings;
    rules.audiences = {settings.audience};
    rules.token = identity::TokenKind::kAccessToken;
    rules.clients = settings.clients;
    rules.require_scopes.clear();
    if (!settings.scope.empty()) rules.require_scopes.push_back(settings.scope);
    rules.require_roles.clear();
    rules.require_groups.clear();
    rules.header.clear();
    rules.guests = identity::Gate::kRefuse;
    rules.app_only = identity::Gate::kAllow;  // a program of its own: its roles decide
    identity::IssuerState state(std::move(rules), issuer.keys, issuer.keys_until);
    state.fetched_at = issuer.fetched_at;
    return identity::make_snapshot(data_plane.generation, {std::move(state)});
  }
  return nullptr;
}

Problem unauthorized(Error error, bool token_given) {
  Problem problem{401, std::move(error)};
  problem.more_fields = token_given ? "www-authenticate: Bearer error=\"invalid_token\"\r\n"
                                    : "www-authenticate: Bearer\r\n";
  return problem;
}

std::optional<Problem> refuse_revoked_caller(const identity::RevocationRegister& revocations,
                                             const identity::PrincipalDraft& person, WallTime now) {
  auto kept = identity::keep(person);
  auto revocation = revocations.find(*kept, now);
  if (!revocation) return std::nullopt;
  Error error{"api.revoked",
              fmt::format("access was taken back ({} {})", identity::text(revocation->kind),
                          revocation->id),
              revocation->heals() ? "sign in again" : "ask whoever revokes here"};
  if (revocation->heals()) return unauthorized(std::move(error), true);
  return Problem{403, std::move(error)};
}

TokenEntrance::TokenEntrance(Needs needs) : needs_(std::move(needs)) {
  needs_.entropy.fill(key_);
}

bool TokenEntrance::passed_lately(const Sha256& digest, WallTime now) const {
  auto found = passed_.find(digest);
  return found != passed_.end() && now < WallTime(std::chrono::seconds(found->second));
}

void TokenEntrance::remember_passed(const Sha256& digest, std::int64_t expires_at, WallTime now) {
  if (!passed_.contains(digest) && passed_.size() >= kPassed) {
    std::erase_if(passed_, [now](const auto& entry) {
      return WallTime(std::chrono::seconds(entry.second)) <= now;
    });
    if (passed_.size() >= kPassed) {
      passed_.erase(
          std::ranges::min_element(passed_, {}, [](const auto& entry) { return entry.second; }));
    }
  }
  passed_.insert_or_assign(digest, expires_at);
}

const identity::Snapshot* TokenEntrance::rules() {
  auto newest = needs_.identity();
  auto settings = needs_.settings();
  if (newest != made_from_ || settings != made_by_) {
    rules_ = newest && settings ? token_rules(*newest, *settings) : nullptr;
    made_from_ = std::move(newest);
    made_by_ = std::move(settings);
  }
  return rules_.get();
}

std::expected<identity::PrincipalDraft, Problem> TokenEntrance::verify(
    std::string_view token, const identity::SourceAddress& source) {
  const auto* snapshot = rules();
  if (snapshot == nullptr) {
    return std::unexpected(
        unauthorized({"api.no_tokens", "this port takes no tokens of programs",
                      "set admin.audience and admin.clients, or sign in with a browser"},
                     true));
  }
  const auto digest = hmac_sha256(key_, token);
  auto now = needs_.clock.wall();
  if (!passed_lately(digest, now) && needs_.failures.blocked(source, needs_.clock.steady())) {
    return std::unexpected(
        Problem{429,
                {"api.too_many_failures", "too many bad tokens came from this address", "wait"},
                {},
                1});
  }
  auto verified = identity::verify(*snapshot, token, now);
  if (verified) {
    remember_passed(digest, verified->expires_at, now);
    return std::move(*verified);
  }
  const auto& refusal = verified.error();
  const auto& facts = identity::facts(refusal.reason);
  if (refusal.reason == identity::Reason::kUnknownKey) {
    needs_.fetch_keys(refusal.issuer, refusal.key_id);
  }
  if (facts.status == 401) needs_.failures.failed(source, needs_.clock.steady());
  Error error{facts.code, std::string(facts.caller_sentence), std::string()};
  if (facts.status == 401) return std::unexpected(unauthorized(std::move(error), true));
  return std::unexpected(Problem{facts.status, std::move(error)});
}

std::expected<Caller, Problem> TokenEntrance::identify(std::string_view token,
                                                       const identity::SourceAddress& source) {
  auto person = verify(token, source);
  if (!person) return std::unexpected(std::move(person.error()));
  auto now = needs_.clock.wall();
  if (auto problem = refuse_revoked_caller(needs_.revocations, *person, now)) {
    return std::unexpected(std::move(*problem));
  }
  auto given = roles_of(made_by_->roles, *person);
  Caller caller;
  caller.way = Way::kToken;
  caller.who = person->key;
  caller.name = person->name;
  caller.mail = person->mail;
  caller.client = person->client;
  caller.roles = given.roles;
  caller.because = std::move(given.because);
  caller.until = WallTime(std::chrono::seconds(person->expires_at));
  caller.person = std::make_shared<const identity::PrincipalDraft>(std::move(*person));
  return caller;
}

}  // namespace sallyport::admin
