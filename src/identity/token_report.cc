#include "identity/token_report.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "base/secret.h"
#include "identity/claims.h"
#include "identity/presented_token.h"

namespace sallyport::identity {
namespace {

std::string_view word(CheckResult result) {
  switch (result) {
    case CheckResult::kPassed:
      return "passed";
    case CheckResult::kFailed:
      return "failed";
    case CheckResult::kNotReached:
      return "not reached";
  }
  return "not reached";
}

std::string time_of(std::int64_t seconds) {
  return format_time(WallTime(std::chrono::seconds(seconds))).substr(0, 19) + "Z";
}

template <typename List, typename Text>
std::string listed(const List& list, Text text) {
  std::string out;
  for (const auto& one : list) {
    if (!out.empty()) out += ", ";
    out += text(one);
  }
  return out;
}

std::string listed(const std::vector<std::string>& list) {
  return bounded(listed(list, [](const auto& one) { return one; }));
}

// ---- the page ----------------------------------------------------------------------------------

void append_sources(std::string& out, const TokenReport& report) {
  out +=
      fmt::format("checked at   {}, by this machine's clock\n", time_of(unix_seconds(report.now)));
  if (report.issuer == nullptr) return;
  out += fmt::format("issuer       {}: {}\n", report.issuer->name, report.issuer->issuer);
  if (report.keys_problem) {
    out += fmt::format("key set      none: {}\n", report.keys_problem->message);
    if (!report.keys_problem->next_step.empty()) {
      out += fmt::format("             {}\n", report.keys_problem->next_step);
    }
  }
  if (report.keys == nullptr) return;
  auto name = [](const auto& key) { return bounded(key->key_id(), 64); };
  out += fmt::format("key set      {} keys from {}: {}\n", report.keys->size(), report.keys_from,
                     bounded(listed(report.keys->keys(), name), 400));
  std::size_t most = 10;
  for (const auto& alarm : report.keys->alarms()) {
    if (most-- == 0) break;
    out += fmt::format("             left out '{}': {}\n", bounded(alarm.key_id, 64), alarm.why);
  }
}

void append_check(std::string& out, const TokenCheck& check) {
  bool failed = check.result == CheckResult::kFailed;
  out += fmt::format("{:<12} {:<10} {}", failed ? "FAILED" : word(check.result), check.name,
                     check.what);
  if (check.result == CheckResult::kPassed && !check.got.empty()) {
    out += fmt::format(" ({}: {})", check.claim, check.got);
  }
  out += '\n';
  if (!failed) return;
  constexpr std::string_view kIndent = "                        ";
  auto line = [&](std::string_view label, std::string_view text) {
    if (!text.empty()) out += fmt::format("{}{:<9} {}\n", kIndent, label, text);
  };
  const auto& why = facts(check.reason);
  line("where", check.claim);
  line("expected", check.expected);
  line("came", check.got);
  line("code", fmt::format("{} ({})", why.code, why.status));
  line("means", why.sentence);
  line("next", why.next_step);
}

void append_person(std::string& out, const PrincipalDraft& person) {
  auto line = [&](std::string_view label, const std::string& text) {
    if (!text.empty()) out += fmt::format("{:<12} {}\n", label, text);
  };
  line(person.app_only ? "application" : "person",
       person.key + (person.name.empty() ? "" : ", " + person.name));
  line("token", fmt::format("{}{}, good until {}",
                            person.kind == TokenKind::kIdToken ? "ID token" : "access token",
                            person.guest ? " of a guest" : "", time_of(person.expires_at)));
  line("client", person.client);
  line("scopes", listed(person.scopes));
  line("roles", listed(person.roles));
  line("groups", person.groups_overage ? "too many to list" : listed(person.groups));
}

// ---- JSON --------------------------------------------------------------------------------------

void write_list(JsonWriter& json, std::string_view name, const std::vector<std::string>& list) {
  json.array(name);
  for (const auto& one : list) json.item(one);
  json.end_array();
}

void write_keys(JsonWriter& json, const TokenReport& report) {
  json.object("keys").text_if("from", report.keys_from);
  json.array("ids");
  if (report.keys != nullptr) {
    for (const auto& key : report.keys->keys()) json.item(key->key_id());
  }
  json.end_array().array("left_out");
  if (report.keys != nullptr) {
    for (const auto& alarm : report.keys->alarms()) {
      json.begin().text("kid", alarm.key_id).text("why", alarm.why).end();
    }
  }
  json.end_array();
  if (report.keys_problem) {
    json.object("problem").text("code", report.keys_problem->code);
    json.text("message", report.keys_problem->message);
    json.text_if("next_step", report.keys_problem->next_step).end();
  }
  json.end();
}

void write_check(JsonWriter& json, const TokenCheck& check) {
  json.begin().text("name", check.name).text("what", check.what);
  json.text("result",
            check.result == CheckResult::kNotReached ? "not_reached" : word(check.result));
  json.text_if("claim", check.claim).text_if("expected", check.expected).text_if("got", check.got);
  if (check.result == CheckResult::kFailed) {
    const auto& why = facts(check.reason);
    json.text("code", why.code).number("status", why.status).text("sentence", why.sentence);
    json.text("next_step", why.next_step);
  }
  json.end();
}

void write_person(JsonWriter& json, const PrincipalDraft& person) {
  json.object("person").text("key", person.key).text_if("name", person.name);
  json.text("kind", text(person.kind));
  json.boolean("app_only", person.app_only).boolean("guest", person.guest);
  json.boolean("groups_overage", person.groups_overage).text_if("client", person.client);
  json.text_if("token_id", person.token_id).text_if("session_id", person.session_id);
  json.text("expires_at", time_of(person.expires_at));
  write_list(json, "scopes", person.scopes);
  write_list(json, "roles", person.roles);
  write_list(json, "groups", person.groups);
  json.end();
}

}  // namespace

Explanation explain_credential(const Snapshot& snapshot, std::string_view text, WallTime now) {
  std::string value = "Bearer " + std::string(text);
  http::Field field{"authorization", value};
  auto found = find_presented_token({&field, 1}, {});
  wipe(value);
  Explanation explained = explain(snapshot, text, now);
  TokenCheck check{.name = "credential",
                   .what = "one JWT, as it stands after Bearer",
                   .result = CheckResult::kPassed};
  if (!found) {
    check.result = CheckResult::kFailed;
    check.reason = found.error();
    TokenRefusal refusal{.reason = found.error()};
    explained.verdict = std::unexpected(std::move(refusal));
  }
  explained.checks.insert(explained.checks.begin(), std::move(check));
  return explained;
}

std::string report_text(const TokenReport& report) {
  std::string out;
  append_sources(out, report);
  out += '\n';
  for (const auto& check : report.explanation.checks) append_check(out, check);
  out += '\n';
  const auto& verdict = report.explanation.verdict;
  if (verdict) {
    out +=
        "ACCEPTED: the gateway would let this token in, unless it is revoked "
        "(sallyport revoke list).\n";
    append_person(out, *verdict);
  } else {
    const auto& why = facts(verdict.error().reason);
    out += fmt::format("REFUSED: the gateway would answer {} ({}). {}\nNext: {}\n", why.status,
                       why.code, why.sentence, why.next_step);
  }
  return out;
}

std::string report_json(const TokenReport& report) {
  std::string out;
  JsonWriter json(out);
  const auto& verdict = report.explanation.verdict;
  const auto& why = facts(verdict ? Reason::kNone : verdict.error().reason);
  json.begin().boolean("accepted", verdict.has_value()).text("code", why.code);
  json.number("status", why.status).text("time", time_of(unix_seconds(report.now)));
  if (!verdict) json.text("sentence", why.sentence).text("next_step", why.next_step);
  if (report.issuer != nullptr) {
    json.object("issuer").text("name", report.issuer->name);
    json.text("issuer", report.issuer->issuer).end();
  }
  write_keys(json, report);
  json.array("checks");
  for (const auto& check : report.explanation.checks) write_check(json, check);
  json.end_array();
  if (verdict) write_person(json, *verdict);
  json.end();
  return out;
}

}  // namespace sallyport::identity
