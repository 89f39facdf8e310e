// What one key cannot know alone: which keys need each other, exclude each other, or do not mean
// what the administrator believes. Run after the reader, over a draft whose single values are
// right; also completes it (path prefix, base URLs, display names). Errors are for what cannot
// work or is unsafe, warnings for what most likely is not meant.
#pragma once

#include "config/draft.h"
#include "config/environment.h"

namespace sallyport::config {

struct Scene {
  Draft& draft;
  const Environment& environment;
  Report& report;
};

void check_listen(Scene& scene);
void check_limits(Scene& scene);
void check_issuers(Scene& scene);
void check_upstreams(Scene& scene);
void check_credential(Scene& scene, std::size_t index);  ///< part of check_upstreams
void check_models(Scene& scene);
void check_admin(Scene& scene);
void check_moved_defaults(Scene& scene);

/// What a server shows: PEM files, and the URL by which it is reached.
struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string public_url;
};
/// `block`: `listen.tls`.
void check_tls_files(Scene& scene, const std::string& block, const TlsFiles& files);

/// A file that a key names; nothing, and a finding, where it cannot be read.
[[nodiscard]] std::optional<Environment::File> open_file(Scene& scene, const std::string& key,
                                                         const std::string& path);

/// A finding where every user of this machine may open the file of a private key.
void check_key_mode(Scene& scene, const std::string& key, const std::string& path, unsigned mode);

/// An error that was found in a file.
void report_failure(Scene& scene, const std::string& key, const std::string& path, Error error);

/// A PEM file with authorities that a key names; nothing where the key is not given.
void check_authorities(Scene& scene, const std::string& key, const std::string& path);

}  // namespace sallyport::config
