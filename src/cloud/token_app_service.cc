// Managed identity in App Service, Functions and Container Apps: an endpoint of the sandbox,
// guarded by a secret header against requests that somebody makes this process send. Its answers
// have `expires_on` alone.
#include "base/check.h"
#include "cloud/platform_endpoint.h"

namespace sallyport::cloud {

void obtain_from_app_service(const Ask& ask, OnObtained done) {
  const auto& s = *ask.settings;
  SALLYPORT_CHECK(s.secret != nullptr);
  auto request = platform_request(ask, platform_url(s, "2019-08-01",
                                                    {{"client_id", s.client_id},
                                                     {"object_id", s.object_id},
                                                     {"mi_res_id", s.resource_id}}));
  request.headers.emplace_back("X-IDENTITY-HEADER", s.secret->copy());
  ask.fetcher.fetch(
      std::move(request), [ask, done = std::move(done)](Result<http::FetchResponse> answer) {
        done(read_platform_answer(ask, "the platform's identity endpoint", std::move(answer)));
      });
}

}  // namespace sallyport::cloud
