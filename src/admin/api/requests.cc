// Requests as the record has them: lists, and one with the reason why it ended as it did.
#include <fmt/format.h>

#include <algorithm>

#include "admin/api/archive.h"
#include "admin/api/backends.h"
#include "admin/api/page.h"
#include "admin/api/request_rows.h"
#include "admin/api/tables.h"
#include "admin/request_story.h"
#include "base/encoding.h"
#include "base/guid.h"

namespace sallyport::admin {
namespace {

constexpr std::size_t kShortestId = 8;
constexpr std::size_t kWholeId = 36;  // of a UUID
constexpr std::string_view kSomeId = "00000000-0000-0000-0000-000000000000";
constexpr std::size_t kMostNamesakes = 5;

// Nothing else can be the id of a request, and the record need not be read for it.
bool begins_an_id(const std::string& text) {
  return text.size() <= kWholeId && is_guid(text + std::string(kSomeId.substr(text.size())));
}

// What the record calls somebody, from a key, an object id, or the name or address of one person.
std::expected<std::string, Problem> find_key(const std::string& text, Backends& backends) {
  if (is_guid(text)) return lower_case(text);  // the end of a key will do
  auto keys = backends.revocations.possible_keys(text);
  if (keys.size() == 1) return keys.front();
  if (!keys.empty() || text.find('/') != std::string::npos) return text;
  auto people = backends.people.find(text, kMostNamesakes);
  if (!people) return refuse(503, std::move(people.error()));
  if (people->size() == 1) return people->front().key;
  if (people->empty()) {
    return refuse(404,
                  {"people.unknown", fmt::format("nobody named {} was seen here", text),
                   "look for a beginning of the name with GET /api/v1/people?q="},
                  "?person");
  }
  std::string found;
  for (const auto& person : *people) found += (found.empty() ? "" : ", ") + person.key;
  return refuse(409,
                {"people.ambiguous", fmt::format("several people are named {}: {}", text, found),
                 "give one of these keys"},
                "?person");
}

std::expected<audit::HistoryQuery, Problem> read_filters(const ApiRequest& request,
                                                         Backends& backends) {
  const auto& input = request.query;
  audit::HistoryQuery query;
  query.go_on = request.go_on;
  query.id = lower_case(input.text("id"));
  query.id_begins = true;
  query.outcome = input.text("outcome");
  query.reason = input.text("reason");
  query.model = input.text("model");
  query.since = audit::earliest_of(query.id, system_clock().wall());
  if (auto since = input.time("since")) query.since = std::max(query.since, format_time(*since));
  if (auto until = input.time("until")) query.until = format_time(*until);
  if (input.has("person")) {
    auto key = find_key(input.text("person"), backends);
    if (!key) return std::unexpected(std::move(key.error()));
    query.person = std::move(*key);
  }
  return query;
}

// The cursor: time and id of the last row that was shown.
std::expected<void, Problem> begin_behind(const std::string& after, audit::HistoryQuery& query) {
  if (after.empty()) return {};
  auto space = after.find(' ');
  if (space == std::string::npos || !read_time(after.substr(0, space))) {
    return refuse(400, {"api.query", "the cursor is none of ours", "begin without one"}, "?cursor");
  }
  query.before_time = after.substr(0, space);
  query.before_id = after.substr(space + 1);
  return {};
}

// The newest time that can be found: from there the search goes back.
WallTime newest_time(const audit::HistoryQuery& query) {
  WallTime newest = system_clock().wall();
  for (const auto* text : {&query.until, &query.before_time}) {
    auto time = read_time(*text);
    if (time) newest = std::min(newest, *time);
  }
  return newest;
}

Result<std::vector<audit::Row>> find_rows(const audit::HistoryQuery& query, std::size_t most,
                                          WallTime newest, Backends& backends) {
  if (!begins_an_id(query.id)) return std::vector<audit::Row>();
  return newest_requests(backends.record_directory(), query, most, newest);
}

ApiResult list_now(const ApiRequest& request, Backends& backends) {
  auto page = read_page(request.query);
  if (!page) return std::unexpected(std::move(page.error()));
  auto query = read_filters(request, backends);
  if (!query) return std::unexpected(std::move(query.error()));
  if (auto begun = begin_behind(page->after, *query); !begun) {
    return std::unexpected(std::move(begun.error()));
  }
  auto rows = find_rows(*query, page->limit + 1, newest_time(*query), backends);
  if (!rows) return refuse_reading(std::move(rows.error()));
  std::string next;
  if (rows->size() > page->limit) {
    rows->resize(page->limit);
    next = make_cursor(fmt::format("{} {}", rows->back().time, rows->back().id));
  }
  ApiAnswer answer;
  NamesOfPeople names(backends.people);
  JsonWriter json(answer.body);
  json.begin().array("requests");
  for (const auto& row : *rows) {
    json.begin();
    put_request(json, row, names);
    json.end();
  }
  json.end_array().text_if("next_cursor", next).end();
  answer.body += '\n';
  return answer;
}

void list(const ApiRequest& request, Backends& backends, const Reply& reply) {
  answer_at_archive(request, backends, reply, list_now);
}

std::unexpected<Problem> unknown() {
  return refuse(404, {"requests.unknown", "no request with this id is in the record",
                      "look whether it is the id of this gateway (x-request-id of its answer); "
                      "who came without a valid sign-in is counted, not recorded: `sallyport "
                      "token check` says what is wrong with a token"});
}

// The one whose id begins so.
std::expected<audit::Row, Problem> find_request(const ApiRequest& request, Backends& backends) {
  const auto now = system_clock().wall();
  audit::HistoryQuery query;
  query.id = lower_case(request.path.front());
  query.id_begins = true;
  query.since = audit::earliest_of(query.id, now);
  query.go_on = request.go_on;
  const std::size_t most = query.id.size() == kWholeId ? 1 : kMostNamesakes;
  auto rows = find_rows(query, most, now, backends);
  if (!rows) return refuse_reading(std::move(rows.error()));
  if (rows->empty()) return unknown();
  if (rows->size() == 1) return std::move(rows->front());
  std::string found;
  for (const auto& row : *rows) found += (found.empty() ? "" : ", ") + row.id;
  return refuse(409, {"requests.ambiguous", fmt::format("several ids begin so: {}", found),
                      "give more of it"});
}

constexpr Roles kReadLines{Role::kAuditor, Role::kOperator, Role::kAdministrator};

ApiResult show_now(const ApiRequest& request, Backends& backends) {
  auto row = find_request(request, backends);
  if (!row) return std::unexpected(std::move(row.error()));
  auto story = tell_request(*row);
  ApiAnswer answer;
  NamesOfPeople names(backends.people);
  JsonWriter json(answer.body);
  json.begin();
  put_request(json, *row, names);
  json.text("what", story.what).text_if("told", story.told).text_if("next_step", story.next_step);
  json.text_if("claim", story.claim).text_if("expected", story.expected);
  json.text_if("got", story.got).text_if("revocation", story.revocation);
  // The lines have more than a help desk needs: addresses, devices, digests of what was asked.
  if (request.caller.roles.shares(kReadLines)) {
    json.raw("record", row->record);
    if (!row->end.empty()) json.raw("end", row->end);
  }
  json.end();
  answer.body += '\n';
  return answer;
}

void show(const ApiRequest& request, Backends& backends, const Reply& reply) {
  const auto& id = request.path.front();
  if (id.size() < kShortestId) {
    return reply(refuse(400, {"requests.id", "this is too little of an id",
                              fmt::format("give at least {} characters of it", kShortestId)}));
  }
  if (!begins_an_id(id)) return reply(unknown());
  answer_at_archive(request, backends, reply, show_now);
}

constexpr Field kQuery[] = {
    {"id", FieldType::kText, Need::kOptional, "An id, or the beginning of one."},
    {"person", FieldType::kText, Need::kOptional,
     "Key, object id, name or mail address of a person."},
    {"outcome", FieldType::kText, Need::kOptional, "That ended so.", {}, kOutcomes},
    {"reason", FieldType::kText, Need::kOptional, "With this code."},
    {"model", FieldType::kText, Need::kOptional, "As it was asked for."},
    {"since", FieldType::kTime, Need::kOptional, "That came at this time or later."},
    {"until", FieldType::kTime, Need::kOptional, "That came before this time."},
    kLimitField,
    kCursorField,
};
constexpr Field kList[] = {
    {"requests", FieldType::kObjects, Need::kRequired, "The newest first.", kRequestRow},
    kNextCursorField,
};

// kRequestRow, and what only one request shows.
constexpr Field kShown[] = {
    kRequestRow[0],
    kRequestRow[1],
    kRequestRow[2],
    kRequestRow[3],
    kRequestRow[4],
    kRequestRow[5],
    kRequestRow[6],
    kRequestRow[7],
    kRequestRow[8],
    kRequestRow[9],
    kRequestRow[10],
    kRequestRow[11],
    kRequestRow[12],
    {"what", FieldType::kText, Need::kRequired, "What happened, in a sentence."},
    {"told", FieldType::kText, Need::kOptional,
     "The sentence that the person was given, where it is one of the gateway's."},
    {"next_step", FieldType::kText, Need::kOptional, "What helps."},
    {"claim", FieldType::kText, Need::kOptional, "What was looked at."},
    {"expected", FieldType::kText, Need::kOptional, "What was expected of it."},
    {"got", FieldType::kText, Need::kOptional, "What came."},
    {"revocation", FieldType::kText, Need::kOptional, "Id of the revocation that was the reason."},
    {"record", FieldType::kObject, Need::kOptional,
     "The line of the record that it began with; for auditor, operator and administrator."},
    {"end", FieldType::kObject, Need::kOptional, "The line that it ended with; for the same."},
};
static_assert(std::size(kRequestRow) == 13, "kShown has each of them");

constexpr Roles kMayRead{Role::kHelpdesk, Role::kAuditor, Role::kOperator, Role::kAdministrator};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/requests",
     kMayRead,
     Effect::kReads,
     list,
     "The requests of the record, the newest first.",
     {.query = kQuery, .answer = kList}},
    {"GET",
     "/requests/{id}",
     kMayRead,
     Effect::kReads,
     show,
     "One request: why it ended as it did, what the person was told, what helps. Eight characters "
     "of the id are enough where it is the only one.",
     {.answer = kShown}},
};

}  // namespace

std::span<const ApiRoute> request_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
