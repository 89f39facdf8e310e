// The smallest real request to a provider, for `sallyport upstream check`. Its head is written by
// the same functions as the gateway's, so that what is checked is what the gateway will send.
#pragma once

#include <string_view>

#include "http/fetch.h"
#include "upstream/upstream.h"

namespace sallyport::upstream {

/// Asks the deployment for a single token, as a client would that sends nothing but what it must.
/// Trust, proxy and time limit are the caller's to set. Any thread.
[[nodiscard]] http::FetchRequest probe_request(const Upstream& upstream,
                                               std::string_view deployment,
                                               const Credential& credential);

}  // namespace sallyport::upstream
