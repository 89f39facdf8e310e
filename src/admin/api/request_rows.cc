#include "admin/api/request_rows.h"

#include <algorithm>
#include <chrono>

#include "audit/record.h"
#include "audit/record_fields.h"

namespace sallyport::admin {
namespace {

constexpr std::chrono::hours kWindows[] = {std::chrono::hours(1), std::chrono::hours(24),
                                           std::chrono::hours(24 * 31)};

}  // namespace

Result<std::vector<audit::Row>> newest_requests(const std::string& directory,
                                                audit::HistoryQuery query, std::size_t most,
                                                WallTime now) {
  query.last = most;
  query.requests_only = true;
  const std::string since = query.since;
  auto rows = [&] { return audit::read_history(directory, query); };
  Result<std::vector<audit::Row>> found;
  for (auto window : kWindows) {
    query.since = format_time(now - window);
    if (query.since <= since) break;
    found = rows();
    if (!found || found->size() >= most) break;
  }
  if (found && found->size() < most) {
    query.since = since;
    found = rows();
  }
  if (found) std::ranges::reverse(*found);
  return found;
}

const std::string& NamesOfPeople::name_of(const std::string& key) {
  auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  auto person = people_.look_up(key);
  bool known = person && person->has_value();
  return known_.emplace(key, known ? (*person)->name : std::string()).first->second;
}

const std::string& outcome_of(const audit::Row& row) {
  return row.kind == "request" ? row.outcome : row.kind;
}

void put_request(JsonWriter& json, const audit::Row& row, NamesOfPeople& names) {
  json.text("id", row.id).text("time", row.time).text("person", row.key);
  json.text_if("name", names.name_of(row.key));
  json.text_if("model", row.model).text_if("path", row.path).text("outcome", outcome_of(row));
  auto status = audit::shown_number(row, audit::name_of<&audit::Closed::status>);
  if (status > 0) json.number("status", status);
  json.text_if("reason", row.reason);
  if (row.input >= 0)
    json.number("input", row.input).number("output", std::max<std::int64_t>(0, row.output));
  if (row.input >= 0) json.boolean("exact", row.exact);
  auto duration = audit::shown_number(row, audit::name_of<&audit::Closed::duration_us>);
  if (duration >= 0) json.number("duration_us", duration);
}

}  // namespace sallyport::admin
