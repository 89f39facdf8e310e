// The sources of Entra tokens: one function and one file a kind. Each asks once and knows nothing
// of schedules, caches and retries (its caller does), nor of what the token is shown to. Runs on
// the Fetcher's thread. The platform's own endpoints (link-local addresses, http://localhost) are
// asked here and nowhere else in the program, and never through a proxy.
//
//   obtain({fetcher, clock, entropy, settings}, [](Obtained token) { ... });
//
// To add a kind: a value in settings.h, a file token_KIND.cc, a row in token_source.cc.
#pragma once

#include <functional>
#include <memory>

#include "base/entropy.h"
#include "base/secret_file.h"
#include "cloud/settings.h"
#include "cloud/token_answer.h"
#include "http/fetch.h"

namespace sallyport::cloud {

/// What a source needs to ask once.
struct Ask {
  http::Fetcher& fetcher;
  Clock& clock;
  Entropy& entropy;
  std::shared_ptr<const SourceSettings> settings;
  std::chrono::milliseconds timeout{10000};
};

/// Why there is no token. Codes: fetch.*, credential.refused (the endpoint said no),
/// credential.unavailable (it cannot answer now), credential.malformed (no token in its answer),
/// credential.file (a file that the source needs), credential.challenge (Azure Arc's was not to be
/// trusted), assertion.* (the assertion could not be signed).
struct CredentialFailure {
  Error error;
  bool lasting = false;                 ///< trying again soon will not help
  std::chrono::seconds retry_after{0};  ///< the endpoint's wish; 0: none
};
using Obtained = std::expected<AccessToken, CredentialFailure>;
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

/// "api_key", "managed_identity.imds", ...: for status, metrics and records.
[[nodiscard]] std::string_view name_of(SourceKind kind);

/// True if also the secrets (compared in constant time) and the ways to the source are the same.
[[nodiscard]] bool same_source(const SourceSettings& a, const SourceSettings& b);

/// A secret file that a source needs. Error: credential.file.
[[nodiscard]] Result<Secret> read_token_file(SecretFile file);

}  // namespace sallyport::cloud
