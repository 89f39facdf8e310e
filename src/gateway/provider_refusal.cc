// What the person and the operator get to know of an answer of the provider's that is no success.
#include "base/log.h"
#include "gateway/exchange_state.h"
#include "gateway/heads.h"

namespace sallyport::gateway {

using upstream::AnswerFault;

upstream::ProviderError note_provider_error(ExchangeState& state, int status,
                                            std::string_view body) {
  auto error = state.upstream().kind().read_error(operation_of(state.endpoint), status, body,
                                                  state.credential->secret());
  log::limited(log::Level::kWarning, "upstream.error",
               {{"id", state.id},
                {"upstream", state.upstream().name()},
                {"status", error.status},
                {"provider_code", error.code},
                {"provider_message", error.message}});
  if (error.fault != AnswerFault::kCredential) return error;
  state.worker.shared().credentials.note_refused(state.upstream().credential_id(), error.status);
  log::limited(log::Level::kError, "upstream.credential_refused",
               {{"upstream", state.upstream().name()},
                {"status", error.status},
                {"next_step", "check the provider's key or the role of the gateway's identity"}});
  return error;
}

http::Refusal refusal_of_answer(const ExchangeState& state, const upstream::ProviderError& error,
                                std::string_view retry_after) {
  auto refusal = refusal_of(error.fault, error.status, retry_after);
  // Support at the provider asks for its ids, whatever we say in its place.
  const auto& ids = state.upstream().kind().traits().ids;
  if (!state.provider_request_id.empty()) {
    append_field(refusal.more_fields, ids.own, state.provider_request_id);
  }
  if (!state.apim_request_id.empty()) {
    append_field(refusal.more_fields, ids.front, state.apim_request_id);
  }
  return refusal;
}

}  // namespace sallyport::gateway
