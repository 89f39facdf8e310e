// audit show --revocation: the story of one revocation, from the folder or from a server.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "app/api_client.h"
#include "app/commands/audit_rows.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/terminal_text.h"
#include "signin/web.h"

namespace sallyport::app {
namespace {

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string in_words(std::string_view what) {
  std::string words(what == "cut"             ? "answer cut"
                    : what == "last_admitted" ? "last admitted"
                                              : what);
  std::ranges::replace(words, '_', ' ');
  return words;
}

void print_text(const audit::RevocationStory& story, const std::string& id) {
  print(fmt::format("revocation {}: {} running answers cut, {} requests refused\n\n", id, story.cut,
                    story.refused));
  for (const auto& step : story.steps) {
    print(fmt::format("{:<26}  {:<14} {}{}{}\n", for_terminal(step.time.substr(0, 23)) + "Z",
                      for_terminal(in_words(step.what)), for_terminal(step.request),
                      step.request.empty() || step.text.empty() ? "" : "  ",
                      for_terminal(step.text)));
  }
}

void print_json(const audit::RevocationStory& story, const std::string& id) {
  std::string out;
  JsonWriter json(out);
  json.begin().text("revocation", id);
  json.number("cut", static_cast<std::int64_t>(story.cut));
  json.number("refused", static_cast<std::int64_t>(story.refused)).array("steps");
  for (const auto& step : story.steps) {
    json.begin().text("time", step.time).text("what", step.what);
    json.text_if("request", step.request).text_if("text", step.text);
    if (!step.record.empty()) json.raw("record", step.record);
    json.end();
  }
  json.end_array().end();
  print(out + "\n");
}

// ---- at a server --------------------------------------------------------------------------------

void read_step(JsonReader& json, audit::StoryStep& step) {
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    auto* to = key.is("time")      ? &step.time
               : key.is("what")    ? &step.what
               : key.is("request") ? &step.request
               : key.is("text")    ? &step.text
                                   : nullptr;
    if (to == nullptr || json.peek() != JsonKind::kText) {
      json.skip();
    } else if (json.text(value)) {
      *to = value.decode();
    }
  }
}

bool read_story(std::string_view body, audit::RevocationStory& story) {
  JsonReader json(body);
  JsonText key;
  if (!json.begin_object()) return false;
  while (json.next_member(key)) {
    auto* count = key.is("cut") ? &story.cut : key.is("refused") ? &story.refused : nullptr;
    std::string_view number;
    if (count != nullptr && json.peek() == JsonKind::kNumber) {
      if (json.number(number)) *count = whole_number(number).value_or(0);
    } else if (key.is("story") && json.peek() == JsonKind::kArray) {
      if (!json.begin_array()) return false;
      while (json.next_element()) read_step(json, story.steps.emplace_back());
    } else {
      json.skip();
    }
  }
  return json.finish();
}

}  // namespace

Exit print_story(const audit::RevocationStory& story, const std::string& id, bool json) {
  if (json) {
    print_json(story, id);
  } else if (!story.steps.empty()) {
    print_text(story, id);
  } else {
    print("the record does not know this revocation\n");
  }
  return story.steps.empty() ? Exit::kNo : Exit::kDone;
}

Exit show_story_from_server(const GatewayOptions& gateway, const std::string& id, bool json) {
  constexpr std::string_view kForeign = "audit.not_understood";
  auto path = fmt::format("/api/v1/revocations/{}", signin::percent_encode(id));
  auto reply = ask(gateway, {.path = std::move(path)});
  if (!reply) return refuse(reply.error(), json);
  if (reply->status != 200) return refuse_reply(*reply, gateway, kForeign, json);
  audit::RevocationStory story;
  if (!read_story(reply->body, story)) {
    print_error(not_understood(*reply, gateway, kForeign), json);
    return Exit::kEnvironment;
  }
  return print_story(story, id, json);
}

}  // namespace sallyport::app
