#include "gateway/provider_refusal.h"

#include "base/log.h"
#include "gateway/heads.h"
#include "gateway/provider_error.h"

namespace sallyport::gateway {
namespace {

bool refuses_credential(int status) {
  return status == 401 || status == 403;
}

bool lacks_count_tokens(const Exchange& x, int status) {
  return status == 404 && x.asked.endpoint == Endpoint::kCountTokens;
}

}  // namespace

void note_provider_error(const Exchange& x, int status, std::string_view body) {
  auto azure = parse_azure_error(body);
  log::limited(log::Level::kWarning, "upstream.error",
               {{"id", x.id},
                {"upstream", x.to().upstream->name()},
                {"status", status},
                {"provider_code", azure ? azure->code : std::string()},
                {"provider_message", azure ? azure->message : std::string()}});
  if (!refuses_credential(status)) return;
  x.worker.shared.note_refused_credential(x.to().upstream->credential_id(), status);
  log::limited(log::Level::kError, "upstream.credential_refused",
               {{"upstream", x.to().upstream->name()},
                {"status", status},
                {"next_step", "check the provider's key or the role of the gateway's identity"}});
}

bool passes_to_client(const Exchange& x, int status, std::string_view body) {
  return status >= 400 && !refuses_credential(status) && !lacks_count_tokens(x, status) &&
         is_anthropic_error(body);
}

http::Refusal refusal_of_answer(const Exchange& x, int status, std::string_view body,
                                std::string_view retry_after) {
  auto refusal = refuses_credential(status)      ? refusal_of(Cause::kProviderCredential)
                 : lacks_count_tokens(x, status) ? refusal_of(Cause::kCountTokensUnsupported)
                 : status >= 400                 ? translate_error(status, body, retry_after)
                                 : refusal_of(Cause::kProviderBroken);  // a page, a redirect
  // Support at the provider asks for its ids, whatever we say in its place.
  if (!x.told.provider_request_id.empty()) {
    append_field(refusal.more_fields, "request-id", x.told.provider_request_id);
  }
  if (!x.told.apim_request_id.empty()) {
    append_field(refusal.more_fields, "apim-request-id", x.told.apim_request_id);
  }
  return refusal;
}

}  // namespace sallyport::gateway
