// What a running gateway knows of itself: the answer of GET /status on the local socket, and what
// `sallyport status` prints. A plain value; status_page.h fills it from the running parts.
// It names no person and holds no secret.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "base/result.h"

namespace sallyport::admin {

struct IssuerStatus {
  std::string name;
  std::string issuer;      ///< its URL
  bool ready = false;      ///< keys are there: its tokens can be verified
  std::uint64_t keys = 0;  ///< in the key set
  std::optional<WallTime> refreshed;
  std::string problem;  ///< why the last fetch failed; empty if it did not
};

struct UpstreamStatus {
  std::string name;
  std::string provider;    ///< foundry | anthropic
  std::string host;        ///< of its base_url, with the port where one is given
  std::string credential;  ///< where it comes from: "file /etc/sallyport/foundry-key"
  std::string source;      ///< its kind: "api_key", "managed_identity.imds"
  bool ready = false;      ///< there is one now
  std::optional<WallTime> obtained;
  std::optional<WallTime> expires;  ///< nothing: never
  std::string problem;              ///< why the last request for one failed; empty if it did not
  std::optional<WallTime> refused;  ///< when the provider last refused it
  std::uint64_t refused_status = 0;
};

struct WorkerStatus {
  std::uint64_t connections = 0;
  std::uint64_t exchanges = 0;      ///< running now
  std::uint64_t cached_tokens = 0;  ///< entries of the verified-token cache
  /// Since the start: outcome -> requests, in the order given.
  std::vector<std::pair<std::string, std::uint64_t>> requests;
};

struct ChainStatus {
  std::uint64_t worker = 0;
  std::uint64_t sequence = 0;  ///< of its last line: how long it is
  std::uint64_t unsynced = 0;  ///< lines of it that are written but not on the disk yet
  std::string chain;           ///< its name, as in the record
  std::string hash;            ///< of its last line; empty: the worker did not say, or cannot write
};

struct AuditStatus {
  std::string directory;
  std::string sync;                 ///< "each" or "100ms"
  std::uint64_t segment_bytes = 0;  ///< of a file that is begun now
  std::vector<ChainStatus> chains;
};

struct RevocationStatus {
  std::uint64_t in_force = 0;
  std::uint64_t applied = 0;  ///< revocations and lifts since the start
  std::uint64_t cut = 0;      ///< running requests told to end since the start
  std::string problem;        ///< why nothing can be revoked now; empty if it can
};

struct Status {
  std::string version;
  std::string instance;  ///< of this process, as in the record
  std::int64_t pid = 0;
  WallTime started{};
  std::string configuration_path;
  std::string configuration_sha256;
  std::string listen_address;  ///< as bound: "127.0.0.1:8443", "[::1]:8443"
  std::string public_url;
  bool ready = false;
  std::string reason;  ///< why it is not ready; empty when it is
  std::vector<IssuerStatus> issuers;
  std::vector<UpstreamStatus> upstreams;
  std::vector<WorkerStatus> workers;
  AuditStatus audit;
  RevocationStatus revocations;
};

/// One JSON object without a line end. Times as 2026-11-21T08:00:00.000000Z.
[[nodiscard]] std::string status_json(const Status& status);

/// The members of one of these, as status_json() has them.
void put_issuer(JsonWriter& json, const IssuerStatus& issuer);
void put_upstream(JsonWriter& json, const UpstreamStatus& upstream);

/// Reads status_json back; members that a newer gateway added are passed over.
/// Error: status.not_understood.
[[nodiscard]] Result<Status> parse_status(std::string_view json);

/// A page for a person; `now` gives the ages.
[[nodiscard]] std::string status_text(const Status& status, WallTime now);

}  // namespace sallyport::admin
