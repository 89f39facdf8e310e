#include "admin/revocations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/guid.h"
#include "base/json_reader.h"
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

constexpr std::size_t kMaxTargets = 1000;
constexpr std::size_t kMaxText = 1024;
constexpr std::size_t kMaxNotes = 10;  // each takes a look at the store
constexpr std::size_t kMostNamesakes = 5;

int status_of(const Error& error) {
  if (error.code == identity::kRevocationUnknown || error.code == kNoSession) return 409;
  bool environment = error.code.starts_with("store.") || error.code == identity::kRevocationBusy ||
                     error.code == identity::kRevocationFull;
  return environment ? 503 : 400;
}

Answer write_error(const Error& error) {
  Answer answer;
  answer.status = status_of(error);
  JsonWriter json(answer.body);
  json.begin().object("error").text("code", error.code).text("message", error.message);
  json.text_if("next_step", error.next_step).end().end();
  answer.body += '\n';
  return answer;
}

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

Answer write_outcomes(const std::vector<RevocationOutcome>& outcomes,
                      const std::vector<std::string>& notes) {
  Answer answer;
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
  return answer;
}

bool good_text(const std::string& text) {
  return text.size() <= kMaxText && is_utf8(text) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_person_kind(RevocationKind kind) {
  return kind == RevocationKind::kUser || kind == RevocationKind::kSignIns;
}

}  // namespace

struct RevocationDesk::Asked {
  std::string kind, issuer, user, reason, id;
  std::vector<std::string> targets;
  std::optional<std::int64_t> until;  ///< seconds since 1970
};

RevocationDesk::RevocationDesk(identity::RevocationRegister& revocations, audit::NameTable& people,
                               Clock& clock,
                               std::function<std::vector<identity::IssuerSettings>()> issuers)
    : revocations_(revocations), people_(people), clock_(clock), issuers_(std::move(issuers)) {}

Result<RevocationDesk::Asked> RevocationDesk::read(std::string_view body) {
  Asked asked;
  JsonReader json(body);
  JsonText key;
  JsonText value;
  std::string_view number;
  if (json.begin_object()) {
    while (json.next_member(key)) {
      auto* text = key.is("kind")     ? &asked.kind
                   : key.is("issuer") ? &asked.issuer
                   : key.is("user")   ? &asked.user
                   : key.is("reason") ? &asked.reason
                   : key.is("id")     ? &asked.id
                                      : nullptr;
      if (text != nullptr) {
        if (json.text(value)) *text = value.decode();
      } else if (key.is("targets") && json.begin_array()) {
        while (json.next_element() && json.text(value)) asked.targets.push_back(value.decode());
      } else if (key.is("until") && json.number(number)) {
        asked.until = static_cast<std::int64_t>(whole_number(number).value_or(0));
      } else {
        return fail("revocation.question", "the question has a member that is not known here");
      }
    }
  }
  if (!json.finish()) return fail("revocation.question", "the question is not valid JSON");
  auto texts = {asked.kind, asked.issuer, asked.user, asked.reason, asked.id};
  if (asked.targets.size() > kMaxTargets || !std::ranges::all_of(texts, good_text) ||
      !std::ranges::all_of(asked.targets, good_text)) {
    return fail("revocation.question",
                fmt::format("a text is longer than {} bytes or has control characters, or there "
                            "are more than {} targets",
                            kMaxText, kMaxTargets),
                "shorten it");
  }
  return asked;
}

void RevocationDesk::revoke(const Question& question, const Reply& reply) {
  auto asked = read(question.body);
  if (!asked) return reply(write_error(asked.error()));
  auto requests = understand(*asked, question.who);
  if (!requests) return reply(write_error(requests.error()));
  std::vector<std::string> notes;
  if (requests->size() <= kMaxNotes) {
    for (const auto& request : *requests) notes.push_back(note_about(request));
  }
  revocations_.revoke(std::move(*requests), [reply, notes = std::move(notes)](auto outcomes) {
    reply(outcomes ? write_outcomes(*outcomes, notes) : write_error(outcomes.error()));
  });
}

void RevocationDesk::lift(const Question& question, const Reply& reply) {
  auto asked = read(question.body);
  if (!asked) return reply(write_error(asked.error()));
  revocations_.lift({asked->id, question.who, asked->reason}, [reply](auto outcomes) {
    reply(outcomes ? write_outcomes(*outcomes, {}) : write_error(outcomes.error()));
  });
}

Answer RevocationDesk::list() const {
  Answer answer;
  auto health = revocations_.health();
  JsonWriter json(answer.body);
  json.begin().text_if("problem", health.problem).array("revocations");
  for (const auto& revocation : revocations_.in_force()) {
    json.begin();
    put_revocation(json, *revocation);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

std::vector<std::string> RevocationDesk::issuer_names() const {
  std::vector<std::string> names;
  for (const auto& issuer : issuers_()) names.push_back(issuer.name);
  return names;
}

Result<std::vector<RevocationRequest>> RevocationDesk::understand(const Asked& asked,
                                                                  const std::string& who) const {
  auto kind = identity::revocation_kind(asked.kind);
  if (!kind) {
    return fail("revocation.kind", fmt::format("\"{}\" is nothing to revoke", asked.kind),
                "revoke user, sign-ins, session, token, client, group or all");
  }
  auto names = issuer_names();
  if (!asked.issuer.empty() && std::ranges::find(names, asked.issuer) == names.end()) {
    return fail("revocation.issuer_unknown", fmt::format("no issuer is named {}", asked.issuer),
                fmt::format("name one of: {}", fmt::join(names, ", ")));
  }
  RevocationRequest request;
  request.kind = *kind;
  request.issuer = asked.issuer;
  request.by = who;
  request.reason = asked.reason;
  if (asked.until) {
    request.until = WallTime(std::chrono::seconds(*asked.until));
    if (*request.until <= clock_.wall() || *kind == RevocationKind::kSignIns ||
        *kind == RevocationKind::kAll) {
      return fail("revocation.until",
                  request.until <= clock_.wall()
                      ? std::string("--until names a time that has passed")
                      : fmt::format("revoke {} ends with each person's next sign-in",
                                    identity::text(*kind)),
                  "leave --until out, or name a time to come");
    }
  }
  if (!asked.user.empty()) {
    auto person = find_person(asked.user);
    if (!person) return std::unexpected(std::move(person.error()));
    request.person = *person;
  }
  if (*kind == RevocationKind::kSession && asked.issuer.empty() && asked.user.empty()) {
    return fail("revocation.session_scope", "a session id means something at its issuer alone",
                "add --issuer NAME or --user USER");
  }
  std::vector<RevocationRequest> requests;
  auto targets = asked.targets;
  if (*kind == RevocationKind::kAll) targets.assign(1, {});
  for (const auto& target : targets) {
    if (target.starts_with(' ') || target.ends_with(' ')) {
      return fail("revocation.target", fmt::format("\"{}\" has white space around it", target),
                  "write the id without it");
    }
    auto one = request;
    one.target = target;
    if (is_person_kind(*kind)) {
      auto person = find_person(target);
      if (!person) return std::unexpected(std::move(person.error()));
      one.target = *person;
    }
    // As tokens have them; portals show capitals.
    bool is_id = *kind == RevocationKind::kClient || *kind == RevocationKind::kGroup;
    if (is_id && is_guid(target)) one.target = lower_case(target);
    if (one.target.empty() && *kind != RevocationKind::kAll) {
      return fail("revocation.target", "an id is empty", "name what is to be revoked");
    }
    if (auto checked = check_session(one); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    requests.push_back(std::move(one));
  }
  if (requests.empty()) {
    return fail("revocation.target", "nobody and nothing is named", "name what is to be revoked");
  }
  return requests;
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
