#include "identity/token_verifier.h"

#include <array>

#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

/// What a check needs to have been found out before it can say anything.
enum class Needs : std::uint8_t { kNothing, kForm, kIssuer, kKey };

struct Check {
  std::string_view name;
  std::string_view what;
  Refused (*run)(Examined&);
  Needs needs;
};

// The order: what is cheap comes before the signature, what needs a genuine token after it, what
// is said with 403 (the person is known, but may not) last.
constexpr std::array kChecks{
    Check{"form", "three canonical base64url parts around two JSON objects", &check_form,
          Needs::kNothing},
    Check{"header", "known algorithm, kid, nothing critical, no key inside", &check_header_rules,
          Needs::kForm},
    Check{"issuer", "iss is a configured issuer, exactly", &check_issuer, Needs::kForm},
    Check{"audience", "aud names this gateway, exactly", &check_audience, Needs::kIssuer},
    Check{"type", "typ names a token for an API", &check_type, Needs::kIssuer},
    Check{"algorithm", "alg is allowed for the issuer", &check_algorithm, Needs::kIssuer},
    Check{"times", "exp, nbf and iat against the clock", &check_times, Needs::kIssuer},
    Check{"key", "kid is one of the issuer's keys and fits alg", &check_key, Needs::kIssuer},
    Check{"signature", "the signature verifies", &check_signature, Needs::kKey},
    Check{"tenant", "tid is the issuer's tenant", &check_tenant, Needs::kIssuer},
    Check{"version", "ver fits the issuer", &check_version, Needs::kIssuer},
    Check{"binding", "the token is not bound to a key of its sender", &check_binding,
          Needs::kIssuer},
    Check{"kind", "access token or ID token, as configured", &check_kind, Needs::kIssuer},
    Check{"subject", "sub (and oid with a tenant) say who it is", &check_subject, Needs::kIssuer},
    Check{"claims", "the other claims have their types", &check_claims, Needs::kIssuer},
    Check{"client", "the application is allowed", &check_client, Needs::kIssuer},
    Check{"app_only", "a person, or applications are allowed", &check_app_only, Needs::kIssuer},
    Check{"guest", "no guest, or guests are allowed", &check_guest, Needs::kIssuer},
    Check{"scopes", "every scope of require.scopes", &check_scopes, Needs::kIssuer},
    Check{"roles", "every role of require.roles", &check_roles, Needs::kIssuer},
    Check{"groups", "every group of require.groups", &check_groups, Needs::kIssuer},
};

bool reached(const Examined& token, Needs needs) {
  switch (needs) {
    case Needs::kNothing:
      return true;
    case Needs::kForm:
      return token.claims.has_value();
    case Needs::kIssuer:
      return token.issuer != nullptr;
    case Needs::kKey:
      return token.key != nullptr;
  }
  return false;
}

Examined begin(const Snapshot& snapshot, std::string_view token, WallTime now) {
  return {.snapshot = snapshot,
          .token = token,
          .now = now,
          .jws = std::nullopt,
          .payload = {},
          .claims = std::nullopt,
          .audience = {},
          .principal = {}};
}

}  // namespace

TokenRefusal refuse(const Examined& token, Reason reason, std::string_view claim,
                    std::string_view expected, std::string_view got) {
  TokenRefusal refusal{.reason = reason,
                       .claim = std::string(claim),
                       .expected = bounded(expected),
                       .got = bounded(got),
                       .issuer = {},
                       .key_id = {},
                       .signature_verified = token.signature_verified,
                       .person = nullptr};
  if (token.issuer != nullptr) refusal.issuer = token.issuer->settings.name;
  if (token.jws) {
    if (auto kid = token.jws->header().member("kid"); kid && kid->is_text()) {
      refusal.key_id = bounded(kid->text(), 256);
    }
  }
  if (facts(reason).status == 403) {
    refusal.person = keep(token.principal);
  }
  return refusal;
}

TokenRefusal refuse(const Examined& token, const ClaimFault& fault) {
  return refuse(token, Reason::kClaimInvalid, fault.claim, "as the standard has it", fault.what);
}

std::expected<PrincipalDraft, TokenRefusal> verify(const Snapshot& snapshot, std::string_view token,
                                                   WallTime now) {
  Examined examined = begin(snapshot, token, now);
  for (const Check& check : kChecks) {
    if (auto refused = check.run(examined)) return std::unexpected(*std::move(refused));
  }
  return std::move(examined.principal);
}

Explanation explain(const Snapshot& snapshot, std::string_view token, WallTime now) {
  Examined examined = begin(snapshot, token, now);
  std::optional<TokenRefusal> first;
  std::vector<TokenCheck> checks;
  for (const Check& check : kChecks) {
    TokenCheck& line = checks.emplace_back(TokenCheck{.name = check.name, .what = check.what});
    if (!reached(examined, check.needs)) continue;
    auto refused = check.run(examined);
    if (!refused) {
      line.result = CheckResult::kPassed;
      show(examined, line);
      continue;
    }
    if (!first) first = *refused;
    line.result = CheckResult::kFailed;
    line.reason = refused->reason;
    line.claim = std::move(refused->claim);
    line.expected = std::move(refused->expected);
    line.got = std::move(refused->got);
  }
  std::optional<std::size_t> issuer;
  if (examined.issuer != nullptr) {
    issuer = static_cast<std::size_t>(examined.issuer - snapshot.issuers.data());
  }
  if (first) return {std::move(checks), std::unexpected(*std::move(first)), issuer};
  return {std::move(checks), std::move(examined.principal), issuer};
}

}  // namespace sallyport::identity
