// Managed identity of a virtual machine or scale set: Azure's Instance Metadata Service.
// Source: "How to use managed identities ... to acquire an access token", Microsoft Learn.
#include "cloud/platform_endpoint.h"

namespace sallyport::cloud {

void obtain_from_imds(const Ask& ask, OnObtained done) {
  const auto& s = *ask.settings;
  auto request = platform_request(ask, platform_url(s, "2018-02-01",
                                                    {{"client_id", s.client_id},
                                                     {"object_id", s.object_id},
                                                     {"msi_res_id", s.resource_id}}));
  request.headers.emplace_back("Metadata", Secret(std::string_view("true")));
  ask.fetcher.fetch(
      std::move(request), [ask, done = std::move(done)](Result<http::FetchResponse> answer) {
        done(read_platform_answer(ask, "the machine's metadata service (IMDS)", std::move(answer)));
      });
}

}  // namespace sallyport::cloud
