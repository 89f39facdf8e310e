// sallyport people find TEXT: the people whom the running gateway has seen, by key, name or mail
// address. Asks it (api_client.h). Exit code 1 when nobody is found or the answer is no.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/api_client.h"
#include "app/command.h"
#include "app/gateway_options.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/terminal_text.h"
#include "signin/web.h"

namespace sallyport::app {
namespace {

constexpr std::string_view kForeign = "people.not_understood";
constexpr std::size_t kPage = 1000;  // the most that the API gives at once

struct Options {
  GatewayOptions gateway;
  std::string text;
  std::size_t most = 50;
  bool json = false;
};

struct Person {
  std::string key, name, mail, last_seen;
};

struct Found {
  std::vector<Person> people;
  std::string next_cursor;
};

void read_person(JsonReader& json, Person& person) {
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    auto* to = key.is("key")         ? &person.key
               : key.is("name")      ? &person.name
               : key.is("mail")      ? &person.mail
               : key.is("last_seen") ? &person.last_seen
                                     : nullptr;
    if (to == nullptr || json.peek() != JsonKind::kText) {
      json.skip();
    } else if (json.text(value)) {
      *to = value.decode();
    }
  }
}

bool read_page(std::string_view body, Found& found) {
  found.next_cursor.clear();
  JsonReader json(body);
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return false;
  while (json.next_member(key)) {
    if (key.is("people") && json.peek() == JsonKind::kArray) {
      if (!json.begin_array()) return false;
      while (json.next_element()) read_person(json, found.people.emplace_back());
    } else if (key.is("next_cursor") && json.peek() == JsonKind::kText) {
      if (json.text(value)) found.next_cursor = value.decode();
    } else {
      json.skip();
    }
  }
  return json.finish();
}

// Page after page, until there are enough.
Exit find_people(const Options& options, Found& found) {
  do {
    auto path = fmt::format("/api/v1/people?q={}&limit={}", signin::percent_encode(options.text),
                            std::min(options.most - found.people.size(), kPage));
    if (!found.next_cursor.empty()) {
      path.append("&cursor=").append(signin::percent_encode(found.next_cursor));
    }
    auto reply = ask(options.gateway, {.path = std::move(path)});
    if (!reply) return refuse(reply.error(), options.json);
    if (reply->status != 200) return refuse_reply(*reply, options.gateway, kForeign, options.json);
    const std::size_t before = found.people.size();
    if (!read_page(reply->body, found)) {
      print_error(not_understood(*reply, options.gateway, kForeign), options.json);
      return Exit::kEnvironment;
    }
    if (found.people.size() == before) break;
  } while (!found.next_cursor.empty() && found.people.size() < options.most);
  return Exit::kDone;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_json(const Found& found) {
  std::string out;
  JsonWriter json(out);
  json.begin().array("people");
  for (const auto& person : found.people) {
    json.begin().text("key", person.key).text_if("name", person.name);
    json.text_if("mail", person.mail).text_if("last_seen", person.last_seen).end();
  }
  json.end_array().boolean("more", !found.next_cursor.empty()).end();
  print(out + "\n");
}

void print_list(const Found& found) {
  for (const auto& person : found.people) {
    auto name = person.name.empty() ? std::string("(no name)") : for_terminal(person.name);
    auto mail =
        person.mail.empty() ? std::string() : fmt::format(" <{}>", for_terminal(person.mail));
    print(fmt::format("{}{}\n    {}\n", name, mail, for_terminal(person.key)));
    if (!person.last_seen.empty()) {
      print(fmt::format("    last seen {}\n", for_terminal(person.last_seen)));
    }
  }
  if (!found.next_cursor.empty()) print("there are more: write more of the name, or --most\n");
}

Exit run_find(const Options& options) {
  Found found;
  if (const Exit exit = find_people(options, found); exit != Exit::kDone) return exit;
  if (options.json) {
    print_json(found);
  } else if (found.people.empty()) {
    print("nobody of this name, address or key was seen here\n");
  } else {
    print_list(found);
  }
  return found.people.empty() ? Exit::kNo : Exit::kDone;
}

}  // namespace

void add_people_command(CLI::App& root, Exit& exit) {
  auto options = std::make_shared<Options>();
  auto* people = root.add_subcommand("people", "The people whom the running gateway has seen");
  people->require_subcommand(1);
  auto* find = people->add_subcommand("find", "By name, mail address or key, or their beginning");
  find->add_option("TEXT", options->text, "A key, an object id, or the beginning of name or mail")
      ->required();
  find->add_option("--most", options->most, "At most so many")
      ->check(CLI::Range(std::size_t{1}, std::size_t{100'000}))
      ->capture_default_str();
  add_gateway_options(*find, options->gateway, GatewayWay::kRunning);
  find->add_flag("--json", options->json, "One JSON object");
  find->callback([options, &exit] { exit = run_find(*options); });
}

}  // namespace sallyport::app
