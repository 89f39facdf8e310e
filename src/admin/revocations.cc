#include "admin/revocations.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <set>

#include "base/encoding.h"
#include "base/guid.h"
#include "base/json_writer.h"
#include "identity/entra_issuer.h"
#include "identity/revocation_target.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kNoSession = "revocation.no_session";

using audit::Sighting;
using identity::Revocation;
using identity::RevocationKind;
using identity::RevocationOutcome;
using identity::RevocationRequest;

constexpr std::size_t kMaxNotes = 10;  // each takes a look at the store
constexpr std::size_t kMostNamesakes = 5;
constexpr std::size_t kMostNamed = 10;  // in one event line, which counts the others

ApiAnswer write_outcomes(const std::vector<RevocationOutcome>& outcomes,
                         const std::vector<std::string>& notes) {
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().array("revocations");
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& outcome = outcomes[i];
    json.begin();
    put_revocation(json, *outcome.change.revocation);
    if (outcome.change.what == identity::RevocationChange::What::kLifted) {
      json.text("lifted", format_time(outcome.change.at));
    } else {
      json.number("cut", static_cast<std::int64_t>(outcome.effect.cut));
      json.text_if("last_request", outcome.effect.last_request);
    }
    json.number("took_us", outcome.took.count());
    if (i < notes.size()) json.text_if("note", notes[i]);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  // The register writes an event of its own for each; this one says by which door.
  std::string ids;
  for (const auto& outcome : outcomes | std::views::take(kMostNamed)) {
    if (!ids.empty()) ids += ' ';
    ids += outcome.change.revocation->id;
  }
  answer.changed = {{"ids", std::move(ids)}, {"count", std::to_string(outcomes.size())}};
  return answer;
}

bool is_person_kind(RevocationKind kind) {
  return kind == RevocationKind::kUser || kind == RevocationKind::kSignIns;
}

}  // namespace

void put_revocation(JsonWriter& json, const Revocation& revocation) {
  json.text("id", revocation.id).text("kind", identity::text(revocation.kind));
  json.text_if("target", revocation.target).text_if("issuer", revocation.issuer);
  json.text_if("user", revocation.person).text("at", format_time(revocation.at));
  if (revocation.heals()) {
    json.text("sign_ins_up_to", format_time(WallTime(std::chrono::seconds(revocation.not_before))));
  }
  if (revocation.until) json.text("until", format_time(*revocation.until));
  json.text("by", revocation.by).text_if("reason", revocation.reason);
  json.text("source", revocation.source);
}

Problem revocation_problem(Error error) {
  bool no = error.code == identity::kRevocationUnknown || error.code == kNoSession;
  bool environment = error.code.starts_with("store.") || error.code == identity::kRevocationBusy ||
                     error.code == identity::kRevocationFull;
  const int status = no ? 409 : environment ? 503 : 400;
  return {status, std::move(error), {}, status == 503 ? 1 : 0};
}

RevocationDesk::RevocationDesk(identity::RevocationRegister& revocations, audit::NameTable& people,
                               Clock& clock,
                               std::function<std::vector<identity::IssuerSettings>()> issuers)
    : revocations_(revocations), people_(people), clock_(clock), issuers_(std::move(issuers)) {}

void RevocationDesk::revoke(const Wish& wish, const Caller& caller, const Reply& reply) {
  auto requests = understand(wish, caller.who);
  if (!requests) return reply(std::unexpected(revocation_problem(std::move(requests.error()))));
  std::vector<std::string> notes;
  if (requests->size() <= kMaxNotes) {
    for (const auto& request : *requests) notes.push_back(note_about(request));
  }
  revocations_.revoke(std::move(*requests), [reply, notes = std::move(notes)](auto outcomes) {
    if (!outcomes) return reply(std::unexpected(revocation_problem(std::move(outcomes.error()))));
    reply(write_outcomes(*outcomes, notes));
  });
}

void RevocationDesk::lift(const std::string& id, const std::string& reason, const Caller& caller,
                          const Reply& reply) {
  revocations_.lift({id, caller.who, reason}, [reply](auto outcomes) {
    if (!outcomes) return reply(std::unexpected(revocation_problem(std::move(outcomes.error()))));
    reply(write_outcomes(*outcomes, {}));
  });
}

ApiResult RevocationDesk::preview(const Wish& wish, const Caller& caller) const {
  auto requests = understand(wish, caller.who);
  if (!requests) return std::unexpected(revocation_problem(std::move(requests.error())));
  auto reach = revocations_.preview(*requests);
  for (const auto& request : *requests) {
    if (is_person_kind(request.kind)) reach.persons.insert(request.target);
  }
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().boolean("dry_run", true);
  json.number("people", static_cast<std::int64_t>(reach.persons.size()));
  json.number("streams", static_cast<std::int64_t>(reach.streams)).array("targets");
  for (const auto& request : *requests) {
    if (!request.target.empty()) put_target(json, request.target, is_person_kind(request.kind));
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

ApiResult RevocationDesk::preview_lift(const std::string& id) const {
  auto all = in_force();
  auto found = std::ranges::find(all, id, [](const auto& one) { return one->id; });
  if (found == all.end()) {
    return std::unexpected(
        revocation_problem({identity::kRevocationUnknown,
                            fmt::format("no revocation {} is in force; nothing was changed", id),
                            "`sallyport revoke list` shows those that are"}));
  }
  const auto& revocation = **found;
  const bool person = is_person_kind(revocation.kind);
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().boolean("dry_run", true).number("people", person ? 1 : 0).number("streams", 0);
  json.array("targets");
  if (!revocation.target.empty()) put_target(json, revocation.target, person);
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

void RevocationDesk::put_target(JsonWriter& json, const std::string& target, bool is_person) const {
  json.begin().text("key", target);
  if (is_person) {
    auto known = people_.look_up(target);
    if (known && *known) json.text_if("name", (*known)->name);
  }
  json.end();
}

std::vector<std::string> RevocationDesk::possible_keys(const std::string& text) const {
  std::vector<std::string> keys;
  auto names = issuer_names();
  auto key = identity::principal_key(text, names);
  if (key && *key) keys.push_back(with_tenant(std::move(**key)));
  if (!is_guid(text)) return keys;
  for (const auto& name : names) {
    keys.push_back(with_tenant(fmt::format("{}//{}", name, lower_case(text))));
  }
  return keys;
}

std::vector<identity::RevocationPtr> RevocationDesk::in_force() const {
  return revocations_.in_force();
}

std::string RevocationDesk::problem() const {
  return revocations_.health().problem;
}

std::vector<std::string> RevocationDesk::issuer_names() const {
  std::vector<std::string> names;
  for (const auto& issuer : issuers_()) names.push_back(issuer.name);
  return names;
}

// What all targets of one wish have in common.
Result<RevocationRequest> RevocationDesk::understand_common(const Wish& wish,
                                                            const std::string& who) const {
  auto kind = identity::revocation_kind(wish.kind);
  if (!kind) {
    return fail("revocation.kind", fmt::format("\"{}\" is nothing to revoke", wish.kind),
                "revoke user, sign-ins, session, token, client, group or all");
  }
  auto names = issuer_names();
  if (!wish.issuer.empty() && std::ranges::find(names, wish.issuer) == names.end()) {
    return fail("revocation.issuer_unknown", fmt::format("no issuer is named {}", wish.issuer),
                fmt::format("name one of: {}", fmt::join(names, ", ")));
  }
  RevocationRequest request;
  request.kind = *kind;
  request.issuer = wish.issuer;
  request.by = who;
  request.reason = wish.reason;
  request.until = wish.until;
  request.leaves_reserve = wish.limited;
  bool heals = *kind == RevocationKind::kSignIns || *kind == RevocationKind::kAll;
  if (wish.until && (*wish.until <= clock_.wall() || heals)) {
    return fail(
        "revocation.until",
        *wish.until <= clock_.wall()
            ? std::string("--until names a time that has passed")
            : fmt::format("revoke {} ends with each person's next sign-in", identity::text(*kind)),
        "leave --until out, or name a time to come");
  }
  if (!wish.user.empty()) {
    auto person = find_person(wish.user);
    if (!person) return std::unexpected(std::move(person.error()));
    request.person = *person;
  }
  if (*kind == RevocationKind::kSession && wish.issuer.empty() && wish.user.empty()) {
    return fail("revocation.session_scope", "a session id means something at its issuer alone",
                "add --issuer NAME or --user USER");
  }
  return request;
}

Result<void> RevocationDesk::aim(RevocationRequest& request, const std::string& target) const {
  if (target.starts_with(' ') || target.ends_with(' ')) {
    return fail("revocation.target", fmt::format("\"{}\" has white space around it", target),
                "write the id without it");
  }
  request.target = target;
  if (is_person_kind(request.kind)) {
    auto person = find_person(target);
    if (!person) return std::unexpected(std::move(person.error()));
    request.target = *person;
  }
  // As tokens have them; portals show capitals.
  bool is_id = request.kind == RevocationKind::kClient || request.kind == RevocationKind::kGroup;
  if (is_id && is_guid(target)) request.target = lower_case(target);
  if (request.target.empty() && request.kind != RevocationKind::kAll) {
    return fail("revocation.target", "an id is empty", "name what is to be revoked");
  }
  return check_session(request);
}

Result<std::vector<RevocationRequest>> RevocationDesk::understand(const Wish& wish,
                                                                  const std::string& who) const {
  auto common = understand_common(wish, who);
  if (!common) return std::unexpected(std::move(common.error()));
  auto targets = wish.targets;
  if (common->kind == RevocationKind::kAll) targets.assign(1, {});
  if (targets.empty()) {
    return fail("revocation.target", "nobody and nothing is named", "name what is to be revoked");
  }
  if (wish.limited && targets.size() > kMostLimited) {
    return fail("revocation.too_many",
                fmt::format("{} are named, and {} can be at once; nothing was changed",
                            targets.size(), kMostLimited),
                "name fewer, or ask an operator");
  }
  std::vector<RevocationRequest> requests;
  requests.reserve(targets.size());
  std::set<std::string> named;
  for (const auto& target : targets) {
    RevocationRequest request = *common;
    auto aimed = aim(request, target);
    if (aimed && wish.limited) aimed = check_seen(request.target);
    if (!aimed) return std::unexpected(std::move(aimed.error()));
    if (named.insert(request.target).second) requests.push_back(std::move(request));
  }
  return requests;
}

// A key that only has the form of one would take room in the register and concern nobody.
Result<void> RevocationDesk::check_seen(const std::string& key) const {
  auto known = people_.look_up(key);
  if (!known) return std::unexpected(std::move(known.error()));
  if (*known) return {};
  return fail("revocation.user_unknown",
              fmt::format("nobody with the key {} was seen here; nothing was changed", key),
              "look the person up by name or mail address, or ask an operator");
}

// `ISSUER/OBJECT_ID` at an issuer of Entra ID, whose people have its tenant in their key.
std::string RevocationDesk::with_tenant(std::string key) const {
  for (const auto& settings : issuers_()) {
    auto entra = identity::parse_entra_issuer(settings.issuer);
    if (!entra || !key.starts_with(settings.name + "//")) continue;
    key.insert(settings.name.size() + 1, entra->tenant);
    break;
  }
  return key;
}

// A key, or the name or e-mail address of exactly one person who was seen here.
Result<std::string> RevocationDesk::find_person(const std::string& text) const {
  auto names = issuer_names();
  auto key = identity::principal_key(text, names);
  if (!key) return std::unexpected(std::move(key.error()));
  if (*key) return with_tenant(**key);
  auto people = people_.find(text, kMostNamesakes);
  if (!people) return std::unexpected(std::move(people.error()));
  if (people->size() == 1) return people->front().key;
  auto next = fmt::format(
      "name the person as ISSUER/TENANT/OBJECT_ID or ISSUER/SUBJECT (`sallyport audit show "
      "--person OBJECT_ID --last 1 --json` shows it as `person`); issuers: {}",
      fmt::join(names, ", "));
  if (people->empty()) {
    return fail("revocation.user_unknown",
                fmt::format("nobody named {} was seen here; nothing was changed", text),
                std::move(next));
  }
  std::string keys;
  for (const auto& person : *people) keys += (keys.empty() ? "" : ", ") + person.key;
  return fail("revocation.user_ambiguous",
              fmt::format("several people are named {}: {}; nothing was changed", text, keys),
              std::move(next));
}

// Where no token ever said which session it is of, revoking one would change nothing.
Result<void> RevocationDesk::check_session(const RevocationRequest& request) const {
  if (request.kind != RevocationKind::kSession) return {};
  auto marks = people_.marks(request.person, request.issuer);
  if (!marks) return std::unexpected(std::move(marks.error()));
  if ((*marks & Sighting::kSession) != 0) return {};
  auto scope = request.person.empty() ? "of issuer " + request.issuer : "of " + request.person;
  return fail(kNoSession,
              fmt::format("no token {} that was admitted here carried `sid`, so a session cannot "
                          "be told from another; nothing was changed",
                          scope),
              "revoke the person's sign-ins, or add the optional claim sid to the application's "
              "tokens");
}

// What the operator ought to know; empty where there is nothing.
std::string RevocationDesk::note_about(const RevocationRequest& request) const {
  if (is_person_kind(request.kind)) {
    auto issuer = request.target.substr(0, request.target.find('/'));
    auto marks = people_.marks(request.target, issuer);
    if (marks && *marks == 0)
      return "nobody with this key was seen here so far: check the spelling";
    auto settings = issuers_();
    auto found = std::ranges::find(settings, issuer, &identity::IssuerSettings::name);
    bool by_auth_time = found != settings.end() && found->heal_by == identity::HealBy::kAuthTime;
    if (request.kind == RevocationKind::kSignIns && marks && by_auth_time &&
        (*marks & Sighting::kAuthTime) == 0) {
      return fmt::format(
          "tokens of this person carried no auth_time so far, so a new sign-in will "
          "not heal this: lift it, add the claim, or set heal_by: iat for {}",
          issuer);
    }
  }
  if (request.kind == RevocationKind::kGroup) {
    return "people whose tokens leave their groups out because there are too many are refused too";
  }
  return {};
}

}  // namespace sallyport::admin
