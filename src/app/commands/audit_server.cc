// audit show --server: the requests that the gateway itself tells of, in the same table and JSON.
// It has no events, and of one request more than the record: why, and what helps.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "app/api_client.h"
#include "app/commands/audit_rows.h"
#include "audit/record.h"
#include "audit/record_fields.h"
#include "base/json_reader.h"
#include "base/terminal_text.h"
#include "signin/web.h"

namespace sallyport::app {
namespace {

constexpr std::string_view kForeign = "audit.not_understood";
constexpr std::size_t kPage = 1000;  // the most that the API gives at once

/// What the API tells of requests.
struct Told {
  std::vector<audit::Row> rows;
  std::map<std::string, std::string, std::less<>> names;  ///< by the person's key
  std::string next_cursor;
  std::string what, told, next_step;  ///< of one request
};

void set_shown(audit::Row& row, std::string_view name, std::int64_t number) {
  const auto fields = audit::shown_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].field->name == name) row.shown[i].number = number;
  }
}

/// One member of a request; false: it is none that a row has, and still to be read.
bool read_text_member(const JsonText& key, JsonReader& json, audit::Row& row, std::string& name,
                      Told& told) {
  auto* to = key.is("id")          ? &row.id
             : key.is("time")      ? &row.time
             : key.is("person")    ? &row.person
             : key.is("name")      ? &name
             : key.is("model")     ? &row.model
             : key.is("path")      ? &row.path
             : key.is("outcome")   ? &row.outcome
             : key.is("reason")    ? &row.reason
             : key.is("what")      ? &told.what
             : key.is("told")      ? &told.told
             : key.is("next_step") ? &told.next_step
                                   : nullptr;
  if (to == nullptr || json.peek() != JsonKind::kText) return false;
  JsonText value;
  if (json.text(value)) *to = value.decode();
  return true;
}

bool read_number_member(const JsonText& key, JsonReader& json, audit::Row& row) {
  constexpr auto kStatus = audit::name_of<&audit::Closed::status>;
  constexpr auto kDuration = audit::name_of<&audit::Closed::duration_us>;
  if (json.peek() != JsonKind::kNumber) return false;
  std::string_view text;
  if (!json.number(text)) return true;
  const auto number = static_cast<std::int64_t>(
      std::min<std::uint64_t>(whole_number(text).value_or(0), std::int64_t{1} << 62));
  if (key.is("input")) row.input = number;
  if (key.is("output")) row.output = number;
  if (key.is(kStatus)) set_shown(row, kStatus, number);
  if (key.is(kDuration)) set_shown(row, kDuration, number);
  return true;
}

// The outcome of a refusal is its reason in the table, as where the folder is read.
void settle(audit::Row& row) {
  row.key = row.person;
  row.kind = row.outcome == "refused" || row.outcome == "answered" ? row.outcome : "request";
  if (row.kind == "refused") row.outcome = row.reason;
  if (row.kind == "answered") row.outcome.clear();
}

void read_request(JsonReader& json, std::string_view body, Told& told) {
  audit::Row row;
  row.shown.resize(audit::shown_fields().size());
  std::string name;
  JsonText key;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    if (read_text_member(key, json, row, name, told)) continue;
    if (read_number_member(key, json, row)) continue;
    const bool is_true = json.peek() == JsonKind::kTrue;  // goes past white space
    const std::size_t start = json.offset();
    json.skip();
    if (json.failed()) return;
    const auto raw = body.substr(start, json.offset() - start);
    if (key.is("exact")) row.exact = is_true;
    if (key.is("record")) row.record = raw;
    if (key.is("end")) row.end = raw;
  }
  if (row.time.size() < 19) row.time.resize(19, '?');  // no gateway writes that
  settle(row);
  if (!name.empty()) told.names.insert_or_assign(row.key, std::move(name));
  told.rows.push_back(std::move(row));
}

bool read_page(std::string_view body, Told& told) {
  told.next_cursor.clear();
  JsonReader json(body);
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return false;
  while (json.next_member(key)) {
    if (key.is("requests") && json.peek() == JsonKind::kArray) {
      if (!json.begin_array()) return false;
      while (json.next_element()) {
        if (json.peek() != JsonKind::kObject) return false;
        read_request(json, body, told);
      }
    } else if (key.is("next_cursor") && json.peek() == JsonKind::kText) {
      if (json.text(value)) told.next_cursor = value.decode();
    } else {
      json.skip();
    }
  }
  return json.finish();
}

bool read_one(std::string_view body, Told& told) {
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject) return false;
  read_request(json, body, told);
  return json.finish() && !told.rows.empty();
}

// kDone: it is read; else it was said why not.
Exit ask_into(const ServerShow& show, std::string path, bool (*read)(std::string_view, Told&),
              Told& told) {
  auto reply = ask(show.gateway, {.path = std::move(path)});
  if (!reply) return refuse(reply.error(), show.json);
  if (reply->status != 200) return refuse_reply(*reply, show.gateway, kForeign, show.json);
  if (read(reply->body, told)) return Exit::kDone;
  print_error(not_understood(*reply, show.gateway, kForeign), show.json);
  return Exit::kEnvironment;
}

std::string filters_of(const ServerShow& show) {
  std::string query;
  auto add = [&query](std::string_view name, const std::string& value) {
    if (!value.empty()) query += fmt::format("&{}={}", name, signin::percent_encode(value));
  };
  add("person", show.person);
  add("outcome", show.outcome);
  add("reason", show.reason);
  add("model", show.model);
  if (!show.since.empty()) add("since", whole_time(show.since));
  return query;
}

// Page after page, the newest first.
Exit ask_for_all(const ServerShow& show, Told& told) {
  const std::string filters = filters_of(show);
  do {
    const std::size_t left = show.last == 0 ? kPage : show.last - told.rows.size();
    auto path = fmt::format("/api/v1/requests?limit={}{}", std::min(left, kPage), filters);
    if (!told.next_cursor.empty()) {
      path.append("&cursor=").append(signin::percent_encode(told.next_cursor));
    }
    const std::size_t before = told.rows.size();
    const Exit exit = ask_into(show, std::move(path), read_page, told);
    if (exit != Exit::kDone) return exit;
    if (told.rows.size() == before) break;  // whoever has a cursor and no rows, goes in circles
  } while (!told.next_cursor.empty() && (show.last == 0 || told.rows.size() < show.last));
  return Exit::kDone;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// Why it ended so, for whoever was asked by the person.
void print_story(const Told& told) {
  if (!told.what.empty()) print(fmt::format("what happened  {}\n", for_terminal(told.what)));
  if (!told.told.empty()) print(fmt::format("was told       {}\n", for_terminal(told.told)));
  if (!told.next_step.empty())
    print(fmt::format("what helps     {}\n", for_terminal(told.next_step)));
}

void put_story(JsonWriter& json, const Told& told) {
  json.text_if("what", told.what).text_if("told", told.told).text_if("next_step", told.next_step);
}

}  // namespace

std::string whole_time(std::string text) {
  constexpr std::string_view kEarliest = "0000-01-01T00:00:00";
  constexpr std::size_t kSecondOfMonth = 6;
  constexpr std::size_t kSecondOfDay = 9;
  if (text.size() > kEarliest.size()) return text;
  while (text.size() < kEarliest.size()) {
    const std::size_t place = text.size();
    // "2026-1" begins with October: there is no month and no day 00, but there are 10 and 20.
    const bool second = place == kSecondOfMonth || place == kSecondOfDay;
    text.push_back(second && text.back() != '0' ? '0' : kEarliest[place]);
  }
  text.push_back('Z');
  return text;
}

Exit show_from_server(const ServerShow& show) {
  Told told;
  const Exit exit =
      show.id.empty()
          ? ask_for_all(show, told)
          : ask_into(show, fmt::format("/api/v1/requests/{}", signin::percent_encode(show.id)),
                     read_one, told);
  if (exit != Exit::kDone) return exit;
  std::ranges::reverse(told.rows);  // as the folder's: in the order of time
  const auto name_of = [&told](const audit::Row& row) {
    auto found = told.names.find(row.key);
    return found == told.names.end() ? std::string() : found->second;
  };
  if (show.json) {
    print_json(told.rows, name_of,
               [&told](JsonWriter& json, const audit::Row&) { put_story(json, told); });
  } else if (told.rows.empty()) {
    print("no records match\n");
  } else {
    print_table(told.rows, name_of);
    if (!show.id.empty()) {
      print_story(told);
      print_lines(told.rows);
    }
  }
  return Exit::kDone;
}

}  // namespace sallyport::app
