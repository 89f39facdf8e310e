// The record as a person reads it: requests with their ends, refusals, own answers and events of
// all chains, in the order of time. Reads without a lock, like verify.h, and checks no hashes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace sallyport::audit {

/// What a line says in a member that has a column (record_fields.h).
struct ShownValue {
  std::string text;          ///< of a text
  std::int64_t number = -1;  ///< of a number; -1: there is none
};

struct Row {
  std::string kind;  ///< "request", "refused", "answered", "event"
  std::string time;
  std::string id;      ///< of the request; empty for events
  std::string person;  ///< key: issuer/tenant/object id, or issuer/subject
  std::string model;   ///< as asked
  std::string path;
  std::string outcome;  ///< of a request: "complete"..., "running", "unfinished"; else the reason
  std::int64_t input = -1;  ///< tokens, cached ones included; -1: not counted
  std::int64_t output = -1;
  bool exact = false;
  std::string record;             ///< the opened line, or the one line there is: JSON as it stands
  std::string end;                ///< the closed line; empty if there is none
  std::vector<ShownValue> shown;  ///< in the order of shown_fields()
};

struct HistoryQuery {
  std::size_t last = 50;  ///< the newest so many; 0: all
  std::string id;         ///< one request
  std::string person;     ///< a key, or what stands behind its last slash
  std::string since;      ///< RFC 3339 in UTC, or a beginning of it
};

/// Errors: audit.directory, audit.segment.
[[nodiscard]] Result<std::vector<Row>> read_history(const std::filesystem::path& directory,
                                                    const HistoryQuery& query);

}  // namespace sallyport::audit
