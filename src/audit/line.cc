#include "audit/line.h"

#include <algorithm>

#include "audit/record_fields.h"
#include "audit/segment_name.h"
#include "base/encoding.h"
#include "base/json_reader.h"

namespace sallyport::audit {
namespace {

bool read_text(JsonReader& json, std::string_view& out) {
  JsonText value;
  if (!json.text(value) || value.escaped) return false;
  out = value.raw;
  return true;
}

bool read_count(JsonReader& json, std::uint64_t& out) {
  std::string_view token;
  if (!json.number(token)) return false;
  auto value = whole_number(token);
  out = value.value_or(0);
  return value.has_value();
}

bool is_hash(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

bool read_head(JsonReader& json, NamedHead& head) {
  JsonText key;
  if (!json.begin_object()) return false;
  while (json.next_member(key)) {
    bool read = key.is(field::kHeadChain)      ? read_text(json, head.chain)
                : key.is(field::kHeadSequence) ? read_count(json, head.sequence)
                : key.is(field::kHeadHash)     ? read_text(json, head.hash)
                                               : json.skip();
    if (!read) return false;
  }
  return !head.chain.empty() && head.sequence > 0 && is_hash(head.hash);
}

bool read_heads(JsonReader& json, std::vector<NamedHead>& heads) {
  if (!json.begin_array()) return false;
  while (json.next_element()) {
    if (!read_head(json, heads.emplace_back())) return false;
  }
  return true;
}

bool read_type(JsonReader& json, LineType& type) {
  std::string_view name;
  if (!read_text(json, name)) return false;
  type = name == "opened"     ? LineType::kOpened
         : name == "closed"   ? LineType::kClosed
         : name == "refused"  ? LineType::kRefused
         : name == "answered" ? LineType::kAnswered
         : name == "event"    ? LineType::kEvent
                              : LineType::kOther;
  return true;
}

bool read_member(JsonReader& json, const JsonText& key, Line& line) {
  if (key.is(field::kSequence)) return read_count(json, line.sequence);
  if (key.is(field::kPrevious)) return read_text(json, line.previous);
  if (key.is(field::kType)) return read_type(json, line.type);
  if (key.is(field::kTime)) return read_text(json, line.time);
  if (key.is(field::kNode)) return read_text(json, line.node);
  if (key.is(field::kInstance)) return read_text(json, line.instance);
  if (key.is(field::kWorker)) return read_text(json, line.worker);
  if (key.is(name_of<&Closed::id>)) return read_text(json, line.id);
  if (key.is(name_of<&Event::name>)) return read_text(json, line.event);
  if (key.is(name_of<&Closed::outcome>)) return read_text(json, line.outcome);
  if (key.is(field::kOf)) return read_text(json, line.of);
  if (key.is(name_of<&Closed::opened_sequence>)) return read_count(json, line.opened);
  if (key.is(field::kHeads)) return read_heads(json, line.heads);
  if (key.is(field::kOpen)) return read_count(json, line.open);
  if (key.is(field::kOpenFrom)) return read_count(json, line.open_from);
  return json.skip();
}

bool complete(const Line& line) {
  if (line.sequence == 0 || !is_hash(line.previous) || line.time.empty() ||
      !is_uuid(line.instance) || line.worker.empty()) {
    return false;
  }
  switch (line.type) {
    case LineType::kEvent:
      return !line.event.empty();
    case LineType::kClosed:
      return !line.id.empty() && !line.outcome.empty() && line.interrupted() == !line.of.empty();
    case LineType::kOpened:
    case LineType::kRefused:
    case LineType::kAnswered:
      return !line.id.empty();
    case LineType::kOther:
      return true;
  }
  return false;
}

}  // namespace

bool parse_line(std::string_view text, Line& line) {
  auto heads = std::move(line.heads);
  heads.clear();
  line = Line{};
  line.heads = std::move(heads);
  if (!is_utf8(text)) return false;
  JsonReader json(text);
  JsonText key;
  if (!json.begin_object()) return false;
  while (json.next_member(key)) {
    if (!read_member(json, key, line)) return false;
  }
  return json.finish() && complete(line);
}

}  // namespace sallyport::audit
