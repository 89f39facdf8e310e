// People who were seen here: found by key, name or mail, and what concerns one of them.
#include <algorithm>

#include "admin/api/archive.h"
#include "admin/api/backends.h"
#include "admin/api/page.h"
#include "admin/api/request_rows.h"
#include "admin/api/revocation_fields.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

using audit::KnownPerson;
using identity::Revocation;
using identity::RevocationKind;

constexpr std::size_t kRequestsShown = 10;

void put_person(JsonWriter& json, const KnownPerson& person) {
  json.text("key", person.key).text_if("name", person.name).text_if("mail", person.mail);
  if (person.seen != WallTime{}) json.text("last_seen", format_time(person.seen));
}

// Those whose key the text is; nobody: it is a name, or its beginning.
Result<std::vector<KnownPerson>> find_by_key(const std::string& text, Backends& backends) {
  std::vector<KnownPerson> found;
  auto keys = backends.revocations.possible_keys(text);
  keys.push_back(text);
  for (const auto& key : keys) {
    auto person = backends.people.look_up(key);
    if (!person) return std::unexpected(std::move(person.error()));
    bool there = person->has_value() &&
                 std::ranges::find(found, (*person)->key, &KnownPerson::key) == found.end();
    if (there) found.push_back(std::move(**person));
  }
  return found;
}

Result<std::vector<KnownPerson>> find_people(const std::string& text, const Page& page,
                                             Backends& backends) {
  if (!text.empty() && page.after.empty()) {
    auto found = find_by_key(text, backends);
    if (!found || !found->empty()) return found;
  }
  return backends.people.search(text, page.after, page.limit + 1);
}

ApiResult list(const ApiRequest& request, Backends& backends) {
  auto page = read_page(request.query);
  if (!page) return std::unexpected(std::move(page.error()));
  auto people = find_people(request.query.text("q"), *page, backends);
  if (!people) return refuse(503, std::move(people.error()));
  std::string next;
  if (people->size() > page->limit) {
    people->resize(page->limit);
    next = make_cursor(people->back().key);
  }
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().array("people");
  for (const auto& person : *people) {
    json.begin();
    put_person(json, person);
    json.end();
  }
  json.end_array().text_if("next_cursor", next).end();
  answer.body += '\n';
  return answer;
}

// As far as a key says it: which client or group it concerns, a token decides.
bool concerns_key(const Revocation& revocation, const std::string& key) {
  switch (revocation.kind) {
    case RevocationKind::kUser:
    case RevocationKind::kSignIns:
      return revocation.target == key;
    case RevocationKind::kAll:
      return revocation.issuer.empty() || key.starts_with(revocation.issuer + "/");
    case RevocationKind::kSession:
    case RevocationKind::kToken:
    case RevocationKind::kClient:
    case RevocationKind::kGroup:
      return !revocation.person.empty() && revocation.person == key;
  }
  return false;
}

ApiResult show_now(const ApiRequest& request, Backends& backends) {
  auto found = find_by_key(request.path.front(), backends);
  if (!found) return refuse(503, std::move(found.error()));
  KnownPerson person;
  auto keys = backends.revocations.possible_keys(request.path.front());
  person.key = keys.empty() ? request.path.front() : keys.front();
  if (!found->empty()) person = std::move(found->front());
  audit::HistoryQuery query;
  query.person = person.key;
  query.go_on = request.go_on;
  auto rows =
      newest_requests(backends.record_directory(), query, kRequestsShown, system_clock().wall());
  if (!rows) return refuse_reading(std::move(rows.error()));
  auto revocations = backends.revocations.in_force();
  std::erase_if(revocations, [&](const auto& one) { return !concerns_key(*one, person.key); });
  if (found->empty() && rows->empty() && revocations.empty()) {
    return refuse(404, {"people.unknown", "nobody with this key was seen here",
                        "look for the name with GET /api/v1/people?q="});
  }
  ApiAnswer answer;
  NamesOfPeople names(backends.people);
  JsonWriter json(answer.body);
  json.begin();
  put_person(json, person);
  json.array("revocations");
  for (const auto& revocation : revocations) {
    json.begin();
    put_revocation(json, *revocation);
    json.end();
  }
  json.end_array().array("requests");
  for (const auto& row : *rows) {
    json.begin();
    put_request(json, row, names);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

void show(const ApiRequest& request, Backends& backends, const Reply& reply) {
  answer_at_archive(request, backends, reply, show_now);
}

constexpr Field kQuery[] = {
    {"q", FieldType::kText, Need::kOptional,
     "A key, an object id, or the beginning of a name or mail address, whatever its case. Left "
     "out: "
     "everybody."},
    kLimitField,
    kCursorField,
};

constexpr Field kKey{"key", FieldType::kText, Need::kRequired,
                     "ISSUER/TENANT/OBJECT_ID, or ISSUER//SUBJECT."};
constexpr Field kName{"name", FieldType::kText, Need::kOptional, "As the last token had it."};
constexpr Field kMail{"mail", FieldType::kText, Need::kOptional, "The same."};
constexpr Field kLastSeen{"last_seen", FieldType::kTime, Need::kOptional,
                          "When a token of this person was last verified anew."};
constexpr Field kPerson[] = {kKey, kName, kMail, kLastSeen};
constexpr Field kList[] = {
    {"people", FieldType::kObjects, Need::kRequired, "In the order of their keys.", kPerson},
    kNextCursorField,
};
constexpr Field kShown[] = {
    kKey,
    kName,
    kMail,
    kLastSeen,
    {"revocations", FieldType::kObjects, Need::kRequired,
     "In force: of this person, their sessions, or everybody. Of groups and clients a token says "
     "whom they concern.",
     kRevocationFields},
    {"requests", FieldType::kObjects, Need::kRequired, "The last ten, the newest first.",
     kRequestRow},
};

constexpr Roles kMayRead{Role::kHelpdesk, Role::kAuditor, Role::kOperator, Role::kAdministrator};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/people",
     kMayRead,
     Effect::kReads,
     list,
     "The people who were seen here.",
     {.query = kQuery, .answer = kList}},
    {"GET",
     "/people/{key}",
     kMayRead,
     Effect::kReads,
     show,
     "One person: the revocations in force that concern them, and their last requests.",
     {.answer = kShown}},
};

}  // namespace

std::span<const ApiRoute> people_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
