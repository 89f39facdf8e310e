#include "usage/token_meter.h"

#include <algorithm>
#include <utility>

#include "base/json_reader.h"

namespace sallyport::usage {
namespace {

/// No answer has a million million tokens; sums of such numbers cannot overflow.
constexpr std::uint64_t kLargestCount = 1'000'000'000'000;
/// Names and ids are shorter; what is longer is cut.
constexpr std::size_t kLongestText = 256;
/// The usual price of a token in characters of English text.
constexpr std::uint64_t kCharactersPerToken = 4;

std::uint64_t code_points(std::string_view text) {
  return JsonText{.raw = text, .offset = 0, .escaped = false}.characters();
}

}  // namespace

std::string_view event_type(std::string_view name, std::string_view data) {
  constexpr std::string_view kStart = R"({"type":")";
  if (data.starts_with(kStart)) {
    const std::string_view rest = data.substr(kStart.size());
    const std::size_t end = rest.find_first_of("\"\\");
    if (end != std::string_view::npos && rest[end] == '"') return rest.substr(0, end);
  }
  if (!name.empty()) return name;
  JsonReader json(data);
  JsonText key;
  JsonText type;
  if (!json.begin_object()) return {};
  while (json.next_member(key)) {
    if (key.is("type") && json.peek() == JsonKind::kText) {
      return json.text(type) ? type.raw : std::string_view();
    }
    json.skip();
  }
  return {};
}

void TokenMeter::on_event(std::string_view name, std::string_view data) {
  if (count_usual_delta(data)) return;
  const std::string_view type = event_type(name, data);
  if (type == "content_block_delta") {
    read_delta(data);
  } else if (type == "message_start") {
    read_message_start(data);
  } else if (type == "message_delta") {
    read_message_delta(data);
  } else if (type == "message_stop") {
    stopped_ = true;
  } else if (type == "error") {
    read_error_event(data);
  }
}

/// A delta exactly as the provider writes it, which nearly all events of a stream are. False:
/// something else, nothing was counted.
bool TokenMeter::count_usual_delta(std::string_view data) {
  constexpr std::string_view kStart = R"({"type":"content_block_delta","index":)";
  constexpr std::string_view kDelta = R"(,"delta":{"type":")";
  constexpr std::string_view kTexts[] = {R"(text_delta","text":")",
                                         R"(input_json_delta","partial_json":")",
                                         R"(thinking_delta","thinking":")"};
  if (!data.starts_with(kStart)) return false;
  std::size_t at = kStart.size();
  while (at < data.size() && data[at] >= '0' && data[at] <= '9') ++at;
  data.remove_prefix(at);
  if (!data.starts_with(kDelta)) return false;
  data.remove_prefix(kDelta.size());
  for (const std::string_view text : kTexts) {
    if (!data.starts_with(text)) continue;
    const char* const begin = data.data() + text.size();
    const char* const end = data.data() + data.size();
    JsonTextMarks marks;
    const char* const close = find_json_text_end(begin, end, marks);
    if (close == nullptr || std::string_view(close + 1, end) != "}}") return false;
    characters_ +=
        JsonText{.raw = {begin, close}, .offset = 0, .escaped = marks.escaped}.characters();
    return true;
  }
  return false;
}

void TokenMeter::read_delta(std::string_view data) {
  JsonReader json(data);
  JsonText key;
  JsonText text;
  if (!json.begin_object()) return;
  while (json.next_member(key)) {
    if (!key.is("delta") || json.peek() != JsonKind::kObject) {
      json.skip();
      continue;
    }
    json.begin_object();
    while (json.next_member(key)) {
      const bool counts = key.is("text") || key.is("partial_json") || key.is("thinking");
      if (!counts || json.peek() != JsonKind::kText) {
        json.skip();
      } else if (json.text(text)) {
        characters_ += text.characters();
      }
    }
  }
}

void TokenMeter::read_message_start(std::string_view data) {
  started_ = true;
  JsonReader json(data);
  JsonText key;
  bool found = false;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("message") && json.peek() == JsonKind::kObject) {
      found = true;
      read_message(json);
    } else {
      json.skip();
    }
  }
  if (!json.finish() || !found) usage_.malformed = true;
}

/// The message object of message_start, or a whole answer.
void TokenMeter::read_message(JsonReader& json, ModelTexts* models) {
  JsonText key;
  bool found_usage = false;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("id")) {
      read_text(json, usage_.message_id);
    } else if (key.is("model")) {
      read_model(json, models);
    } else if (key.is("stop_reason")) {
      read_text(json, usage_.stop_reason);
    } else if (key.is("usage")) {
      found_usage |= read_usage(json);
    } else if (key.is("error")) {
      read_error(json);
    } else {
      json.skip();
    }
  }
  if (!found_usage && usage_.error_type.empty()) usage_.malformed = true;
}

void TokenMeter::read_message_delta(std::string_view data) {
  JsonReader json(data);
  JsonText key;
  bool found_usage = false;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("usage")) {
      found_usage |= read_usage(json);
    } else if (key.is("delta") && json.peek() == JsonKind::kObject) {
      json.begin_object();
      while (json.next_member(key)) {
        if (key.is("stop_reason")) {
          read_text(json, usage_.stop_reason);
        } else {
          json.skip();
        }
      }
    } else {
      json.skip();
    }
  }
  if (!json.finish() || !found_usage) usage_.malformed = true;
  if (!found_usage || !saw_output_) return;
  counted_ = true;
  if (!usage_.stop_reason.empty()) final_ = true;
}

/// False if what stands there is no usage object.
bool TokenMeter::read_usage(JsonReader& json) {
  saw_output_ = false;
  if (json.peek() != JsonKind::kObject) {
    json.skip();
    return false;
  }
  JsonText key;
  // One level further down: the object's name decides what counts in it.
  const auto read_inside = [&](auto&& read_member) {
    if (json.peek() != JsonKind::kObject) {
      if (json.peek() != JsonKind::kNull) usage_.malformed = true;
      json.skip();
      return;
    }
    json.begin_object();
    while (json.next_member(key)) {
      if (!read_member()) json.skip();
    }
  };
  const auto count = [&](std::string_view name, std::uint64_t& largest) {
    if (!key.is(name)) return false;
    read_count(json, largest);
    return true;
  };
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("output_tokens")) {
      saw_output_ |= read_count(json, usage_.output);
    } else if (key.is("cache_creation")) {
      read_inside([&] {
        return count("ephemeral_5m_input_tokens", usage_.cache_write_5m) ||
               count("ephemeral_1h_input_tokens", usage_.cache_write_1h);
      });
    } else if (key.is("output_tokens_details")) {
      read_inside([&] { return count("thinking_tokens", usage_.thinking); });
    } else if (key.is("server_tool_use")) {
      read_inside([&] { return count("web_search_requests", usage_.web_searches); });
    } else if (!count("input_tokens", usage_.input) &&
               !count("cache_creation_input_tokens", cache_writes_) &&
               !count("cache_read_input_tokens", usage_.cache_read)) {
      json.skip();
    }
  }
  return true;
}

/// False if there is no number to count with.
bool TokenMeter::read_count(JsonReader& json, std::uint64_t& largest) {
  const JsonKind kind = json.peek();
  std::string_view token;
  if (kind != JsonKind::kNumber) {
    if (kind != JsonKind::kNull) usage_.malformed = true;
    json.skip();
    return false;
  }
  if (!json.number(token)) return false;
  const auto value = whole_number(token);
  if (!value || *value > kLargestCount) {
    usage_.malformed = true;
    return false;
  }
  largest = std::max(largest, *value);
  return true;
}

void TokenMeter::read_model(JsonReader& json, ModelTexts* models) {
  JsonText text;
  if (json.peek() != JsonKind::kText) {
    json.skip();
  } else if (json.text(text)) {
    keep_text(text, usage_.model);
    if (models != nullptr && models->size() <= kMostModels) models->push_back(text);
  }
}

void TokenMeter::read_text(JsonReader& json, std::string& to) {
  JsonText text;
  if (json.peek() != JsonKind::kText) {
    json.skip();
  } else if (json.text(text)) {
    keep_text(text, to);
  }
}

void TokenMeter::keep_text(const JsonText& text, std::string& to) {
  if (text.escaped) {
    to = text.decode();
  } else {
    to.assign(text.raw);
  }
  if (to.size() <= kLongestText) return;
  std::size_t end = kLongestText;
  while (end > 0 && (to[end] & 0xc0) == 0x80) --end;  // not inside a character
  to.resize(end);
}

void TokenMeter::read_error_event(std::string_view data) {
  JsonReader json(data);
  JsonText key;
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("error")) {
      read_error(json);
    } else {
      json.skip();
    }
  }
  if (!json.finish()) usage_.malformed = true;
  if (usage_.error_type.empty()) usage_.error_type = "unknown";
}

/// `{"type": ..., "message": ...}`, or `{"code": ..., "message": ...}` of an Azure front.
void TokenMeter::read_error(JsonReader& json) {
  if (json.peek() != JsonKind::kObject) {
    if (json.peek() != JsonKind::kNull) usage_.error_type = "unknown";
    json.skip();
    return;
  }
  JsonText key;
  std::string code;
  usage_.error_type.clear();
  json.begin_object();
  while (json.next_member(key)) {
    if (key.is("type")) {
      read_text(json, usage_.error_type);
    } else if (key.is("code")) {
      read_text(json, code);
    } else {
      json.skip();
    }
  }
  if (usage_.error_type.empty()) usage_.error_type = code.empty() ? "unknown" : std::move(code);
}

void TokenMeter::on_json_body(std::string_view body, ModelTexts* models) {
  JsonReader json(body);
  if (json.peek() != JsonKind::kObject) {
    usage_.malformed = true;
    return;
  }
  read_message(json, models);
  const bool whole = json.finish();
  if (!whole) usage_.malformed = true;
  if (!whole && models != nullptr) models->clear();
  if (!usage_.error_type.empty()) return;
  stopped_ = whole;
  final_ = saw_output_;
  if (final_) return;
  // A message that was cut before its usage: all of it counts as output.
  started_ = !usage_.message_id.empty();
  if (started_) body_characters_ = code_points(body);
}

Usage TokenMeter::finish(bool ended_properly) {
  const bool final = final_ || (stopped_ && counted_);
  usage_.estimated = (started_ || characters_ > 0) && !final;
  if (usage_.estimated) {
    const std::uint64_t characters = std::max(characters_, body_characters_);
    usage_.output = std::max(usage_.output, characters / kCharactersPerToken);
  }
  // What the answers did not split counts as 5 minutes.
  const std::uint64_t unsplit = cache_writes_ - std::min(cache_writes_, usage_.cache_write_1h);
  usage_.cache_write_5m = std::max(usage_.cache_write_5m, unsplit);
  usage_.complete = ended_properly && stopped_ && usage_.error_type.empty();
  return std::move(usage_);
}

}  // namespace sallyport::usage
