#include "gateway/body_scanner.h"

#include <simdjson.h>

#include <array>

#include "base/json_reader.h"
#include "base/uninitialized.h"

namespace sallyport::gateway {
namespace {

static_assert(kMaxDepth == JsonReader::kMaxDepth);

/// What an object or array is to us; it decides what its members mean.
enum class Place : std::uint8_t {
  kTop,           ///< the body
  kMessages,      ///< top-level `messages`
  kMessage,       ///< an element of it
  kTools,         ///< any `tools` array
  kTopTools,      ///< the top-level one, whose names we record
  kTool,          ///< an element of any
  kTopTool,       ///< an element of the top-level one
  kMetadata,      ///< top-level `metadata`
  kFallbacks,     ///< top-level `fallbacks`
  kOutputConfig,  ///< top-level `output_config`
  kFormat,        ///< a description of the output: top-level `output_format`, output_config.format
  kElsewhere,     ///< anything else in which a `model` counts
};

/// Keys that we act upon in some place, as bits for the search for duplicates.
enum Key : std::uint8_t {
  kOther = 0,
  kModel = 1,
  kStream = 2,
  kMaxTokens = 4,
  kMetadataKey = 8,
  kToolsKey = 16,
  kFallbacksKey = 32,
  kUserId = 64,
  kName = 128,
};

struct Level {
  Place place;
  bool is_object;
  std::uint8_t seen;  ///< keys of this object
};

/// Cuts at a character, so that what is kept is UTF-8, and gives the memory of the rest back: these
/// texts live as long as the exchange.
void cut(std::string& text, std::size_t longest) {
  if (text.size() <= longest) return;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80) --longest;
  text.resize(longest);
  text.shrink_to_fit();
}

bool is_model_in_other_case(std::string_view key) {
  constexpr std::string_view kWord = "model";
  if (key.size() != kWord.size()) return false;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if ((key[i] | 0x20) != kWord[i]) return false;
  }
  return true;
}

class Scan {
 public:
  Scan(std::string_view body, policy::BodyFacts& facts) : json_(body), facts_(facts) {}
  /// Fills `facts`; without them, fault() says why.
  bool run();
  [[nodiscard]] const BodyFault& fault() const { return fault_; }
  /// After run() succeeded, false: the body is ASCII.
  [[nodiscard]] bool beyond_ascii() const { return json_.beyond_ascii(); }

 private:
  bool fail(BodyReason reason, std::size_t offset) {
    fault_ = {reason, offset};
    return false;
  }
  bool fail_here(BodyReason reason) { return fail(reason, json_.offset()); }

  bool step();
  bool enter(Place object, Place array);
  bool member(const JsonText& key);
  bool top_member(std::string_view key, std::size_t offset);
  bool element();
  bool once(Key key, std::size_t offset);
  bool null_or(JsonKind kind);
  bool model(bool top_level);
  bool fallback_text();
  bool use_model(const JsonText& text, bool top_level);
  bool max_tokens();
  bool user_id();
  bool tool_name();

  Level& level() { return levels_[depth_ - 1]; }

  JsonReader json_;
  policy::BodyFacts& facts_;
  BodyFault fault_;
  bool has_model_ = false;
  std::size_t depth_ = 0;
  std::array<Level, kMaxDepth> levels_;  // written before it is read
};

bool Scan::run() {
  const bool is_object = json_.peek() == JsonKind::kObject;
  bool good = enter(Place::kTop, Place::kElsewhere);
  while (good && depth_ > 0) good = step();
  if (good && !json_.finish()) good = fail_here(BodyReason::kInvalidJson);
  if (json_.failed()) {
    fail_here(json_.too_deep() ? BodyReason::kTooDeep : BodyReason::kInvalidJson);
  } else if (good && !is_object) {
    good = fail(BodyReason::kNotAnObject, 0);
  } else if (good && !has_model_) {
    good = fail(BodyReason::kModelMissing, 0);
  }
  return good;
}

/// The next member or element of the innermost object or array, or its end.
bool Scan::step() {
  if (!level().is_object) {
    if (json_.next_element()) return element();
  } else {
    JsonText key;
    if (json_.next_member(key)) return member(key);
  }
  --depth_;
  return !json_.failed();
}

/// Goes into an object or array; anything else is skipped.
bool Scan::enter(Place object, Place array) {
  const JsonKind kind = json_.peek();
  const bool is_object = kind == JsonKind::kObject;
  if (!is_object && kind != JsonKind::kArray) return json_.skip();
  if (!(is_object ? json_.begin_object() : json_.begin_array())) return false;
  levels_[depth_++] = {is_object ? object : array, is_object, 0};
  return true;
}

bool Scan::element() {
  switch (level().place) {
    case Place::kMessages:
      return enter(Place::kMessage, Place::kElsewhere);
    case Place::kTopTools:
      ++facts_.tools;
      return enter(Place::kTopTool, Place::kElsewhere);
    case Place::kTools:
      return enter(Place::kTool, Place::kElsewhere);
    case Place::kFallbacks:
      if (json_.peek() == JsonKind::kText) return fallback_text();
      return enter(Place::kElsewhere, Place::kElsewhere);
    default:
      return enter(Place::kElsewhere, Place::kElsewhere);
  }
}

bool Scan::member(const JsonText& text) {
  std::string decoded;
  if (text.escaped) decoded = text.decode();
  const std::string_view key = text.escaped ? std::string_view(decoded) : text.raw;
  const Place place = level().place;
  if (place == Place::kMetadata) {
    if (key != "user_id") return json_.skip();
    return once(kUserId, text.offset) && user_id();
  }
  if (key == "model") return once(kModel, text.offset) && model(place == Place::kTop);
  if (is_model_in_other_case(key) && (place == Place::kTop || json_.peek() == JsonKind::kText)) {
    return fail(BodyReason::kAmbiguousKey, text.offset);
  }
  if (place == Place::kTop) return top_member(key, text.offset);
  if (key == "tools") return enter(Place::kElsewhere, Place::kTools);
  const bool tool = place == Place::kTool || place == Place::kTopTool;
  if (tool && (key == "input_schema" || key == "input_examples")) return json_.skip();
  if (place == Place::kTopTool && key == "name") return once(kName, text.offset) && tool_name();
  if (place == Place::kMessage && key == "content") return json_.skip();
  if (place == Place::kFormat && key == "schema") return json_.skip();
  if (place == Place::kOutputConfig && key == "format") {
    return enter(Place::kFormat, Place::kElsewhere);
  }
  return enter(Place::kElsewhere, Place::kElsewhere);
}

bool Scan::top_member(std::string_view key, std::size_t offset) {
  if (key == "messages") return enter(Place::kElsewhere, Place::kMessages);
  if (key == "system" || key == "tags") return json_.skip();
  if (key == "stream") {
    if (!once(kStream, offset)) return false;
    facts_.stream = json_.peek() == JsonKind::kTrue;
    return (facts_.stream || null_or(JsonKind::kFalse)) && json_.skip();
  }
  if (key == "max_tokens") return once(kMaxTokens, offset) && max_tokens();
  if (key == "metadata") {
    return once(kMetadataKey, offset) && null_or(JsonKind::kObject) &&
           enter(Place::kMetadata, Place::kMetadata);
  }
  if (key == "tools") {
    return once(kToolsKey, offset) && null_or(JsonKind::kArray) &&
           enter(Place::kTopTools, Place::kTopTools);
  }
  if (key == "fallbacks") {
    return once(kFallbacksKey, offset) && null_or(JsonKind::kArray) &&
           enter(Place::kFallbacks, Place::kFallbacks);
  }
  if (key == "output_config") return enter(Place::kOutputConfig, Place::kElsewhere);
  if (key == "output_format") return enter(Place::kFormat, Place::kElsewhere);
  return enter(Place::kElsewhere, Place::kElsewhere);
}

bool Scan::once(Key key, std::size_t offset) {
  if ((level().seen & key) != 0) return fail(BodyReason::kDuplicateKey, offset);
  level().seen |= key;
  return true;
}

/// What does not even start as a value is left to the reader, which says that it is no JSON.
bool Scan::null_or(JsonKind kind) {
  const JsonKind found = json_.peek();
  if (found == kind || found == JsonKind::kNull || found == JsonKind::kNone) return true;
  return fail_here(BodyReason::kWrongType);
}

bool Scan::model(bool top_level) {
  if (json_.peek() != JsonKind::kText) {
    // Deeper down `model` may be a word of somebody else's: go on in it.
    if (!top_level) return enter(Place::kElsewhere, Place::kElsewhere);
    if (json_.peek() == JsonKind::kNone) return json_.skip();
    return fail_here(BodyReason::kModelNotText);
  }
  JsonText text;
  if (!json_.text(text) || !use_model(text, top_level)) return false;
  if (top_level) {
    has_model_ = true;
    facts_.model = facts_.models.back().name;
  }
  return true;
}

bool Scan::fallback_text() {
  JsonText text;
  return json_.text(text) && use_model(text, false);
}

bool Scan::use_model(const JsonText& text, bool top_level) {
  if (facts_.models.size() == kMaxModels) return fail(BodyReason::kTooManyModels, text.offset);
  std::string name = text.decode();
  if (name.size() > kMaxModelName) return fail(BodyReason::kModelTooLong, text.offset);
  facts_.models.push_back({text.offset, text.raw.size() + 2, std::move(name), top_level});
  return true;
}

bool Scan::max_tokens() {
  if (!null_or(JsonKind::kNumber)) return false;
  if (json_.peek() != JsonKind::kNumber) return json_.skip();
  const std::size_t offset = json_.offset();
  std::string_view token;
  if (!json_.number(token)) return false;
  facts_.max_tokens = whole_number(token);
  return facts_.max_tokens.has_value() || fail(BodyReason::kWrongType, offset);
}

bool Scan::user_id() {
  if (!null_or(JsonKind::kText)) return false;
  if (json_.peek() != JsonKind::kText) return json_.skip();
  JsonText text;
  if (!json_.text(text)) return false;
  facts_.user_id = text.decode();
  cut(facts_.user_id, kMaxUserId);
  return true;
}

bool Scan::tool_name() {
  if (json_.peek() != JsonKind::kText || facts_.tool_names.size() == kMaxToolNames) {
    return json_.skip();
  }
  JsonText text;
  if (!json_.text(text)) return false;
  cut(facts_.tool_names.emplace_back(text.decode()), kMaxToolName);
  return true;
}

/// Offset of the first character that is no UTF-8, in a text that has one. Continuation bytes count
/// to what stands before them.
std::size_t first_wrong_byte(std::string_view text) {
  constexpr std::size_t kBlock = 4096;
  const auto is_inside = [&](std::size_t at) {
    return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
  };
  std::size_t at = 0;
  while (text.size() - at > kBlock) {
    std::size_t next = at + kBlock;
    while (next > at && is_inside(next)) --next;
    if (next == at || !simdjson::validate_utf8(text.data() + at, next - at)) break;
    at = next;
  }
  while (at < text.size()) {
    std::size_t next = at + 1;
    while (next < text.size() && is_inside(next)) ++next;
    if (!simdjson::validate_utf8(text.data() + at, next - at)) break;
    at = next;
  }
  return at;
}

}  // namespace

// Most bodies are ASCII, which the scan sees by the way; only another one is read a second time for
// its UTF-8, and so is one that is refused: that it is no UTF-8 is said before anything else.
std::expected<policy::BodyFacts, BodyFault> scan_body(std::string_view body) {
  std::expected<policy::BodyFacts, BodyFault> facts;
  SALLYPORT_UNINITIALIZED Scan scan(body, *facts);  // but for what its constructor sets
  const bool good = scan.run();
  if (good && !scan.beyond_ascii()) return facts;
  if (!simdjson::validate_utf8(body.data(), body.size())) {
    facts = std::unexpected(BodyFault{BodyReason::kNotUtf8, first_wrong_byte(body)});
  } else if (!good) {
    facts = std::unexpected(scan.fault());
  }
  return facts;
}

std::string_view text_of(BodyReason reason) {
  switch (reason) {
    case BodyReason::kInvalidJson:
      return "body.invalid_json";
    case BodyReason::kNotUtf8:
      return "body.not_utf8";
    case BodyReason::kNotAnObject:
      return "body.not_an_object";
    case BodyReason::kTooDeep:
      return "body.too_deep";
    case BodyReason::kDuplicateKey:
      return "body.duplicate_key";
    case BodyReason::kAmbiguousKey:
      return "body.ambiguous_key";
    case BodyReason::kModelMissing:
      return "body.model_missing";
    case BodyReason::kModelNotText:
      return "body.model_not_text";
    case BodyReason::kModelTooLong:
      return "body.model_too_long";
    case BodyReason::kTooManyModels:
      return "body.too_many_models";
    case BodyReason::kWrongType:
      return "body.wrong_type";
  }
  return "body.invalid_json";
}

std::string_view sentence(BodyReason reason) {
  switch (reason) {
    case BodyReason::kInvalidJson:
      return "The request body is not valid JSON.";
    case BodyReason::kNotUtf8:
      return "The request body is not valid UTF-8.";
    case BodyReason::kNotAnObject:
      return "The request body must be a JSON object.";
    case BodyReason::kTooDeep:
      return "The request body is nested too deeply.";
    case BodyReason::kDuplicateKey:
      return "The request body has the same key twice in one object, and it is one that decides "
             "about the request.";
    case BodyReason::kAmbiguousKey:
      return "The request body has a key that is `model` but for upper and lower case.";
    case BodyReason::kModelMissing:
      return "The field `model` is required.";
    case BodyReason::kModelNotText:
      return "The field `model` must be a text.";
    case BodyReason::kModelTooLong:
      return "The name in the field `model` is too long.";
    case BodyReason::kTooManyModels:
      return "The request body names too many models.";
    case BodyReason::kWrongType:
      return "One of stream, max_tokens, metadata, metadata.user_id, tools and fallbacks has a "
             "value of the wrong type.";
  }
  return "The request body is not valid JSON.";
}

}  // namespace sallyport::gateway
