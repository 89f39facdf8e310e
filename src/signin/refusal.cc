#include "signin/refusal.h"

#include <fmt/format.h>

#include <charconv>

#include "identity/claims.h"
#include "identity/strict_json.h"

namespace sallyport::signin {
namespace {

using enum RefusalKind;

struct EntraRow {
  int code;
  RefusalKind kind;
  std::string_view sentence;
  std::string_view next_step;
};

constexpr std::string_view kSignInAgain = "sign in again with `sallyport sign-in`";
constexpr std::string_view kCallAdministrator = "ask your administrator";
constexpr std::string_view kTryLater = "try again in a minute";

// Microsoft, "Microsoft Entra authentication and authorization error codes".
constexpr EntraRow kEntraRows[] = {
    {50011, kOther, "the registration does not know the address that the browser is sent back to",
     "administrator: add http://127.0.0.1/callback under Mobile and desktop applications"},
    {7000218, kOther, "the registration wants a secret, which a program on a desk cannot keep",
     "administrator: move the redirect address to Mobile and desktop applications; for --device, "
     "allow public client flows"},
    {700016, kOther, "this application is not known in the tenant",
     "administrator: check the client id and the tenant in issuers[].sign_in and issuer"},
    {700011, kOther, "this application is not known in the tenant",
     "administrator: check the client id and the tenant in issuers[].sign_in and issuer"},
    {500011, kOther, "the gateway's API is not known in the tenant",
     "administrator: create the API's service principal and check the scopes"},
    {650057, kOther, "the application's registration does not list the gateway's API",
     "administrator: add the API under API permissions of the client's registration"},
    {50001, kOther, "the gateway's API is not known in the tenant",
     "administrator: create the API's service principal and check the scopes"},
    {65001, kOther, "nobody has consented to this application yet",
     "administrator: grant admin consent, or pre-authorise the client at the API"},
    {65004, kDeclined, "the consent was declined", "sign in again and accept, or ask why it asks"},
    {90094, kOther, "an administrator has to consent to this application",
     "administrator: grant admin consent"},
    {90095, kOther, "an administrator has to consent; a request was sent",
     "wait until it is granted, then sign in again"},
    {65005, kOther, "the application's registration asks for something that does not exist",
     "administrator: check API permissions of the client's registration"},
    {650056, kOther, "the application's registration is not complete",
     "administrator: check API permissions of the client's registration"},
    {90009, kOther, "the application asks for a token for itself",
     "administrator: use two registrations, or the GUID instead of api:// in the scope"},
    {50105, kOther, "you are not assigned to this application",
     "ask your administrator to assign you or your group"},
    {50194, kOther, "the issuer stands for many tenants, and the application is for one",
     "administrator: write the tenant's id into the issuer"},
    {53000, kOther, "your organization wants a device that is compliant", kCallAdministrator},
    {53001, kOther, "your organization wants a device that is joined to the domain",
     kCallAdministrator},
    {53003, kOther, "a Conditional Access policy of your organization blocks this sign-in",
     kCallAdministrator},
    {530032, kOther, "a security policy of your organization blocks this sign-in",
     kCallAdministrator},
    {530035, kOther, "security defaults of your organization block this sign-in",
     kCallAdministrator},
    {50131, kOther, "a Conditional Access policy blocks this sign-in from here",
     kCallAdministrator},
    {50076, kSignIn, "a second factor is wanted", kSignInAgain},
    {50078, kSignIn, "the second factor is too old", kSignInAgain},
    {50079, kSignIn, "a second factor has to be set up", kSignInAgain},
    {50074, kSignIn, "a second factor is wanted", kSignInAgain},
    {50072, kSignIn, "a second factor has to be set up", kSignInAgain},
    {70043, kSignIn, "your organization wants a fresh sign-in after this time", kSignInAgain},
    {700082, kSignIn, "the sign-in was not used for too long", kSignInAgain},
    {70008, kSignIn, "the sign-in has expired", kSignInAgain},
    {50173, kSignIn, "your sign-in was taken back, or your password changed", kSignInAgain},
    {50133, kSignIn, "your session has ended, or your password changed", kSignInAgain},
    {50132, kSignIn, "your session has ended, or your password changed", kSignInAgain},
    {50057, kOther, "your account is disabled", kCallAdministrator},
    {50053, kOther, "your account is locked for now",
     "wait some minutes, or ask your administrator"},
    {50055, kSignIn, "your password has expired", "change it, then sign in again"},
    {70001, kOther, "this application is switched off in the tenant", kCallAdministrator},
    {7000112, kOther, "this application is switched off in the tenant", kCallAdministrator},
    {54005, kSignIn, "the code of this sign-in was used already", kSignInAgain},
    {501481, kSignIn, "the code was not redeemed by who asked for it", kSignInAgain},
    {50147, kOther, "the provider did not accept the proof of this sign-in", kSignInAgain},
    {70016, kPending, "nobody has typed the code yet", "type it on the provider's page"},
    {70018, kOther, "the code is not the right one",
     "start again with `sallyport sign-in --device`"},
    {70019, kExpired, "the code has expired", "start again with `sallyport sign-in --device`"},
    {7000215, kOther, "the client secret is wrong",
     "administrator: write the secret's value, not its id, into the file"},
    {7000222, kOther, "the client secret has expired", "administrator: make a new one"},
    {700027, kOther, "the certificate's signature was not accepted",
     "administrator: upload this certificate to the registration"},
    {50012, kOther, "the certificate's signature was not accepted",
     "administrator: upload this certificate to the registration, and check the clock"},
    {700025, kOther, "the registration is public, so it takes no secret",
     "take the secret away, or use a confidential registration"},
    {90055, kTransient, "the provider has too much to do", kTryLater},
    {50196, kTransient, "the provider sees the same request too often", kTryLater},
    {90024, kTransient, "the provider has trouble at the moment", kTryLater},
    {700022, kOther, "the scopes belong to several APIs",
     "administrator: keep scopes of one API in issuers[].sign_in.scopes"},
    {70011, kOther, "a scope is not known", "administrator: check issuers[].sign_in.scopes"},
    {28002, kOther, "a scope is not known", "administrator: check issuers[].sign_in.scopes"},
};

struct NameRow {
  std::string_view error;
  RefusalKind kind;
  std::string_view sentence;
  std::string_view next_step;
};

// RFC 6749 5.2 and 4.1.2.1, RFC 8628 3.5, OpenID Connect Core 3.1.2.6, Entra's device code names.
constexpr NameRow kNameRows[] = {
    {"authorization_pending", kPending, "nobody has typed the code yet",
     "type it on the provider's page"},
    {"slow_down", kSlowDown, "the provider was asked too often", kTryLater},
    {"expired_token", kExpired, "the code has expired before anybody used it",
     "start again with `sallyport sign-in --device`"},
    {"bad_verification_code", kOther, "the provider does not know the code",
     "start again with `sallyport sign-in --device`"},
    {"authorization_declined", kDeclined, "the sign-in was declined",
     "sign in again if you did not mean that"},
    {"access_denied", kDeclined, "the sign-in was declined",
     "sign in again if you did not mean that"},
    {"invalid_grant", kSignIn, "the identity provider does not take this sign-in any more",
     kSignInAgain},
    {"interaction_required", kSignIn, "the identity provider wants to see you again", kSignInAgain},
    {"login_required", kSignIn, "the identity provider wants to see you again", kSignInAgain},
    {"consent_required", kOther, "nobody has consented to this application yet",
     "administrator: grant consent for it"},
    {"invalid_client", kOther, "the identity provider does not accept the client",
     "check the client id; for a machine, its secret or certificate"},
    {"unauthorized_client", kOther, "the client may not sign in this way",
     "administrator: allow authorization code, refresh and device code for it"},
    {"unsupported_grant_type", kOther, "the identity provider does not offer this way",
     "try without --device, or with it"},
    {"invalid_scope", kOther, "the identity provider does not know a scope",
     "administrator: check issuers[].sign_in.scopes"},
    {"invalid_resource", kOther, "the identity provider does not know the gateway's API",
     "administrator: check the scopes"},
    {"invalid_target", kOther, "the identity provider does not know the gateway's API",
     "administrator: check the scopes"},
    {"invalid_request", kOther, "the identity provider did not understand the request",
     "administrator: look at the provider's own words"},
    {"temporarily_unavailable", kTransient, "the identity provider has trouble at the moment",
     kTryLater},
    {"server_error", kTransient, "the identity provider has trouble at the moment", kTryLater},
};

std::string printable(std::string_view text) {
  // Only the first line: what follows are Entra's trace ids.
  return identity::bounded(text.substr(0, text.find_first_of("\r\n")), 300);
}

int entra_code_in(std::string_view text) {
  auto at = text.find("AADSTS");
  if (at == std::string_view::npos) return 0;
  int code = 0;
  std::from_chars(text.data() + at + 6, text.data() + text.size(), code);
  return code;
}

const EntraRow* find_entra(int code) {
  for (const auto& row : kEntraRows) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

const NameRow* find_name(std::string_view error) {
  for (const auto& row : kNameRows) {
    if (row.error == error) return &row;
  }
  return nullptr;
}

std::string_view code_of(RefusalKind kind) {
  switch (kind) {
    case kSignIn:
      return kCodeSignInAgain;
    case kDeclined:
      return "sign_in.declined";
    case kExpired:
    case kPending:
      return "sign_in.expired";
    case kSlowDown:
    case kTransient:
      return kProviderBusy;
    case kOther:
      break;
  }
  return kProviderRefused;
}

}  // namespace

ProviderRefusal make_refusal(std::string_view error, std::string_view description) {
  return {printable(error), printable(description), entra_code_in(description)};
}

ProviderRefusal parse_refusal(std::string_view json, int status) {
  ProviderRefusal refusal;
  auto document = identity::StrictJson::parse(json, identity::kDocumentJson);
  if (document && document->root().is_object()) {
    auto root = document->root();
    auto error = root.member("error");
    auto description = root.member("error_description");
    if (error && error->is_text()) {
      refusal =
          make_refusal(error->text(), description && description->is_text() ? description->text()
                                                                            : std::string_view());
    }
    auto codes = root.member("error_codes");
    if (codes && codes->is_array()) {
      for (identity::JsonView code : *codes) {
        auto number = code.whole_number().value_or(0);
        if (number <= 0 || number > 99'999'999) continue;
        if (refusal.entra_code == 0 || find_entra(refusal.entra_code) == nullptr) {
          refusal.entra_code = static_cast<int>(number);
        }
      }
    }
  }
  if (refusal.error.empty()) refusal.error = fmt::format("http_{}", status);
  return refusal;
}

RefusalKind kind_of(const ProviderRefusal& refusal) {
  const NameRow* by_name = find_name(refusal.error);
  // The names of device code say all; elsewhere the number is more exact.
  if (by_name != nullptr && (by_name->kind == kPending || by_name->kind == kSlowDown ||
                             by_name->kind == kExpired || by_name->kind == kDeclined)) {
    return by_name->kind;
  }
  if (const EntraRow* row = find_entra(refusal.entra_code)) return row->kind;
  if (by_name != nullptr) return by_name->kind;
  return refusal.error.starts_with("http_5") || refusal.error == "http_429" ? kTransient : kOther;
}

Error explain(const ProviderRefusal& refusal) {
  std::string message;
  std::string_view next_step = "ask your administrator; the provider's own words say why";
  if (const EntraRow* row = find_entra(refusal.entra_code)) {
    message = row->sentence;
    next_step = row->next_step;
  } else if (const NameRow* by_name = find_name(refusal.error)) {
    message = by_name->sentence;
    next_step = by_name->next_step;
  } else if (kind_of(refusal) == kTransient) {
    message = "the identity provider has trouble at the moment";
    next_step = kTryLater;
  } else {
    message = "the identity provider refused";
  }
  std::string words = refusal.error;
  if (!refusal.description.empty()) words += ": " + refusal.description;
  while (words.ends_with('.')) words.pop_back();
  return {code_of(kind_of(refusal)), fmt::format("{} (it says: {})", message, words),
          std::string(next_step)};
}

}  // namespace sallyport::signin
