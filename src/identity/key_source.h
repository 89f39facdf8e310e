// Where one issuer's keys are fetched from: its discovery document and then its key set, or a file.
// Runs on the Fetcher's thread; knows nothing of schedules and of what was fetched before.
#pragma once

#include <chrono>
#include <functional>

#include "http/fetch.h"
#include "identity/key_set.h"
#include "identity/settings.h"

namespace sallyport::identity {

/// Calls `done` once, on the Fetcher's thread (at once for a file). Errors: fetch.*, file.*,
/// discovery.rejected, keys.rejected, keys.status (an answer other than 200).
void fetch_keys(http::Fetcher& fetcher, const IssuerSettings& issuer,
                std::chrono::milliseconds timeout, std::function<void(Result<KeySetPtr>)> done);

/// True if both settings lead to the same keys.
[[nodiscard]] bool same_key_source(const IssuerSettings& a, const IssuerSettings& b);

}  // namespace sallyport::identity
