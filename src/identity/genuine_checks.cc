// Is the token genuine: form, header, issuer, audience, algorithm, times, key, signature.
#include <algorithm>

#include "base/encoding.h"
#include "identity/signature.h"
#include "identity/token_checks.h"

namespace sallyport::identity {
namespace {

std::string_view header_text(const Examined& token, std::string_view name) {
  auto member = token.jws->header().member(name);
  return member ? member->text() : std::string_view{};
}

// An issuer without what people get wrong: scheme, version, final slash, case.
std::string without_usual_slips(std::string_view issuer) {
  std::string out = lower_case(issuer);
  if (auto scheme = out.find("://"); scheme != std::string::npos) out.erase(0, scheme + 3);
  while (out.ends_with('/')) out.pop_back();
  if (out.ends_with("/v2.0")) out.resize(out.size() - 5);
  while (out.ends_with('/')) out.pop_back();
  return out;
}

// Only the operator sees the difference between "unknown" and "nearly": it saves an hour.
bool is_near_miss(const IssuerState& issuer, std::string_view got) {
  if (without_usual_slips(issuer.settings.issuer) == without_usual_slips(got)) return true;
  return issuer.entra && lower_case(got).find(issuer.entra->tenant) != std::string::npos;
}

std::string seconds(std::int64_t value) {
  return std::to_string(value);
}

}  // namespace

Refused check_form(Examined& token) {
  auto jws = CompactJws::parse(token.token);
  if (!jws)
    return refuse(token, jws.error().reason, jws.error().where, "a signed JWT", jws.error().what);
  token.jws.emplace(*std::move(jws));
  auto payload = StrictJson::parse(token.jws->payload(), kTokenJson);
  if (!payload) {
    Reason reason =
        payload.error() == JsonFault::kDuplicate ? Reason::kDuplicateMember : Reason::kMalformed;
    return refuse(token, reason, "payload", "a JSON object", describe(payload.error()));
  }
  if (!payload->root().is_object()) {
    return refuse(token, Reason::kMalformed, "payload", "a JSON object", "something else");
  }
  token.payload = *std::move(payload);
  token.claims.emplace(token.payload);
  return std::nullopt;
}

Refused check_header_rules(Examined& token) {
  auto fault = check_header(*token.jws);
  if (!fault) return std::nullopt;
  std::string_view got =
      fault->reason == Reason::kAlgNotAllowed ? header_text(token, "alg") : fault->what;
  return refuse(token, fault->reason, fault->where, "", got);
}

Refused check_issuer(Examined& token) {
  auto issuer = token.claims->identifier("iss");
  if (!issuer) return refuse(token, issuer.error());
  const auto& all = token.snapshot.issuers;
  auto found = std::ranges::find(
      all, *issuer, [](const auto& one) -> std::string_view { return one.settings.issuer; });
  if (found != all.end()) {
    token.issuer = &*found;
    return std::nullopt;
  }
  std::vector<std::string_view> expected;
  expected.reserve(all.size());
  for (const auto& one : all) expected.push_back(one.settings.issuer);
  for (const auto& one : all) {
    if (!issuer->empty() && is_near_miss(one, *issuer)) {
      return refuse(token, Reason::kIssuerMismatch, "iss", one.settings.issuer, *issuer);
    }
  }
  return refuse(token, Reason::kIssuerUnknown, "iss", joined(expected), *issuer);
}

// Two blocks may name one issuer, one for access tokens and one for ID tokens: the audience tells
// which of them a token belongs to, and it must be one of them.
Refused check_audience(Examined& token) {
  auto audiences = token.claims->list("aud");
  if (!audiences) return refuse(token, audiences.error());
  const IssuerState* first = token.issuer;
  const IssuerState* match = nullptr;
  std::vector<std::string_view> expected;
  for (const auto& issuer : token.snapshot.issuers) {
    if (issuer.settings.issuer != first->settings.issuer) continue;
    for (const auto& ours : issuer.settings.audiences) {
      expected.push_back(ours);
      if (ours.empty() || std::ranges::find(*audiences, ours) == audiences->end()) continue;
      if (match != nullptr && match != &issuer) {
        return refuse(token, Reason::kAudienceMismatch, "aud", "audiences of one issuer block only",
                      joined(*audiences));
      }
      if (match == nullptr) token.audience = ours;
      match = &issuer;
    }
  }
  if (match == nullptr) {
    return refuse(token, Reason::kAudienceMismatch, "aud", joined(expected), joined(*audiences));
  }
  token.issuer = match;
  return std::nullopt;
}

// RFC 8725 section 3.11: a token made for another purpose must not pass as one of ours. Entra
// writes JWT into access tokens and ID tokens alike, always. Of others JWT, RFC 9068's at+jwt or
// nothing. Media types: "application/" may be left out (RFC 7515 section 4.1.9), case does not
// matter.
Refused check_type(Examined& token) {
  auto typ = token.jws->header().member("typ");
  bool entra = token.issuer->entra.has_value();
  std::string_view expected = entra ? "JWT" : "JWT or at+jwt";
  if (!typ) {
    if (!entra) return std::nullopt;
    return refuse(token, Reason::kWrongType, "typ", expected, "nothing");
  }
  std::string type = typ->is_text() ? lower_case(typ->text()) : "not a text";
  if (type.starts_with("application/")) type.erase(0, 12);
  if (type == "jwt" || (!entra && type == "at+jwt")) return std::nullopt;
  return refuse(token, Reason::kWrongType, "typ", expected, type);
}

Refused check_algorithm(Examined& token) {
  auto algorithm = parse_algorithm(header_text(token, "alg"));
  if (algorithm) token.algorithm = *algorithm;
  if (algorithm &&
      std::ranges::find(token.issuer->algorithms, *algorithm) != token.issuer->algorithms.end()) {
    return std::nullopt;
  }
  return refuse(token, Reason::kAlgNotAllowed, "alg", joined(token.issuer->settings.algorithms),
                header_text(token, "alg"));
}

// RFC 7519 sections 4.1.4 to 4.1.6. Expired is "on or after" exp; the skew is on the token's side.
// exp - iat <= max_token_age together with exp bounds the age at every later look, too.
Refused check_times(Examined& token) {
  auto date = [&](std::string_view name) { return token.claims->date(name); };
  auto exp = date("exp");
  auto iat = date("iat");
  auto nbf = date("nbf");
  for (const auto* one : {&exp, &iat, &nbf}) {
    if (!*one)
      return refuse(token, Reason::kTimeInvalid, one->error().claim, "a number", one->error().what);
  }
  if (*exp == 0) return refuse(token, Reason::kTimeInvalid, "exp", "a number", "nothing");
  if (*iat == 0) return refuse(token, Reason::kTimeInvalid, "iat", "a number", "nothing");
  const auto& settings = token.issuer->settings;
  std::int64_t skew = settings.skew.count();
  std::int64_t now = unix_seconds(token.now);
  if (now >= *exp + skew) {
    return refuse(token, Reason::kExpired, "exp", "after " + seconds(now - skew), seconds(*exp));
  }
  if (*nbf > now + skew) {
    return refuse(token, Reason::kNotYetValid, "nbf", "at most " + seconds(now + skew),
                  seconds(*nbf));
  }
  if (*iat > now + skew) {
    return refuse(token, Reason::kNotYetValid, "iat", "at most " + seconds(now + skew),
                  seconds(*iat));
  }
  if (*exp - *iat > settings.max_token_age.count()) {
    return refuse(token, Reason::kTooOld, "exp",
                  "iat + at most " + seconds(settings.max_token_age.count()),
                  "iat + " + seconds(*exp - *iat));
  }
  token.principal.expires_at = *exp;
  token.principal.issued_at = *iat;
  token.principal.not_before = *nbf;
  token.principal.skew = skew;
  return std::nullopt;
}

Refused check_key(Examined& token) {
  if (!token.issuer->ready(token.now)) {
    return refuse(token, Reason::kKeysUnavailable, "kid", "a key set of the issuer", "none");
  }
  std::string_view key_id = header_text(token, "kid");
  const VerificationKey* key = token.issuer->keys->find(key_id);
  if (key == nullptr) {
    std::vector<std::string_view> known;
    for (const auto& one : token.issuer->keys->keys()) known.push_back(one->key_id());
    return refuse(token, Reason::kUnknownKey, "kid", joined(known), key_id);
  }
  if (!key->allows(token.algorithm)) {
    return refuse(token, Reason::kAlgMismatch, "alg", name_of(key->type()),
                  name_of(token.algorithm));
  }
  token.key = key;
  return std::nullopt;
}

Refused check_signature(Examined& token) {
  if (!verify_signature(*token.key, token.algorithm, token.jws->signing_input(),
                        token.jws->signature())) {
    return refuse(token, Reason::kBadSignature, "signature", "one by key " + token.key->key_id(),
                  "does not verify");
  }
  token.signature_verified = true;
  token.principal.key_id = token.key->key_id();
  return std::nullopt;
}

}  // namespace sallyport::identity
