// The record as a person reads it: requests with their ends, refusals, own answers and events of
// all chains, in the order of time. Reads without a lock, like verify.h, and checks no hashes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "audit/reading_bounds.h"
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
  std::string key;     ///< the same as identity::Principal::key: issuer//subject
  std::string model;   ///< as asked
  std::string path;
  std::string outcome;  ///< of a request: "complete"..., "running", "unfinished"; else the reason
  /// Code: why it was refused, or why the provider's side failed (else the answer's error.type).
  std::string reason;
  std::int64_t input = -1;  ///< tokens, cached ones included; -1: not counted
  std::int64_t output = -1;
  bool exact = false;
  std::string record;             ///< the opened line, or the one line there is: JSON as it stands
  std::string end;                ///< the closed line; empty if there is none
  std::vector<ShownValue> shown;  ///< in the order of shown_fields()
};

/// The number of a column, by its member's name: shown_number(row, name_of<&Closed::status>);
/// -1: there is none.
[[nodiscard]] std::int64_t shown_number(const Row& row, std::string_view name);

struct HistoryQuery {
  std::size_t last = 50;     ///< the newest so many; 0: all
  std::string id;            ///< one request
  std::string person;        ///< a key, or what stands behind its last slash
  std::string since;         ///< RFC 3339 in UTC, or a beginning of it
  std::string until = {};    ///< the same; earlier ones alone
  std::string outcome = {};  ///< of a request, or "refused", "answered"
  std::string reason = {};   ///< Row::reason
  std::string model = {};
  /// Earlier ones than this alone: the place of a row that was shown last.
  std::string before_time = {};
  std::string before_id = {};
  bool id_begins = false;      ///< `id` is the beginning of one
  bool requests_only = false;  ///< no events
  GoOn go_on = {};
};

/// Errors: audit.directory, audit.segment, kReadingEnded.
/// Keeps no more rows than are asked for, and those of requests that run.
[[nodiscard]] Result<std::vector<Row>> read_history(const std::filesystem::path& directory,
                                                    const HistoryQuery& query);

}  // namespace sallyport::audit
