// sallyport revoke user|sign-ins|session|token|client|group|all: takes access back at once and cuts
// what runs; `revoke list` and `revoke lift ID`. Asks the running gateway (api_client.h). Exit code
// 1 when the answer is no (nothing was changed), 2 for wrong input, 3 when the gateway or its store
// failed.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <tuple>

#include "app/api_client.h"
#include "app/command.h"
#include "app/gateway_options.h"
#include "base/clock.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "signin/web.h"

namespace sallyport::app {
namespace {

struct Options {
  GatewayOptions gateway;
  std::string kind;
  std::vector<std::string> targets;
  std::string issuer;
  std::string user;
  std::string until;
  std::string reason;
  std::string id;
  bool dry_run = false;
  bool json = false;
};

// "2026-11-22", "2026-11-22T08:00" in UTC, or "90m", "2h", "7d" from now; seconds since 1970.
std::optional<std::int64_t> parse_until(const std::string& text) {
  auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
    auto value = whole_number(digits);
    if (!value || *value > 100'000'000) return std::nullopt;
    return static_cast<std::int64_t>(*value);
  };
  auto unit = text.empty() ? '\0' : text.back();
  auto seconds = unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 0;
  if (seconds != 0) {
    auto count = number(std::string_view(text).substr(0, text.size() - 1));
    if (!count) return std::nullopt;
    return unix_seconds(system_clock().wall()) + *count * seconds;
  }
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  std::string time = text;
  if (time.ends_with('Z')) time.pop_back();
  int found = std::sscanf(time.c_str(), "%4d-%2d-%2d%nT%2d:%2d%n:%2d%n", &year, &month, &day, &used,
                          &hour, &minute, &used, &second, &used);
  if (found != 3 && found != 5 && found != 6) return std::nullopt;
  if (static_cast<std::size_t>(used) != time.size()) return std::nullopt;
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
      second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date).time_since_epoch() / std::chrono::seconds(1) + hour * 3600 +
         minute * 60 + second;
}

/// One revocation of an answer.
struct Shown {
  std::string id, kind, target, issuer, user, at, until, by, reason, lifted, note, sign_ins_up_to;
  std::int64_t cut = -1;
  std::int64_t took_us = 0;
};

void read_revocation(JsonReader& json, Shown& shown) {
  JsonText key;
  JsonText value;
  std::string_view number;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    auto* text = key.is("id")               ? &shown.id
                 : key.is("kind")           ? &shown.kind
                 : key.is("target")         ? &shown.target
                 : key.is("issuer")         ? &shown.issuer
                 : key.is("user")           ? &shown.user
                 : key.is("at")             ? &shown.at
                 : key.is("until")          ? &shown.until
                 : key.is("by")             ? &shown.by
                 : key.is("reason")         ? &shown.reason
                 : key.is("lifted")         ? &shown.lifted
                 : key.is("note")           ? &shown.note
                 : key.is("sign_ins_up_to") ? &shown.sign_ins_up_to
                                            : nullptr;
    auto* count = key.is("cut") ? &shown.cut : key.is("took_us") ? &shown.took_us : nullptr;
    if (text != nullptr && json.peek() == JsonKind::kText) {
      if (json.text(value)) *text = value.decode();
    } else if (count != nullptr && json.peek() == JsonKind::kNumber) {
      if (json.number(number)) *count = static_cast<std::int64_t>(whole_number(number).value_or(0));
    } else {
      json.skip();
    }
  }
}

struct Reading {
  std::vector<Shown> revocations;
  std::vector<std::string> raw;  ///< the same, as JSON
  std::string problem;
  std::string next_cursor;
  bool dry_run = false;
  std::uint64_t streams = 0, people = 0;  ///< of a dry run
};

void read_revocations(JsonReader& json, std::string_view body, Reading& reading) {
  while (json.next_element()) {
    // peek() goes past the white space before the element.
    std::ignore = json.peek();
    const std::size_t start = json.offset();
    read_revocation(json, reading.revocations.emplace_back());
    reading.raw.emplace_back(body.substr(start, json.offset() - start));
  }
}

std::optional<Reading> read_answer(std::string_view body) {
  Reading reading;
  JsonReader json(body);
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return std::nullopt;
  while (json.next_member(key)) {
    auto* text = key.is("problem")       ? &reading.problem
                 : key.is("next_cursor") ? &reading.next_cursor
                                         : nullptr;
    if (text != nullptr) {
      if (json.text(value)) *text = value.decode();
    } else if (key.is("dry_run")) {
      reading.dry_run = json.peek() == JsonKind::kTrue;
      json.skip();
    } else if (key.is("streams") || key.is("people")) {
      std::string_view number;
      auto& count = key.is("streams") ? reading.streams : reading.people;
      if (json.number(number)) count = whole_number(number).value_or(0);
    } else if (key.is("revocations") && json.begin_array()) {
      read_revocations(json, body, reading);
    } else {
      json.skip();
    }
  }
  if (!json.finish()) return std::nullopt;
  return reading;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string short_time(const std::string& time) {
  return time.size() < 19 ? time : time.substr(0, 10) + " " + time.substr(11, 8) + " UTC";
}

std::string what_of(const Shown& shown) {
  auto what = shown.kind;
  if (!shown.target.empty()) what += " " + shown.target;
  if (!shown.issuer.empty()) what += " of issuer " + shown.issuer;
  if (!shown.user.empty()) what += " of " + shown.user;
  return what;
}

void print_done(const Shown& shown) {
  if (!shown.lifted.empty()) {
    print(fmt::format("lifted   {}\n         {}\n", what_of(shown), shown.id));
    return;
  }
  print(fmt::format("revoked  {}\n         {}\n", what_of(shown), shown.id));
  if (!shown.until.empty()) print(fmt::format("until    {}\n", short_time(shown.until)));
  print(fmt::format("cut      {} running request{}; in force everywhere after {:.1f} ms\n",
                    shown.cut, shown.cut == 1 ? "" : "s",
                    static_cast<double>(shown.took_us) / 1000));
  if (!shown.note.empty()) print(fmt::format("note     {}\n", shown.note));
}

void print_list(const Reading& reading) {
  if (!reading.problem.empty()) print(fmt::format("PROBLEM  {}\n", reading.problem));
  if (reading.revocations.empty()) return print("nothing is revoked\n");
  for (const auto& shown : reading.revocations) {
    print(fmt::format("{}  {}\n", shown.id, what_of(shown)));
    print(fmt::format("    {} by {}{}{}\n", short_time(shown.at), shown.by,
                      shown.reason.empty() ? "" : ": ", shown.reason));
    if (!shown.until.empty()) print(fmt::format("    until {}\n", short_time(shown.until)));
    if (!shown.sign_ins_up_to.empty()) {
      print(fmt::format("    sign-ins up to {}\n", short_time(shown.sign_ins_up_to)));
    }
  }
}

// Asks and, where the answer is not 200, says why. Nothing: said.
std::optional<Reading> ask_for(const Options& options, const ApiQuestion& question, Exit& exit) {
  constexpr std::string_view kForeign = "revocation.not_understood";
  auto reply = ask(options.gateway, question);
  if (!reply) {
    exit = refuse(reply.error(), options.json);
    return std::nullopt;
  }
  if (reply->status != 200) {
    exit = refuse_reply(*reply, options.gateway, kForeign, options.json);
    return std::nullopt;
  }
  auto reading = read_answer(reply->body);
  if (!reading) {
    print_error(not_understood(*reply, options.gateway, kForeign), options.json);
    exit = Exit::kEnvironment;
    return std::nullopt;
  }
  exit = Exit::kDone;
  return reading;
}

void print_json(const Reading& reading) {
  std::string out;
  JsonWriter json(out);
  json.begin().text_if("problem", reading.problem).array("revocations");
  out += fmt::format("{}", fmt::join(reading.raw, ","));
  json.end_array().end();
  print(out + "\n");
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

void print_dry_run(const Reading& reading, const Options& options) {
  if (options.json) {
    std::string out;
    JsonWriter json(out);
    json.begin().boolean("dry_run", true);
    json.number("people", static_cast<std::int64_t>(reading.people));
    json.number("streams", static_cast<std::int64_t>(reading.streams)).end();
    return print(out + "\n");
  }
  print(fmt::format("would cut {} of {}; nothing was changed\n",
                    counted(reading.streams, "running request", "running requests"),
                    counted(reading.people, "person", "people")));
}

void print_all_done(const Reading& reading, const Options& options) {
  if (reading.dry_run) return print_dry_run(reading, options);
  if (options.json) return print_json(reading);
  std::ranges::for_each(reading.revocations, print_done);
}

Exit run_revoke(const Options& options) {
  // The one kind with a route of its own, which the help desk may use, too.
  const bool sign_ins = options.kind == "sign-ins";
  std::string body;
  JsonWriter json(body);
  json.begin();
  if (!sign_ins) json.text("kind", options.kind);
  json.array("targets");
  for (const auto& target : options.targets) json.item(target);
  json.end_array().text_if("issuer", options.issuer).text_if("user", options.user);
  json.text_if("reason", options.reason);
  if (!options.until.empty()) {
    auto until = parse_until(options.until);
    if (!until) {
      print_error({"usage.until", fmt::format("\"{}\" is no time", options.until),
                   "write --until 2026-11-22T08:00 (UTC), or 90m, 2h, 7d from now"},
                  options.json);
      return Exit::kWrongInput;
    }
    json.text("until", format_time(WallTime(std::chrono::seconds(*until))));
  }
  json.end();
  Exit exit = Exit::kDone;
  auto path = fmt::format("/api/v1/revocations{}{}", sign_ins ? "/sign-ins" : "",
                          options.dry_run ? "?dry_run=true" : "");
  auto reading = ask_for(options, {"POST", std::move(path), std::move(body)}, exit);
  if (reading) print_all_done(*reading, options);
  return exit;
}

// Page after page.
Exit run_list(const Options& options) {
  Exit exit = Exit::kDone;
  Reading all;
  do {
    auto path = fmt::format("/api/v1/revocations?limit=1000{}{}",
                            all.next_cursor.empty() ? "" : "&cursor=", all.next_cursor);
    auto page = ask_for(options, {.path = std::move(path)}, exit);
    if (!page) return exit;
    all.problem = page->problem;
    all.next_cursor = page->next_cursor;
    std::ranges::move(page->revocations, std::back_inserter(all.revocations));
    std::ranges::move(page->raw, std::back_inserter(all.raw));
  } while (!all.next_cursor.empty());
  if (options.json) {
    print_json(all);
  } else {
    print_list(all);
  }
  return exit;
}

Exit run_lift(const Options& options) {
  std::string body;
  JsonWriter json(body);
  json.begin().text_if("reason", options.reason).end();
  Exit exit = Exit::kDone;
  auto path = fmt::format("/api/v1/revocations/{}/lift{}", signin::percent_encode(options.id),
                          options.dry_run ? "?dry_run=true" : "");
  auto reading = ask_for(options, {"POST", std::move(path), std::move(body)}, exit);
  if (reading) print_all_done(*reading, options);
  return exit;
}

/// A kind and what its command takes.
struct Form {
  const char* kind;
  const char* target;  ///< null: none
  const char* help;
  const char* target_help;
  bool issuer;
  bool until;
};

constexpr const char* kUser =
    "ISSUER/TENANT/OBJECT_ID, ISSUER/SUBJECT, or the name or e-mail of the one person seen with it";

constexpr Form kForms[] = {
    {"user", "USER", "Shut a person out until lifted or --until; a fresh token does not help",
     kUser, false, true},
    {"sign-ins", "USER", "End a person's sign-ins; signing in again helps", kUser, false, false},
    {"session", "SID", "End one session of --user or --issuer", "The token's `sid`", true, true},
    {"token", "ID", "Take one token back", "The token's `uti` or `jti`", true, true},
    {"client", "CLIENT", "Shut an application out until lifted or --until",
     "The application (client) id, the token's `azp`", true, true},
    {"group", "GROUP", "Shut the members of a group out until lifted or --until",
     "The group as tokens name it", true, true},
    {"all", nullptr, "End everybody's sign-ins; signing in again helps", "", true, false},
};

void add_common(CLI::App& command, Options& options) {
  add_gateway_options(command, options.gateway, GatewayWay::kRunning);
  command.add_flag("--json", options.json, "One JSON object");
}

void add_dry_run(CLI::App& command, Options& options) {
  command.add_flag("--dry-run", options.dry_run, "Say whom it would hit, and change nothing");
}

void add_form(CLI::App& revoke, const Form& form, Exit& exit) {
  auto options = std::make_shared<Options>();
  options->kind = form.kind;
  auto* command = revoke.add_subcommand(form.kind, form.help);
  if (form.target != nullptr) {
    command->add_option(form.target, options->targets, form.target_help)->required();
  }
  if (form.issuer) command->add_option("--issuer", options->issuer, "At this issuer alone");
  if (options->kind == "session") {
    command->add_option("--user", options->user, std::string("Of this person: ") + kUser);
  }
  if (form.until) {
    command->add_option("--until", options->until, "2026-11-22T08:00 (UTC), or 90m, 2h, 7d");
  }
  command->add_option("--reason", options->reason, "For the record; the person does not see it");
  add_dry_run(*command, *options);
  add_common(*command, *options);
  command->callback([options, &exit] { exit = run_revoke(*options); });
}

}  // namespace

void add_revoke_command(CLI::App& root, Exit& exit) {
  auto* revoke = root.add_subcommand("revoke", "Take access back at once; running answers are cut");
  revoke->require_subcommand(1);
  for (const auto& form : kForms) add_form(*revoke, form, exit);

  auto list_options = std::make_shared<Options>();
  auto* list = revoke->add_subcommand("list", "What is revoked now");
  add_common(*list, *list_options);
  list->callback([list_options, &exit] { exit = run_list(*list_options); });

  auto lift_options = std::make_shared<Options>();
  auto* lift = revoke->add_subcommand("lift", "End a revocation");
  lift->add_option("ID", lift_options->id, "As `revoke` and `revoke list` show it")->required();
  lift->add_option("--reason", lift_options->reason, "For the record");
  add_dry_run(*lift, *lift_options);
  add_common(*lift, *lift_options);
  lift->callback([lift_options, &exit] { exit = run_lift(*lift_options); });
}

}  // namespace sallyport::app
