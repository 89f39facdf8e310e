// The sources of Entra tokens for a provider: one function and one file a kind. Each asks once and
// knows nothing of schedules, caches and retries (credential_service.h does). Runs on the Fetcher's
// thread. The platform's own endpoints (link-local addresses, http://localhost) are asked here and
// nowhere else in the program, and never through a proxy.
//
//   obtain({fetcher, clock, entropy, settings}, [](Obtained token) { ... });
//
// To add a kind: a value in settings.h, a file credential_KIND.cc, a row in credential_source.cc.
#pragma once

#include <functional>
#include <memory>

#include "base/entropy.h"
#include "http/fetch.h"
#include "upstream/settings.h"
#include "upstream/token_answer.h"

namespace sallyport::upstream {

/// What a source needs to ask once.
struct Ask {
  http::Fetcher& fetcher;
  Clock& clock;
  Entropy& entropy;
  std::shared_ptr<const CredentialSettings> settings;
  std::chrono::milliseconds timeout{10000};
};

/// Why there is no token. Codes: fetch.*, credential.refused (the endpoint said no),
/// credential.unavailable (it cannot answer now), credential.malformed (no token in its answer),
/// credential.file (a file that the source needs), credential.challenge (Azure Arc's was not to be
/// trusted), credential.signature (the assertion could not be signed).
struct CredentialFailure {
  Error error;
  bool lasting = false;                 ///< trying again soon will not help
  std::chrono::seconds retry_after{0};  ///< the endpoint's wish; 0: none
};
using Obtained = std::expected<Token, CredentialFailure>;
using OnObtained = std::function<void(Obtained)>;

/// Calls `done` once, on the Fetcher's thread, perhaps at once. Not for an API key.
void obtain(const Ask& ask, OnObtained done);

// One file each.
void obtain_from_imds(const Ask& ask, OnObtained done);
void obtain_from_app_service(const Ask& ask, OnObtained done);
void obtain_from_arc(const Ask& ask, OnObtained done);
void obtain_for_workload(const Ask& ask, OnObtained done);
void obtain_with_secret(const Ask& ask, OnObtained done);
void obtain_with_certificate(const Ask& ask, OnObtained done);

/// Reads a small secret file that must be what it seems: regular, no symbolic link as its last
/// step, visible ASCII after the line ends at its end. Errors: credential.file.
[[nodiscard]] Result<Secret> read_secret_file(const std::string& folder, const std::string& name,
                                              std::size_t limit, bool follow_links);

}  // namespace sallyport::upstream
