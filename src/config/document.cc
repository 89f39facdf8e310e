#include "config/document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <new>
#include <optional>
#include <streambuf>

#include "base/encoding.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

Finding defect(std::string_view code, Place place, std::string message, std::string next_step) {
  Finding finding;
  finding.code = code;
  finding.place = place;
  finding.message = std::move(message);
  finding.next_step = std::move(next_step);
  return finding;
}

// Whether a text may be shown as a key: what the schema's keys are made of. Anything else could be
// a secret that stands where a key belongs.
bool is_key_like(std::string_view text) {
  return text.size() <= 40 && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// Thrown through yaml-cpp by our own event handler; never leaves this file.
struct Refusal {
  Finding finding;
};

[[noreturn]] void refuse(std::string_view code, const YAML::Mark& mark, std::string message,
                         std::string next_step) {
  throw Refusal{defect(code, place_of(mark), std::move(message), std::move(next_step))};
}

// Builds the tree from events. A frame is a list or mapping that is still open.
class Builder final : public YAML::EventHandler {
 public:
  Builder(Document& document, std::string_view bytes) : document_(document), bytes_(bytes) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (std::exchange(seen_, true)) {
      refuse("config.several_documents", mark, "a second YAML document starts here",
             "keep one document in the file");
    }
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { no_anchors(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { no_anchors(mark); }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    Node node;
    node.place = place_of(mark);
    take(mark, std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    no_tag(mark, tag);
    if (tag == "!") closed_quote(mark);
    if (open_.empty() || open_.back().node.kind == Node::Kind::kList || open_.back().has_name) {
      Node node;
      node.kind = Node::Kind::kText;
      node.place = place_of(mark);
      node.text = value;
      node.quoted = tag == "!";
      take(mark, std::move(node));
    } else {
      name(mark, value);
    }
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::kList);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::kMapping);
  }
  void OnMapEnd() override { end(); }

 private:
  struct Frame {
    Node node;
    std::string name;
    Place name_place;
    bool has_name = false;
    bool duplicate = false;  // the value that follows is read and dropped
  };

  static void no_anchors(const YAML::Mark& mark) {
    refuse("config.anchor", mark, "anchors (&) and aliases (*) are not read here",
           "write the value out; put a text that starts with & or * in quotes");
  }
  static void no_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    refuse("config.tag", mark, "tags (!) are not read here",
           "take the tag away; put a text that starts with ! in quotes");
  }
  // yaml-cpp 0.7 takes the end of the file for the closing quote: a file that was cut off would
  // be read as if it were whole.
  void closed_quote(const YAML::Mark& mark) const {
    auto at = static_cast<std::size_t>(std::max(mark.pos, 0));
    char quote = at < bytes_.size() ? bytes_[at] : '\0';
    if (quote != '"' && quote != '\'') return;  // a block text
    while (++at < bytes_.size()) {
      if (quote == '"' && bytes_[at] == '\\') {
        ++at;
      } else if (bytes_[at] == quote) {
        if (quote == '"' || at + 1 == bytes_.size() || bytes_[at + 1] != quote) return;
        ++at;  // '' stands for one '
      }
    }
    refuse("config.yaml", mark, "a quote is not closed", "close it");
  }
  static void no_such_key(const YAML::Mark& mark) {
    refuse("config.key_not_text", mark, "a key must be a text", "write `key: value`");
  }

  void count(const YAML::Mark& mark) {
    if (++values_ > kMaxValues) {
      refuse("config.too_large", mark,
             fmt::format("the file holds more than {} values", kMaxValues),
             "keep less in the file");
    }
  }

  void name(const YAML::Mark& mark, const std::string& value) {
    count(mark);
    Frame& frame = open_.back();
    auto twin = std::ranges::find(frame.node.members, value, &Member::name);
    frame.duplicate = twin != frame.node.members.end();
    if (frame.duplicate) {
      document_.findings.push_back(
          defect("config.duplicate_key", place_of(mark),
                 fmt::format("the same key stands in line {} already", twin->place.line),
                 "keep one of the two"));
      if (is_key_like(value)) document_.findings.back().key = path_to(value);
    }
    frame.name = value;
    frame.name_place = place_of(mark);
    frame.has_name = true;
  }

  std::string path_to(std::string_view last) const {
    std::string path;
    for (const auto& frame : open_) {
      if (&frame == &open_.back()) break;
      if (frame.node.kind == Node::Kind::kList) {
        path += fmt::format("[{}]", frame.node.items.size());
      } else {
        path += (path.empty() ? "" : ".") + frame.name;
      }
    }
    return path + (path.empty() ? "" : ".") + std::string(last);
  }

  void start(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    no_tag(mark, tag);
    count(mark);
    if (open_.size() >= static_cast<std::size_t>(kMaxDepth)) {
      refuse("config.too_deep", mark,
             fmt::format("the file nests deeper than {} levels", kMaxDepth), "nest less");
    }
    if (!open_.empty() && open_.back().node.kind == Node::Kind::kMapping &&
        !open_.back().has_name) {
      no_such_key(mark);
    }
    Frame frame;
    frame.node.kind = kind;
    frame.node.place = place_of(mark);
    open_.push_back(std::move(frame));
  }

  void end() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    put(std::move(node));
  }

  void take(const YAML::Mark& mark, Node node) {
    count(mark);
    if (!open_.empty() && open_.back().node.kind == Node::Kind::kMapping &&
        !open_.back().has_name) {
      no_such_key(mark);
    }
    put(std::move(node));
  }

  void put(Node node) {
    if (open_.empty()) {
      document_.root = std::move(node);
      return;
    }
    Frame& frame = open_.back();
    if (frame.node.kind == Node::Kind::kList) {
      frame.node.items.push_back(std::move(node));
      return;
    }
    if (!frame.duplicate) {
      frame.node.members.push_back({frame.name, frame.name_place, std::move(node)});
    }
    frame.has_name = false;
  }

  Document& document_;
  std::string_view bytes_;
  std::vector<Frame> open_;
  std::size_t values_ = 0;
  bool seen_ = false;
};

// The library's messages may quote the file (an alias, an escape), and what is quoted may be a
// secret: they are matched, never passed on.
struct Explanation {
  std::string_view starts;
  std::string_view message;
  std::string_view next_step;
};
constexpr Explanation kExplanations[] = {
    {"end of map flow", "a { is not closed, or a comma is missing", "close it with }"},
    {"end of sequence flow", "a [ is not closed, or a comma is missing", "close it with ]"},
    {"end of", "this line does not fit the block that it stands in",
     "give all keys of a block the same indentation, and write `key: value`"},
    {"illegal flow end", "a } or ] closes nothing", "take it away, or open it"},
    {"illegal map value", "a ': ' stands where no key can be",
     "put values that hold ': ' in quotes"},
    {"illegal map key", "a key cannot stand here", "check the indentation of this line"},
    {"illegal block entry", "a '- ' cannot stand here",
     "check the indentation of this line, and that a [ or { above it is closed"},
    {"illegal tab", "a tab stands in the indentation", "use spaces"},
    {"illegal EOF in scalar", "a quote is not closed", "close it"},
    {"illegal document indicator", "a quote is not closed before the document ends", "close it"},
    {"unknown escape", "a text in double quotes has an escape that YAML does not know",
     "write \\\\ for a backslash, or use single quotes"},
    {"invalid unicode", "a text in double quotes has an escape that is no character",
     "write the character itself"},
    {"bad character found while scanning hex", "a text in double quotes has a broken \\x escape",
     "write \\\\ for a backslash, or use single quotes"},
    {"unknown token", "a value starts with a character that YAML keeps for itself",
     "put the value in quotes"},
    {"the referenced anchor", "anchors (&) and aliases (*) are not read here",
     "write the value out; put a text that starts with & or * in quotes"},
    {"alias", "anchors (&) and aliases (*) are not read here",
     "write the value out; put a text that starts with & or * in quotes"},
    {"anchor", "anchors (&) and aliases (*) are not read here",
     "write the value out; put a text that starts with & or * in quotes"},
};

Finding explain(const YAML::ParserException& error) {
  std::string_view said = error.msg;
  for (const auto& known : kExplanations) {
    if (said.starts_with(known.starts)) {
      return defect("config.yaml", place_of(error.mark), std::string(known.message),
                    std::string(known.next_step));
    }
  }
  return defect("config.yaml", place_of(error.mark), "this is not valid YAML",
                "check the quotes, brackets and indentation around this place");
}

// What no editor shows and no configuration needs: looked for before the library reads, with a
// better place and sentence than it has.
std::optional<Finding> find_bad_bytes(std::string_view bytes) {
  if (bytes.size() > (1u << 20)) {
    return defect("config.too_large", {}, "the file is larger than 1 MiB", "keep less in the file");
  }
  Place place{1, 0};
  bool indentation = true;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char c = bytes[i];
    ++place.column;
    if (c == '\n') {
      place = {place.line + 1, 0};
      indentation = true;
      continue;
    }
    if (c == '\t' && indentation) {
      return defect("config.tab", place, "a tab stands in the indentation", "use spaces");
    }
    auto byte = static_cast<unsigned char>(c);
    bool line_end = c == '\r' && (i + 1 == bytes.size() || bytes[i + 1] == '\n');
    if ((byte < 0x20 && c != '\t' && !line_end) || byte == 0x7f) {
      return defect("config.control_character", place,
                    fmt::format("a control character (0x{:02x}) stands here", byte),
                    "take it away; save the file as plain UTF-8 text");
    }
    if (c != ' ') indentation = false;
  }
  return std::nullopt;
}

std::optional<Finding> find_bad_text(std::string_view bytes) {
  if (is_utf8(bytes)) return std::nullopt;
  int line = 1;
  while (true) {
    auto end = std::min(bytes.find('\n'), bytes.size());
    if (!is_utf8(bytes.substr(0, end)) || end == bytes.size()) break;
    bytes.remove_prefix(end + 1);
    ++line;
  }
  return defect("config.not_utf8", {line, 1}, "this line is not UTF-8 text",
                "save the file as UTF-8");
}

// Reads from memory without one more copy of what may hold a secret.
class View final : public std::streambuf {
 public:
  explicit View(std::string_view bytes) {
    char* begin = const_cast<char*>(bytes.data());  // get area only; never written
    setg(begin, begin, begin + bytes.size());
  }
};

void read_events(std::string_view bytes, Document& document) {
  View view(bytes);
  std::istream stream(&view);
  YAML::Parser parser(stream);
  Builder builder(document, bytes);
  if (!parser.HandleNextDocument(builder)) {
    document.whole = false;
    document.findings.push_back(defect("config.empty", {}, "the file holds no configuration",
                                       "start from packaging/sallyport.example.yaml"));
    return;
  }
  parser.HandleNextDocument(builder);
}

}  // namespace

Node::Node(Node&& other) noexcept = default;
Node& Node::operator=(Node&& other) noexcept {
  if (this != &other) {
    wipe(text);
    kind = other.kind;
    place = other.place;
    text = std::move(other.text);
    wipe(other.text);
    quoted = other.quoted;
    items = std::move(other.items);
    members = std::move(other.members);
  }
  return *this;
}
Node::~Node() {
  wipe(text);
}

Document parse_document(std::string_view bytes) {
  Document document;
  if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);  // the mark of some editors
  auto bad = find_bad_bytes(bytes);
  if (!bad) bad = find_bad_text(bytes);
  if (bad) {
    document.whole = false;
    document.findings.push_back(std::move(*bad));
    return document;
  }
  try {
    read_events(bytes, document);
  } catch (Refusal& refusal) {
    document.whole = false;
    document.findings.push_back(std::move(refusal.finding));
  } catch (const YAML::ParserException& error) {
    document.whole = false;
    document.findings.push_back(explain(error));
  } catch (const std::bad_alloc&) {
    throw;  // says nothing about the file
  } catch (const std::exception&) {
    document.whole = false;
    document.findings.push_back(defect("config.yaml", {}, "this is not valid YAML",
                                       "check the quotes, brackets and indentation"));
  }
  return document;
}

}  // namespace sallyport::config
