#include "gateway/refusals.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "base/encoding.h"
#include "base/enum_count.h"

namespace sallyport::gateway {
namespace {

struct Row {
  Cause cause;
  std::string_view code;
  int status;
  bool retry;       ///< false: x-should-retry: false
  int retry_after;  ///< seconds
  std::string_view sentence;
};

constexpr Row kRows[] = {
    {Cause::kNotFound, "route.not_found", 404, false, 0,
     "There is nothing at this address. Check the base URL of your client."},
    {Cause::kMethod, "route.method", 405, false, 0, "This address does not answer to this method."},
    {Cause::kHeadSlow, "http.head_slow", 408, true, 0, "The request did not arrive in time."},
    {Cause::kBodyTooLarge, "body.too_large", 413, false, 0,
     "The request is larger than 32 MiB. Send fewer or smaller attachments."},
    {Cause::kBodySlow, "body.slow", 408, true, 0, "The request did not arrive in time."},
    {Cause::kContentEncoding, "body.content_encoding", 415, false, 0,
     "Compressed requests are not accepted. Send the body without a content-encoding."},
    {Cause::kBusy, "gateway.busy", 503, true, 1,
     "The gateway is holding as many requests as it can. Try again in a moment."},
    {Cause::kRecordUnavailable, "audit.unavailable", 503, true, 5,
     "The gateway cannot record requests now, so it lets none pass. Your administrator has to look "
     "at its disk."},
    {Cause::kNoCredential, "upstream.no_credential", 503, true, 5,
     "The gateway has no credential for the model provider now. Your sign-in is fine; try again in "
     "a moment. If it stays, your administrator has to look at `sallyport status`."},
    {Cause::kProviderUnreachable, "upstream.unreachable", 502, true, 0,
     "The model provider could not be reached."},
    {Cause::kProviderTimeout, "upstream.first_byte_timeout", 504, true, 0,
     "The model provider sent no answer in time."},
    {Cause::kProviderBroken, "upstream.bad_answer", 502, true, 0,
     "The model provider sent an answer that cannot be understood."},
    {Cause::kProviderCredential, "upstream.credential_refused", 502, false, 0,
     "The model provider did not accept the gateway's own credential. Your sign-in is fine; your "
     "administrator has to repair the gateway."},
    {Cause::kProviderDied, "upstream.died", 502, true, 0,
     "The model provider ended the connection before the answer was complete."},
    {Cause::kProviderSilent, "upstream.silent", 504, true, 0,
     "The model provider went silent in the middle of the answer."},
    {Cause::kProviderNoDeployment, "upstream.deployment_not_found", 404, false, 0,
     "The model provider does not know the deployment behind this model. Your administrator has to "
     "correct the gateway's configuration."},
    {Cause::kProviderError, "upstream.error", 502, true, 0,
     "The model provider reported an error."},
    {Cause::kCountTokensUnsupported, "count_tokens.unsupported", 501, false, 0,
     "Token counting is not offered for this model."},
    {Cause::kDraining, "gateway.draining", 503, true, 1,
     "The gateway is shutting down. Try again in a moment."},
};

// Every cause has its row, so that none is found missing when somebody is refused.
static_assert([] {
  for (std::size_t cause = 0; cause < enum_count<Cause>; ++cause) {
    bool found = false;
    for (const auto& row : kRows) found = found || row.cause == static_cast<Cause>(cause);
    if (!found) return false;
  }
  return std::size(kRows) == enum_count<Cause>;
}());

struct RevokedRow {
  identity::RevocationKind kind;
  std::string_view code;
  std::string_view sentence;  ///< {} is when
};

// For the person who reads it in the middle of work: what happened and what helps.
constexpr RevokedRow kRevoked[] = {
    {identity::RevocationKind::kUser, "revoked.user",
     "Your organization has taken back your access to this gateway{}. Signing in again does not "
     "help: ask your administrator."},
    {identity::RevocationKind::kSignIns, "revoked.sign_ins",
     "Your organization has ended your sign-ins{}. Sign out and sign in again to go on (with "
     "Sallyport's command: sallyport sign-in --fresh)."},
    {identity::RevocationKind::kSession, "revoked.session",
     "Your organization has ended this session{}. Sign out and sign in again to go on (with "
     "Sallyport's command: sallyport sign-in --fresh)."},
    {identity::RevocationKind::kToken, "revoked.token",
     "Your organization has taken back this sign-in's token{}. Sign in again to go on."},
    {identity::RevocationKind::kClient, "revoked.client",
     "Your organization has blocked this application at this gateway{}. Ask your administrator "
     "which one to use."},
    {identity::RevocationKind::kGroup, "revoked.group",
     "Your organization has taken back the access of a group that you belong to{}. Ask your "
     "administrator."},
    {identity::RevocationKind::kAll, "revoked.all",
     "Your organization has ended all sign-ins to this gateway{}. Sign out and sign in again to go "
     "on (with Sallyport's command: sallyport sign-in --fresh)."},
};

// " until 2026-11-22 08:00 UTC", or for sign-ins " at 2026-11-21 08:15 UTC".
std::string when(const identity::Revocation& revocation) {
  bool ends = revocation.until && revocation.kind != identity::RevocationKind::kToken;
  if (!ends && !revocation.heals()) return {};
  std::string time = format_time(ends ? *revocation.until : revocation.at);
  return fmt::format(" {} {} {} UTC", ends ? "until" : "at", time.substr(0, 10),
                     time.substr(11, 5));
}

struct AnswerRow {
  upstream::AnswerFault fault;
  Cause cause;
  bool as_it_came;            ///< status and retry-after are the provider's
  std::string_view sentence;  ///< in place of the cause's; empty: that one
};

using upstream::AnswerFault;
constexpr AnswerRow kAnswers[] = {
    {AnswerFault::kCredential, Cause::kProviderCredential, false, {}},
    {AnswerFault::kNoCountTokens, Cause::kCountTokensUnsupported, false, {}},
    {AnswerFault::kNoDeployment, Cause::kProviderNoDeployment, false, {}},
    {AnswerFault::kRejected, Cause::kProviderError, true,
     "The model provider rejected the request."},
    // Clients compact the conversation when they read this class token.
    {AnswerFault::kTooLarge, Cause::kProviderError, true,
     "capability_rejected: prompt_too_long (the model provider takes no request of this size)"},
    {AnswerFault::kRateLimit, Cause::kProviderError, true,
     "The model provider's limit for this gateway is reached. Try again in a moment."},
    {AnswerFault::kOverloaded, Cause::kProviderError, true,
     "The model provider is overloaded. Try again in a moment."},
    {AnswerFault::kError, Cause::kProviderError, true, {}},
    {AnswerFault::kNoAnswer, Cause::kProviderBroken, false, {}},
};

const AnswerRow& row_of(AnswerFault fault) {
  for (const auto& row : kAnswers) {
    if (row.fault == fault) return row;
  }
  check_failed("a provider's fault without a row", __FILE__, __LINE__);
}

const Row& row_of(Cause cause) {
  for (const auto& row : kRows) {
    if (row.cause == cause) return row;
  }
  check_failed("a cause without a row", __FILE__, __LINE__);
}

}  // namespace

std::string_view error_type(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 402:
      return "billing_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 405:
      return "invalid_request_error";
    case 413:
      return "request_too_large";
    case 429:
      return "rate_limit_error";
    case 501:
      return "not_supported";
    case 504:
      return "timeout_error";
    case 529:
      return "overloaded_error";
    default:
      return status >= 500 ? "api_error" : "invalid_request_error";
  }
}

std::string_view code(Cause cause) {
  return row_of(cause).code;
}

http::Refusal refusal_of(Cause cause) {
  const Row& row = row_of(cause);
  http::Refusal refusal;
  refusal.status = row.status;
  refusal.type = error_type(row.status);
  refusal.code = row.code;
  refusal.message = row.sentence;
  refusal.retry = row.retry;
  refusal.retry_after = row.retry_after;
  return refusal;
}

http::Refusal refusal_of(identity::Reason reason) {
  const auto& facts = identity::facts(reason);
  http::Refusal refusal;
  refusal.status = facts.status;
  refusal.type = error_type(facts.status);
  refusal.code = facts.code;
  refusal.message = facts.caller_sentence;
  refusal.authenticate = facts.status == 401;
  refusal.token_given = reason != identity::Reason::kMissing;
  refusal.retry = facts.status == 429 || facts.status == 503;
  refusal.retry_after = facts.status == 429 ? 1 : facts.status == 503 ? 5 : 0;
  return refusal;
}

http::Refusal refusal_of(const identity::Revocation& revocation) {
  const RevokedRow& row = kRevoked[static_cast<std::size_t>(revocation.kind)];
  SALLYPORT_CHECK(row.kind == revocation.kind);
  http::Refusal refusal;
  refusal.status = 401;
  refusal.type = error_type(401);
  refusal.code = row.code;
  refusal.message = fmt::format(fmt::runtime(row.sentence), when(revocation));
  refusal.authenticate = true;
  return refusal;
}

http::Refusal refusal_of(AnswerFault fault, int status, std::string_view retry_after) {
  const AnswerRow& row = row_of(fault);
  http::Refusal refusal = refusal_of(row.cause);
  if (!row.as_it_came) return refusal;
  refusal.status = status;
  refusal.type = error_type(status);
  if (!row.sentence.empty()) refusal.message = row.sentence;
  refusal.retry = status == 429 || status >= 500;
  int seconds = 0;
  auto end = retry_after.data() + retry_after.size();
  auto [at, error] = std::from_chars(retry_after.data(), end, seconds);
  if (error == std::errc() && at == end && seconds > 0) refusal.retry_after = seconds;
  return refusal;
}

// learn.microsoft.com, "Claims challenges, claims requests and client capabilities": the claims are
// a minified claims request in base64; `nbf` asks for a token issued at that second or later.
std::string claims_challenge(std::string_view issuer, std::string_view tenant,
                             std::int64_t not_before) {
  constexpr std::string_view kVersion2 = "/v2.0";
  constexpr std::string_view kVersion1 = "https://sts.windows.net/";
  std::string authority;
  if (issuer.ends_with(kVersion2)) {
    authority = issuer.substr(0, issuer.size() - kVersion2.size());
  } else if (issuer.starts_with(kVersion1)) {
    authority = fmt::format("https://login.microsoftonline.com/{}", tenant);
  } else {
    return {};
  }
  auto claims = to_base64(
      fmt::format(R"({{"access_token":{{"nbf":{{"essential":true,"value":"{}"}}}}}})", not_before));
  return fmt::format(
      "www-authenticate: Bearer realm=\"{}\", authorization_uri=\"{}/oauth2/v2.0/authorize\", "
      "error=\"insufficient_claims\", claims=\"{}\"\r\n",
      tenant, authority, claims);
}

http::Refusal refusal_of(http::HeadFault fault) {
  http::Refusal refusal;
  switch (fault) {
    case http::HeadFault::kTooLarge:
      refusal.status = 431;
      break;
    case http::HeadFault::kBadVersion:
      refusal.status = 505;
      break;
    case http::HeadFault::kBadEncoding:
      refusal.status = 501;
      break;
    default:
      refusal.status = 400;
  }
  refusal.type = refusal.status == 501 ? "not_supported" : "invalid_request_error";
  refusal.code = http::code(fault);
  refusal.message = refusal.status == 431
                        ? "The request's headers are larger than the gateway accepts."
                        : "The request is not valid HTTP/1.1.";
  return refusal;
}

http::Refusal refusal_of(const policy::Criterion& criterion) {
  http::Refusal refusal;
  refusal.status = criterion.status;
  refusal.type = error_type(criterion.status);
  refusal.code = criterion.reason;
  refusal.message = criterion.sentence;
  return refusal;
}

http::Refusal refusal_of(BodyReason reason) {
  http::Refusal refusal;
  refusal.status = 400;
  refusal.type = "invalid_request_error";
  refusal.code = text_of(reason);
  refusal.message = sentence(reason);
  return refusal;
}

}  // namespace sallyport::gateway
