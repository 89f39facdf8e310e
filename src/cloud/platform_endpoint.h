// What the three managed-identity sources share: the request to the platform's own endpoint and the
// reading of its answer. Internal to cloud/.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cloud/token_source.h"

namespace sallyport::cloud {

/// `https://ai.azure.com/.default` -> `https://ai.azure.com`: these endpoints take a resource.
[[nodiscard]] std::string resource_of(std::string_view scope);

/// ENDPOINT?api-version=..&resource=..; the other parameters where their value is not empty.
[[nodiscard]] std::string platform_url(
    const SourceSettings& settings, std::string_view api_version,
    std::initializer_list<std::pair<std::string_view, std::string_view>> identity);

/// GET, no proxy, link-local and localhost allowed, small answer.
[[nodiscard]] http::FetchRequest platform_request(const Ask& ask, std::string url);

/// The token of the endpoint's answer, or why there is none. Wipes the answer.
[[nodiscard]] Obtained read_platform_answer(const Ask& ask, std::string_view endpoint,
                                            Result<http::FetchResponse> answer);

/// Seconds of a Retry-After field, at most five minutes; `fallback` where it says nothing.
[[nodiscard]] std::chrono::seconds retry_after_of(const http::FetchResponse& answer,
                                                  std::chrono::seconds fallback);

/// RFC 3986 section 2.1, for a value of a query or a form.
void append_encoded(std::string& out, std::string_view text);

}  // namespace sallyport::cloud
