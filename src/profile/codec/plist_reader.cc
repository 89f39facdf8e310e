#include <fmt/format.h>

#include <charconv>

#include "base/encoding.h"
#include "profile/codec/plist.h"

namespace sallyport::profile {
namespace {

constexpr std::size_t kLargest = 16U << 20;
constexpr int kDeepest = 32;
constexpr std::size_t kMostNodes = 200000;

// A recursive-descent reader of exactly what Apple's DTD allows.
class XmlReader {
 public:
  explicit XmlReader(std::string_view text) : text_(text) {}

  Result<json::value> read() {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
    if (!skip_prologue()) return refuse();
    if (!open("plist")) return refuse("expected <plist>");
    json::value value;
    if (!read_value(value, 0)) return refuse();
    if (!close("plist")) return refuse("expected </plist>");
    skip_space();
    if (at_ != text_.size()) return refuse("there is text after </plist>");
    return value;
  }

 private:
  std::unexpected<Error> refuse(std::string_view what = {}) {
    std::string why = why_.empty() ? std::string(what) : why_;
    return fail("plist.invalid",
                fmt::format("{}: {}", place_text(text_, why_.empty() ? at_ : failed_at_), why),
                "open the file in a text editor at that place");
  }
  bool no(std::string why) {
    if (why_.empty()) {
      why_ = std::move(why);
      failed_at_ = at_;
    }
    return false;
  }
  bool next_is(std::string_view what) const { return text_.substr(at_).starts_with(what); }

  // White space and comments.
  bool skip_space() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (next_is("<!--")) {
        auto end = text_.find("-->", at_ + 4);
        if (end == std::string_view::npos) return no("the comment does not end");
        at_ = end + 3;
      } else {
        return true;
      }
    }
    return true;
  }

  bool skip_prologue() {
    if (!skip_space()) return false;
    if (next_is("<?xml")) {
      auto end = text_.find("?>", at_);
      if (end == std::string_view::npos) return no("the XML declaration does not end");
      at_ = end + 2;
    }
    if (!skip_space()) return false;
    if (next_is("<!DOCTYPE")) {
      auto end = text_.find_first_of(">[", at_);
      if (end == std::string_view::npos) return no("the DOCTYPE does not end");
      if (text_[end] == '[') return no("entity definitions are not accepted");
      at_ = end + 1;
    }
    return skip_space();
  }

  // <name ...>; attributes are read over (plist version="1.0").
  bool open(std::string_view name) {
    if (!skip_space()) return false;
    std::string tag;
    bool empty = false;
    std::size_t start = at_;
    if (read_tag(tag, empty) && tag == name && !empty) return true;
    at_ = start;
    return no(fmt::format("expected <{}>", name));
  }

  bool close(std::string_view name) {
    if (!skip_space()) return false;
    std::string end = fmt::format("</{}", name);
    if (!next_is(end)) return no(fmt::format("expected </{}>", name));
    at_ += end.size();
    if (!skip_space()) return false;
    if (!next_is(">")) return no("expected >");
    ++at_;
    return true;
  }

  bool read_tag(std::string& name, bool& empty) {
    if (!next_is("<") || next_is("</")) return no("expected an element");
    auto end = text_.find('>', at_);
    if (end == std::string_view::npos) return no("the element does not end");
    std::string_view inside = text_.substr(at_ + 1, end - at_ - 1);
    empty = inside.ends_with('/');
    if (empty) inside.remove_suffix(1);
    name = inside.substr(0, inside.find_first_of(" \t\r\n"));
    at_ = end + 1;
    return true;
  }

  bool read_value(json::value& value, int depth) {
    if (depth > kDeepest) return no("the values are nested too deeply");
    if (++nodes_ > kMostNodes) return no("there are too many values");
    if (!skip_space()) return false;
    std::size_t start = at_;
    std::string tag;
    bool empty = false;
    if (!read_tag(tag, empty)) return false;
    if (tag == "dict") return read_dict(value, empty, depth);
    if (tag == "array") return read_array(value, empty, depth);
    if (tag == "true" || tag == "false") {
      value = tag == "true";
      return empty || close(tag);
    }
    if (tag != "string" && tag != "integer" && tag != "real" && tag != "date" && tag != "data") {
      at_ = start;
      return no(fmt::format("<{}> is no element of a property list", tag));
    }
    std::string content;
    if (!empty && (!read_characters(content) || !close(tag))) return false;
    return convert(tag, content, start, value);
  }

  bool convert(std::string_view tag, std::string& content, std::size_t start, json::value& value) {
    if (tag == "integer" || tag == "real") {
      auto first = content.find_first_not_of(" \t\r\n");
      auto last = content.find_last_not_of(" \t\r\n");
      std::string_view digits = first == std::string::npos
                                    ? std::string_view()
                                    : std::string_view(content).substr(first, last - first + 1);
      if (digits.starts_with('+')) digits.remove_prefix(1);
      std::int64_t integer = 0;
      double real = 0;
      const char* end = digits.data() + digits.size();
      bool good = tag == "integer" ? std::from_chars(digits.data(), end, integer).ptr == end
                                   : std::from_chars(digits.data(), end, real).ptr == end;
      if (!good || digits.empty()) {
        at_ = start;
        return no(fmt::format("\"{}\" is no number", digits.substr(0, 40)));
      }
      value = tag == "integer" ? json::value(integer) : json::value(real);
      return true;
    }
    if (tag == "data") {
      std::erase_if(content,
                    [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
    }
    value = content;
    return true;
  }

  bool read_dict(json::value& value, bool empty, int depth) {
    json::object& object = value.emplace_object();
    if (empty) return true;
    while (true) {
      if (!skip_space()) return false;
      if (next_is("</")) return close("dict");
      if (!open("key")) return false;
      std::size_t start = at_;
      std::string name;
      if (!read_characters(name) || !close("key")) return false;
      if (object.contains(name)) {
        at_ = start;
        return no(fmt::format("the key \"{}\" stands twice", name));
      }
      json::value member;
      if (!read_value(member, depth + 1)) return false;
      object.emplace(name, std::move(member));
    }
  }

  bool read_array(json::value& value, bool empty, int depth) {
    json::array& array = value.emplace_array();
    if (empty) return true;
    while (true) {
      if (!skip_space()) return false;
      if (next_is("</")) return close("array");
      array.emplace_back(nullptr);
      if (!read_value(array.back(), depth + 1)) return false;
    }
  }

  bool read_characters(std::string& out) {
    while (at_ < text_.size()) {
      char c = text_[at_];
      if (next_is("<![CDATA[")) {
        auto end = text_.find("]]>", at_);
        if (end == std::string_view::npos) return no("the CDATA section does not end");
        out += text_.substr(at_ + 9, end - at_ - 9);
        at_ = end + 3;
      } else if (next_is("<!--")) {
        if (!skip_space()) return false;
      } else if (c == '<') {
        if (!is_utf8(out)) return no("the text is not valid UTF-8");
        return out.find('\0') == std::string::npos || no("the text holds a NUL");
      } else if (c == '&') {
        if (!read_entity(out)) return false;
      } else if (c == '\r') {  // XML 1.0, 2.11: line ends become line feeds
        out.push_back('\n');
        at_ += next_is("\r\n") ? 2 : 1;
      } else {
        out.push_back(c);
        ++at_;
      }
    }
    return no("the element does not end");
  }

  bool read_entity(std::string& out) {
    auto end = text_.substr(at_, 12).find(';');
    if (end == std::string_view::npos) return no("an & that starts no entity; write &amp;");
    std::string_view name = text_.substr(at_ + 1, end - 1);
    char c = name == "lt"     ? '<'
             : name == "gt"   ? '>'
             : name == "amp"  ? '&'
             : name == "quot" ? '"'
             : name == "apos" ? '\''
                              : '\0';
    if (c != '\0') {
      out.push_back(c);
    } else if (!append_number(name, out)) {
      return no(fmt::format("unknown entity &{};", name));
    }
    at_ += end + 1;
    return true;
  }

  static bool append_number(std::string_view name, std::string& out) {
    if (!name.starts_with('#')) return false;
    name.remove_prefix(1);
    int base = 10;
    if (name.starts_with('x')) {
      name.remove_prefix(1);
      base = 16;
    }
    std::uint32_t point = 0;
    auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), point, base);
    bool good = error == std::errc() && at == name.data() + name.size() && point != 0 &&
                point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    if (!good) return false;
    auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xc0 | (point >> 6));
      put(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      put(0xe0 | (point >> 12));
      put(0x80 | ((point >> 6) & 0x3f));
      put(0x80 | (point & 0x3f));
    } else {
      put(0xf0 | (point >> 18));
      put(0x80 | ((point >> 12) & 0x3f));
      put(0x80 | ((point >> 6) & 0x3f));
      put(0x80 | (point & 0x3f));
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0, failed_at_ = 0, nodes_ = 0;
  std::string why_;
};

}  // namespace

bool is_binary_plist(std::string_view bytes) {
  return bytes.starts_with("bplist00");
}

Result<json::value> parse_plist(std::string_view bytes) {
  if (bytes.size() > kLargest)
    return fail("plist.invalid", "the property list is larger than 16 MiB");
  if (is_binary_plist(bytes)) return parse_binary_plist(bytes);
  if (bytes.starts_with("\xff\xfe") || bytes.starts_with("\xfe\xff")) {
    return fail("plist.invalid", "the property list is UTF-16, which Apple's tools do not write",
                "save it as UTF-8");
  }
  return XmlReader(bytes).read();
}

}  // namespace sallyport::profile
