#include "admin/relying_party.h"

#include <fmt/format.h>

#include <utility>

#include "admin/token_entrance.h"
#include "base/encoding.h"
#include "http/client_assertion.h"
#include "identity/reason.h"
#include "identity/token_verifier.h"
#include "signin/metadata.h"
#include "signin/refusal.h"
#include "signin/token_answer.h"
#include "signin/token_reading.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kScopes = "openid profile email";
constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::chrono::seconds kAssertionLife{300};
constexpr std::chrono::minutes kProviderLife{10};  // of a discovery document

const identity::IssuerState* find_issuer(const identity::Snapshot& snapshot,
                                         std::string_view name) {
  for (const auto& issuer : snapshot.issuers) {
    if (issuer.settings.name == name) return &issuer;
  }
  return nullptr;
}

std::string redirect_uri(const Settings& settings) {
  return settings.public_url + "/sign-in/callback";
}

std::unexpected<SignInFailure> failed(int status, Error error, std::string cause) {
  return std::unexpected(SignInFailure{{status, std::move(error)}, std::move(cause)});
}

// Trouble with the provider, the network or a file of ours: what exactly, the log says; whoever
// reads the page is not known yet.
std::unexpected<SignInFailure> failed(const Error& error) {
  return failed(503,
                {error.code, "the identity provider cannot be asked now",
                 "try again in a minute; the gateway's log says why"},
                error.text());
}

// explain() speaks to whoever types `sallyport sign-in`; this is a browser, and another
// registration.
std::string next_step_of(signin::RefusalKind kind) {
  using enum signin::RefusalKind;
  switch (kind) {
    case kSignIn:
    case kDeclined:
    case kExpired:
    case kPending:
      return "sign in again";
    case kSlowDown:
    case kTransient:
      return "try again in a minute";
    case kOther:
      break;
  }
  return "show this to whoever keeps the web application of admin.sign_in at the identity provider";
}

std::unexpected<SignInFailure> refused(Error error, signin::RefusalKind kind) {
  bool passes = kind == signin::RefusalKind::kTransient || kind == signin::RefusalKind::kSlowDown;
  bool persons = kind == signin::RefusalKind::kDeclined || kind == signin::RefusalKind::kSignIn;
  auto cause = error.text();
  error.next_step = next_step_of(kind);
  return failed(passes ? 503 : persons ? 403 : 502, std::move(error), std::move(cause));
}

}  // namespace

std::string sign_in_realm(const identity::Snapshot& data_plane, const Settings& settings) {
  const auto* issuer = find_issuer(data_plane, settings.issuer);
  if (issuer == nullptr || !settings.sign_in) return {};
  return fmt::format("{}\n{}\n{}", settings.issuer, issuer->settings.issuer,
                     settings.sign_in->client);
}

identity::SnapshotPtr id_token_rules(const identity::Snapshot& data_plane,
                                     const Settings& settings) {
  const auto* issuer = find_issuer(data_plane, settings.issuer);
  if (issuer == nullptr || !settings.sign_in) return nullptr;
  auto rules = issuer->settings;
  rules.audiences = {settings.sign_in->client};
  rules.token = identity::TokenKind::kIdToken;
  // OpenID Connect Core 3.1.3.7 rules 4 and 5: an `azp` names us. A token without one counts as its
  // audience's, which is us.
  rules.clients = {settings.sign_in->client};
  rules.require_scopes.clear();
  rules.require_roles.clear();
  rules.require_groups.clear();
  rules.header.clear();
  rules.guests = identity::Gate::kRefuse;
  rules.app_only = identity::Gate::kRefuse;
  identity::IssuerState state(std::move(rules), issuer->keys, issuer->keys_until);
  state.fetched_at = issuer->fetched_at;
  return identity::make_snapshot(data_plane.generation, {std::move(state)});
}

Result<std::shared_ptr<const identity::Discovery>> RelyingParty::find_provider(const Scene& scene) {
  auto now = needs_.clock.steady();
  bool known = provider_ && provider_->issuer == scene.issuer.issuer && now < provider_until_;
  if (known) return provider_;
  auto found = signin::discover(*scene.web, scene.issuer.issuer);
  if (!found) return std::unexpected(std::move(found.error()));
  if (found->authorization_endpoint.empty() || found->token_endpoint.empty()) {
    return fail("provider.error",
                fmt::format("{} offers no sign-in by browser", scene.issuer.issuer),
                "check admin.issuer");
  }
  provider_ = std::make_shared<const identity::Discovery>(std::move(*found));
  provider_until_ = now + kProviderLife;
  return provider_;
}

std::expected<RelyingParty::Scene, SignInFailure> RelyingParty::prepare(
    const SignInAttempt& attempt) {
  auto snapshot = needs_.identity();
  Scene scene;
  scene.settings = needs_.settings();
  const auto* issuer = snapshot ? find_issuer(*snapshot, scene.settings->issuer) : nullptr;
  if (issuer == nullptr || !scene.settings->sign_in) {
    return failed(404,
                  {"sign_in.off", "nobody signs in with a browser here",
                   "set admin.sign_in, or ask with a token"},
                  "admin.sign_in is not set");
  }
  if (sign_in_realm(*snapshot, *scene.settings) != attempt.realm) {
    return failed(400,
                  {"sign_in.changed", "the way to sign in was changed meanwhile", "sign in again"},
                  "issuer or client changed");
  }
  scene.issuer = issuer->settings;
  scene.web = needs_.web(scene.issuer);
  auto provider = find_provider(scene);
  if (!provider) return failed(provider.error());
  scene.provider = std::move(*provider);
  return scene;
}

std::expected<std::string, SignInFailure> RelyingParty::authorization_url(
    const SignInAttempt& attempt) {
  auto scene = prepare(attempt);
  if (!scene) return std::unexpected(std::move(scene.error()));
  std::string url = scene->provider->authorization_endpoint;
  char separator = url.find('?') == std::string::npos ? '?' : '&';
  auto add = [&](std::string_view name, std::string_view value) {
    url +=
        fmt::format("{}{}={}", std::exchange(separator, '&'), name, signin::percent_encode(value));
  };
  add("response_type", "code");
  add("client_id", scene->settings->sign_in->client);
  add("redirect_uri", redirect_uri(*scene->settings));
  add("scope", kScopes);
  add("state", attempt.state);
  add("nonce", attempt.nonce);
  add("code_challenge", to_base64url(as_text(sha256(attempt.verifier.reveal()))));
  add("code_challenge_method", "S256");
  if (attempt.fresh) add("prompt", "login");
  return url;
}

// Adds what shows who the application is (OpenID Connect Core section 9).
Result<void> RelyingParty::authenticate(signin::Form& form, const Scene& scene) const {
  const auto& credential = scene.settings->sign_in->credential;
  if (credential.secret) form.add("client_secret", credential.secret->reveal());
  if (credential.certificate.empty() || !credential.certificate_key) return {};
  auto assertion = http::sign_client_assertion({.certificate_pem = credential.certificate,
                                                .key_pem = credential.certificate_key->reveal(),
                                                .audience = scene.provider->token_endpoint,
                                                .client_id = scene.settings->sign_in->client,
                                                .life = kAssertionLife},
                                               needs_.clock.wall(), needs_.entropy);
  if (!assertion) return fail(std::move(assertion.error()), "for admin.sign_in.credential");
  form.add("client_assertion_type", kAssertionType);
  form.add("client_assertion", assertion->reveal());
  return {};
}

std::expected<Secret, SignInFailure> RelyingParty::redeem(const Scene& scene,
                                                          const SignInAttempt& attempt,
                                                          const Secret& code) const {
  signin::Form form;
  form.add("grant_type", "authorization_code").add("client_id", scene.settings->sign_in->client);
  form.add("code", code.reveal()).add("redirect_uri", redirect_uri(*scene.settings));
  form.add("code_verifier", attempt.verifier.reveal());
  if (auto shown = authenticate(form, scene); !shown) return failed(shown.error());
  auto outcome =
      signin::request_tokens(*scene.web, scene.provider->token_endpoint, std::move(form));
  if (!outcome.tokens && outcome.refusal.error.empty()) return failed(outcome.tokens.error());
  if (!outcome.tokens) return refused(std::move(outcome.tokens.error()), outcome.kind);
  if (outcome.tokens->id_token.empty()) {
    return failed(502,
                  {"sign_in.no_token", "the identity provider sent no ID token",
                   "show this to whoever keeps the web application at the identity provider"},
                  "no id_token");
  }
  return std::move(outcome.tokens->id_token);
}

std::expected<identity::PrincipalDraft, SignInFailure> RelyingParty::verify(
    std::string_view id_token, const Settings& settings) {
  std::expected<identity::PrincipalDraft, identity::TokenRefusal> verified;
  for (bool again : {false, true}) {
    auto snapshot = needs_.identity();
    auto rules = snapshot ? id_token_rules(*snapshot, settings) : nullptr;
    if (rules == nullptr) {
      return failed(503, {"keys.unavailable", "the identity provider's keys are not there", ""},
                    "no keys");
    }
    verified = identity::verify(*rules, id_token, needs_.clock.wall());
    bool new_key = !verified && verified.error().reason == identity::Reason::kUnknownKey;
    if (again || !new_key) break;
    needs_.fetch_keys(verified.error().issuer, verified.error().key_id);
  }
  if (verified) return std::move(*verified);
  const auto& refusal = verified.error();
  const auto& facts = identity::facts(refusal.reason);
  // Of a token that is not genuine nobody learns how far it got.
  bool known = facts.status == 403;
  return failed(facts.status,
                {known ? facts.code : "sign_in.token_refused",
                 known ? std::string(facts.caller_sentence)
                       : "what the identity provider said of you was not accepted",
                 "sign in again; if it stays so, the gateway's log says why"},
                fmt::format("{}: {} wants {}, got {}", facts.code, refusal.claim, refusal.expected,
                            refusal.got));
}

std::expected<identity::PrincipalDraft, SignInFailure> RelyingParty::finish(
    const SignInAttempt& attempt, const signin::Callback& callback) {
  auto scene = prepare(attempt);
  if (!scene) return std::unexpected(std::move(scene.error()));
  if (auto checked = signin::check_answering_issuer(callback, *scene->provider); !checked) {
    auto cause = checked.error().text();
    return failed(400, std::move(checked.error()), std::move(cause));
  }
  if (!callback.error.empty()) {
    auto refusal = signin::make_refusal(callback.error, callback.description);
    return refused(signin::explain(refusal), signin::kind_of(refusal));
  }
  auto id_token = redeem(*scene, attempt, callback.code);
  if (!id_token) return std::unexpected(std::move(id_token.error()));
  auto person = verify(id_token->reveal(), *scene->settings);
  if (!person) return person;
  // The signature was verified: what is read now is the provider's word. The nonce ties the token
  // to this attempt, so that one that was got elsewhere cannot be slipped in.
  auto claims = signin::read_claims(id_token->reveal());
  if (attempt.nonce.empty() || !equal_constant_time(claims.nonce, attempt.nonce)) {
    return failed(400,
                  {"sign_in.foreign_token", "this sign-in was not begun here", "sign in again"},
                  "nonce");
  }
  auto problem = refuse_revoked_caller(needs_.revocations, *person, needs_.clock.wall());
  if (problem) {
    auto cause = fmt::format("{}: {}", person->key, problem->error.message);
    return failed(403, std::move(problem->error), std::move(cause));
  }
  return person;
}

}  // namespace sallyport::admin
