// What the person and the operator get to know of an answer of the provider's that is no success.
#include "base/log.h"
#include "gateway/exchange_state.h"
#include "gateway/heads.h"
#include "gateway/provider_error.h"

namespace sallyport::gateway {
namespace {

bool refuses_credential(int status) {
  return status == 401 || status == 403;
}

bool lacks_count_tokens(const ExchangeState& state, int status) {
  return status == 404 && state.endpoint == Endpoint::kCountTokens;
}

}  // namespace

void note_provider_error(ExchangeState& state, int status, std::string_view body) {
  auto azure = parse_azure_error(body);
  log::limited(log::Level::kWarning, "upstream.error",
               {{"id", state.id},
                {"upstream", state.upstream().name()},
                {"status", status},
                {"provider_code", azure ? azure->code : std::string()},
                {"provider_message", azure ? azure->message : std::string()}});
  if (!refuses_credential(status)) return;
  state.worker.shared().credentials.note_refused(state.upstream().credential_id(), status);
  log::limited(log::Level::kError, "upstream.credential_refused",
               {{"upstream", state.upstream().name()},
                {"status", status},
                {"next_step", "check the provider's key or the role of the gateway's identity"}});
}

bool passes_to_client(const ExchangeState& state, int status, std::string_view body) {
  return status >= 400 && !refuses_credential(status) && !lacks_count_tokens(state, status) &&
         is_anthropic_error(body);
}

http::Refusal refusal_of_answer(const ExchangeState& state, int status, std::string_view body,
                                std::string_view retry_after) {
  auto refusal = refuses_credential(status)          ? refusal_of(Cause::kProviderCredential)
                 : lacks_count_tokens(state, status) ? refusal_of(Cause::kCountTokensUnsupported)
                 : status >= 400                     ? translate_error(status, body, retry_after)
                                 : refusal_of(Cause::kProviderBroken);  // a page, a redirect
  // Support at the provider asks for its ids, whatever we say in its place.
  if (!state.provider_request_id.empty()) {
    append_field(refusal.more_fields, "request-id", state.provider_request_id);
  }
  if (!state.apim_request_id.empty()) {
    append_field(refusal.more_fields, "apim-request-id", state.apim_request_id);
  }
  return refusal;
}

}  // namespace sallyport::gateway
