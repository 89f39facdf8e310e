// Access taken back: make, list, look at, lift.
#include <algorithm>

#include "admin/api/archive.h"
#include "admin/api/backends.h"
#include "admin/api/page.h"
#include "admin/api/revocation_fields.h"
#include "admin/api/tables.h"
#include "audit/revocation_story.h"
#include "base/encoding.h"
#include "base/guid.h"
#include "base/json_writer.h"
#include "identity/revocation.h"

namespace sallyport::admin {
namespace {

using identity::RevocationPtr;

constexpr Roles kMayRevoke{Role::kOperator, Role::kAdministrator};

bool is_wanted(const identity::Revocation& revocation, const ApiRequest& request) {
  const auto& kind = request.query.text("kind");
  const auto& issuer = request.query.text("issuer");
  const auto& target = request.query.text("target");
  return (kind.empty() || kind == identity::text(revocation.kind)) &&
         (issuer.empty() || issuer == revocation.issuer) &&
         (target.empty() || target == revocation.target);
}

ApiResult list(const ApiRequest& request, Backends& backends) {
  auto page = read_page(request.query);
  if (!page) return std::unexpected(std::move(page.error()));
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().text_if("problem", backends.revocations.problem()).array("revocations");
  std::size_t shown = 0;
  std::string last;
  std::string next;
  for (const auto& revocation : backends.revocations.in_force()) {  // by id
    if (revocation->id <= page->after || !is_wanted(*revocation, request)) continue;
    if (shown == page->limit) {
      next = make_cursor(last);
      break;
    }
    json.begin();
    put_revocation(json, *revocation);
    json.end();
    last = revocation->id;
    ++shown;
  }
  json.end_array().text_if("next_cursor", next).end();
  answer.body += '\n';
  return answer;
}

RevocationPtr find(Backends& backends, const std::string& id) {
  auto all = backends.revocations.in_force();
  auto found = std::ranges::find(all, id, [](const RevocationPtr& one) { return one->id; });
  return found == all.end() ? nullptr : *found;
}

std::unexpected<Problem> unknown() {
  return refuse(404, {"revocation.unknown", "there is and was no revocation with this id",
                      "`sallyport revoke list` shows those in force"});
}

ApiResult show_now(const ApiRequest& request, Backends& backends) {
  const auto id = lower_case(request.path.front());
  auto revocation = find(backends, id);
  auto story = audit::read_revocation_story(backends.record_directory(), id, request.go_on);
  if (!story) return refuse_reading(std::move(story.error()));
  if (revocation == nullptr && story->steps.empty()) return unknown();
  ApiAnswer answer;
  if (revocation) answer.etag = revocation->id;
  JsonWriter json(answer.body);
  json.begin().text("id", id).boolean("in_force", revocation != nullptr);
  if (revocation) {
    json.object("revocation");
    put_revocation(json, *revocation);
    json.end();
  }
  json.number("cut", static_cast<std::int64_t>(story->cut));
  json.number("refused", static_cast<std::int64_t>(story->refused)).array("story");
  for (const auto& step : story->steps) {
    json.begin().text("time", step.time).text("what", step.what);
    json.text_if("request", step.request).text("text", step.text).end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

void show(const ApiRequest& request, Backends& backends, const Reply& reply) {
  if (!is_guid(request.path.front())) return reply(unknown());  // the record need not be read
  answer_at_archive(request, backends, reply, show_now);
}

void give(const RevocationDesk::Wish& wish, const ApiRequest& request, Backends& backends,
          const Reply& reply) {
  if (request.dry_run) return reply(backends.revocations.preview(wish, request.caller));
  backends.revocations.revoke(wish, request.caller, reply);
}

void make(const ApiRequest& request, Backends& backends, const Reply& reply) {
  const auto& body = request.body;
  RevocationDesk::Wish wish{body.text("kind"), body.texts("targets"), body.text("issuer"),
                            body.text("user"), body.text("reason"),   body.time("until")};
  give(wish, request, backends, reply);
}

// What a help desk may: the person signs in again, and goes on. Who may do no more is held to people
// who were seen here; an operator at this route could do the same at the other one.
void end_sign_ins(const ApiRequest& request, Backends& backends, const Reply& reply) {
  RevocationDesk::Wish wish;
  wish.kind = identity::text(identity::RevocationKind::kSignIns);
  wish.targets = request.body.texts("targets");
  wish.reason = request.body.text("reason");
  wish.limited = !request.caller.roles.shares(kMayRevoke);
  give(wish, request, backends, reply);
}

void lift(const ApiRequest& request, Backends& backends, const Reply& reply) {
  if (request.dry_run) return reply(backends.revocations.preview_lift(request.path.front()));
  backends.revocations.lift(request.path.front(), request.body.text("reason"), request.caller,
                            reply);
}

std::string version(const ApiRequest& request, Backends& backends) {
  auto revocation = find(backends, request.path.front());
  return revocation ? revocation->id : std::string();
}

constexpr Field kKind{"kind", FieldType::kText, Need::kOptional, "Of this kind alone.",
                      {},     kRevocationKinds};
constexpr Field kReason{"reason", FieldType::kText, Need::kOptional,
                        "For the record; the person does not see it."};
constexpr Field kListQuery[] = {
    kKind,
    {"issuer", FieldType::kText, Need::kOptional, "At this issuer alone."},
    {"target", FieldType::kText, Need::kOptional,
     "Of this person, session, token, client or group."},
    kLimitField,
    kCursorField,
};

constexpr Field kList[] = {
    {"problem", FieldType::kText, Need::kOptional, "Why nothing can be revoked now."},
    {"revocations", FieldType::kObjects, Need::kRequired, "In the order of their making.",
     kRevocationFields},
    kNextCursorField,
};
constexpr Field kTarget[] = {
    {"key", FieldType::kText, Need::kRequired, "Of the person, or the id."},
    {"name", FieldType::kText, Need::kOptional, "Of a person who was seen here."},
};
constexpr Field kDone[] = {
    {"revocations", FieldType::kObjects, Need::kOptional, "What was done; not of a dry run.",
     kRevocationFields},
    {"dry_run", FieldType::kBoolean, Need::kOptional, "Nothing was done: what follows would be."},
    {"people", FieldType::kNumber, Need::kOptional,
     "Dry run: so many persons are named or have running requests that it would end."},
    {"streams", FieldType::kNumber, Need::kOptional,
     "Dry run: running requests that it would end."},
    {"targets", FieldType::kObjects, Need::kOptional, "Dry run: who and what is meant.", kTarget},
};
constexpr Field kDryRunQuery[] = {kDryRunField};

constexpr Field kMakeBody[] = {
    {"kind", FieldType::kText, Need::kRequired, "What to revoke.", {}, kRevocationKinds},
    {"targets", FieldType::kTexts, Need::kOptional,
     "Keys, names or mail addresses of persons; ids of sessions, tokens, clients, groups. Of `all` "
     "none."},
    {"issuer", FieldType::kText, Need::kOptional, "At this issuer alone."},
    {"user", FieldType::kText, Need::kOptional, "Of a session: whose."},
    {"until", FieldType::kTime, Need::kOptional, "When it ends by itself."},
    kReason,
};
constexpr Field kSignInsBody[] = {
    {"targets", FieldType::kTexts, Need::kRequired, "Keys, names or mail addresses of persons."},
    kReason,
};
constexpr Field kLiftBody[] = {kReason};

constexpr Field kStep[] = {
    {"time", FieldType::kTime, Need::kRequired, "When."},
    {"what",
     FieldType::kText,
     Need::kRequired,
     "What happened.",
     {},
     "last_admitted|revoked|cut|first_refused|refused|lifted|ended"},
    {"request", FieldType::kText, Need::kOptional, "The request's id."},
    {"text", FieldType::kText, Need::kRequired, "The same in a sentence."},
};
constexpr Field kShown[] = {
    {"id", FieldType::kText, Need::kRequired, "Of the revocation."},
    {"in_force", FieldType::kBoolean, Need::kRequired, "It still holds."},
    {"revocation", FieldType::kObject, Need::kOptional, "Where it still holds.", kRevocationFields},
    {"cut", FieldType::kNumber, Need::kRequired, "Running requests that it ended."},
    {"refused", FieldType::kNumber, Need::kRequired, "Requests that it turned away."},
    {"story", FieldType::kObjects, Need::kRequired, "What the record tells of it.", kStep},
};

constexpr Roles kMayRead{Role::kHelpdesk, Role::kAuditor, Role::kOperator, Role::kAdministrator};
constexpr Roles kMayEndSignIns{Role::kHelpdesk, Role::kOperator, Role::kAdministrator};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/revocations",
     kMayRead,
     Effect::kReads,
     list,
     "The revocations in force.",
     {.query = kListQuery, .answer = kList}},
    {"POST",
     "/revocations",
     kMayRevoke,
     Effect::kWrites,
     make,
     "Takes access back at once; what runs is cut.",
     {.query = kDryRunQuery, .body = kMakeBody, .answer = kDone}},
    {"POST",
     "/revocations/sign-ins",
     kMayEndSignIns,
     Effect::kWrites,
     end_sign_ins,
     "Ends persons' sign-ins: signing in again helps.",
     {.query = kDryRunQuery, .body = kSignInsBody, .answer = kDone}},
    {"GET",
     "/revocations/{id}",
     kMayRead,
     Effect::kReads,
     show,
     "One revocation, and what the record tells of it.",
     {.answer = kShown}},
    {"POST",
     "/revocations/{id}/lift",
     kMayRevoke,
     Effect::kWrites,
     lift,
     "Ends a revocation.",
     {.query = kDryRunQuery, .body = kLiftBody, .answer = kDone, .version = version}},
};

}  // namespace

std::span<const ApiRoute> revocation_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
