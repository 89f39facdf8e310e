// Requests of the record as the API shows them: a row each, the newest first.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "admin/api/field.h"
#include "audit/history.h"
#include "audit/name_table.h"
#include "base/clock.h"
#include "base/json_writer.h"

namespace sallyport::admin {

/// The newest that the query lets pass, at most so many, the newest first. Looks at the last hour
/// first, then further back, so that a first page does not read the whole record.
[[nodiscard]] Result<std::vector<audit::Row>> newest_requests(const std::string& directory,
                                                              audit::HistoryQuery query,
                                                              std::size_t most, WallTime now);

/// Names of people, each looked up once. Of one answer.
class NamesOfPeople {
 public:
  explicit NamesOfPeople(audit::NameTable& people) : people_(people) {}
  /// Empty where there is none.
  [[nodiscard]] const std::string& name_of(const std::string& key);

 private:
  audit::NameTable& people_;
  std::map<std::string, std::string, std::less<>> known_;
};

/// "complete", ..., "refused", "answered".
[[nodiscard]] const std::string& outcome_of(const audit::Row& row);

/// The members of kRequestRow.
void put_request(JsonWriter& json, const audit::Row& row, NamesOfPeople& names);

inline constexpr std::string_view kOutcomes =
    "complete|aborted_by_client|cut_by_revocation|upstream_error|record_failed|interrupted|running|"
    "unfinished|refused|answered";

inline constexpr Field kRequestRow[] = {
    {"id", FieldType::kText, Need::kRequired, "The client has it as x-request-id."},
    {"time", FieldType::kTime, Need::kRequired, "When it came."},
    {"person", FieldType::kText, Need::kRequired, "Key of the person."},
    {"name", FieldType::kText, Need::kOptional, "The person's name, where it is known."},
    {"model", FieldType::kText, Need::kOptional, "As it was asked for."},
    {"path", FieldType::kText, Need::kOptional, "Without the query."},
    {"outcome", FieldType::kText, Need::kRequired, "How it ended.", {}, kOutcomes},
    {"status", FieldType::kNumber, Need::kOptional, "HTTP status that the client got."},
    {"reason", FieldType::kText, Need::kOptional,
     "Code of why it was refused or why the provider's side failed; docs/errors.md has them."},
    {"input", FieldType::kNumber, Need::kOptional, "Tokens, cached ones too."},
    {"output", FieldType::kNumber, Need::kOptional, "Tokens."},
    {"exact", FieldType::kBoolean, Need::kOptional, "false: the tokens are estimated."},
    {"duration_us", FieldType::kNumber, Need::kOptional, "Microseconds to its end."},
};

}  // namespace sallyport::admin
