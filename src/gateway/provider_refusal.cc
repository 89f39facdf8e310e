#include "gateway/provider_refusal.h"

#include "base/log.h"
#include "gateway/heads.h"
#include "gateway/provider_request.h"

namespace sallyport::gateway {

upstream::ProviderError read_provider_error(const Exchange& x, int status, std::string_view body) {
  const auto& to = x.to();
  return to.upstream->kind().read_error(operation_of(x.asked.endpoint), status, body,
                                        to.credential->secret());
}

void note_provider_error(const Exchange& x, const upstream::ProviderError& error) {
  log::limited(log::Level::kWarning, "upstream.error",
               {{"id", x.id},
                {"upstream", x.to().upstream->name()},
                {"status", error.status},
                {"provider_code", error.code},
                {"provider_message", error.message}});
  if (error.fault != upstream::AnswerFault::kCredential) return;
  x.worker.shared.note_refused_credential(x.to().upstream->credential_id(), error.status);
  log::limited(log::Level::kError, "upstream.credential_refused",
               {{"upstream", x.to().upstream->name()},
                {"status", error.status},
                {"next_step", "check the provider's key or the role of the gateway's identity"}});
}

http::Refusal refusal_of_answer(const Exchange& x, const upstream::ProviderError& error,
                                std::string_view retry_after) {
  auto refusal = refusal_of(error.fault, error.status, retry_after);
  // Support at the provider asks for its ids, whatever we say in its place.
  const auto ids = x.to().upstream->kind().traits().ids;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& id = x.told.provider_ids[i];
    if (!id.empty()) append_field(refusal.more_fields, ids[i].field, id);
  }
  return refusal;
}

}  // namespace sallyport::gateway
