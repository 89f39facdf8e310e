// sallyport.yaml, read and checked as a whole: either every folder's plain settings, or every
// defect at once. `sallyport config check`, the start and a reload call the same function.
//
//   config::Loaded loaded = config::load(path, config::system_environment());
//   for (const auto& finding : loaded.findings) ...     // errors, or warnings of a good file
//   if (!loaded.configuration) return Exit::kWrongInput;
//
// The schema is a table (schema.h); `sallyport config reference` prints it. Any thread may load;
// the result is a value, except that credentials are shared and immutable.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/settings.h"
#include "audit/settings.h"
#include "config/environment.h"
#include "config/finding.h"
#include "gateway/settings.h"
#include "identity/settings.h"
#include "upstream/settings.h"

namespace sallyport::config {

/// The largest configuration that is read.
inline constexpr std::size_t kMaxFileBytes = 1 << 20;

/// What the location of a store in a SQLite file begins with; its absolute path follows.
inline constexpr std::string_view kSqliteScheme = "sqlite:";

struct Address {
  std::string host;  ///< an IP literal, without brackets
  std::uint16_t port = 0;
  friend bool operator==(const Address&, const Address&) = default;
};

struct Configuration {
  gateway::ListenSettings listen;
  gateway::Limits limits;
  std::vector<identity::IssuerSettings> issuers;      ///< at least one
  std::vector<upstream::UpstreamSettings> upstreams;  ///< at least one
  std::vector<upstream::ModelSettings> models;        ///< at least one, in file order
  audit::Settings audit;
  std::string store;  ///< its location: "sqlite:/absolute/path"
  admin::Settings admin;
  admin::MetricsSettings metrics;

  std::string instance;  ///< its name (instance.h); empty: the file's name is none
  std::string path;      ///< absolute; relative names in the file count from its folder
  std::string sha256;    ///< of the file's bytes, 64 hexadecimal digits
  /// Where each key that was given stands: `listen.address` -> 3:12.
  std::map<std::string, Place> places;
  /// What each value that was given says, as the file has it; of a secret where it comes from:
  /// `limits.connect` -> 2s. What effective.h shows.
  std::map<std::string, std::string> texts;

  /// The file of a SQLite store, as people are shown it.
  [[nodiscard]] std::string_view store_file() const;
};

struct Loaded {
  std::optional<Configuration> configuration;  ///< there exactly when no finding is an error
  Findings findings;                           ///< in the order of the file, bounded
  /// The issuers alone, there when nothing about them is an error: for a command that needs no
  /// more, run by somebody who may not read the provider's key.
  std::vector<identity::IssuerSettings> issuers;
};

/// Reads and checks the file and everything that it refers to (secrets, certificates). Does not
/// open sockets or folders and asks no network.
[[nodiscard]] Loaded load(const std::string& path, const Environment& environment);

/// The same over bytes that are already here; `path` names them in findings.
[[nodiscard]] Loaded parse(std::string_view bytes, const std::string& path,
                           const Environment& environment);

}  // namespace sallyport::config
