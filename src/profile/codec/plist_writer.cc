#include <fmt/format.h>

#include "profile/codec/plist.h"
#include "profile/value.h"

namespace sallyport::profile {

bool xml_can_carry(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') return false;
    // U+FFFE and U+FFFF are EF BF BE and EF BF BF
    if (byte == 0xef && i + 2 < text.size() && text[i + 1] == '\xbf' &&
        static_cast<unsigned char>(text[i + 2]) >= 0xbe) {
      return false;
    }
  }
  return true;
}

std::string xml_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#13;";  // a bare one would be read as a line feed
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string xml_attribute(std::string_view text) {
  std::string out;
  for (char c : xml_text(text)) {
    switch (c) {
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

PlistWriter::PlistWriter()
    : out_(
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
          "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
          "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
          "<plist version=\"1.0\">\n"),
      depth_(1) {
  begin_dict();
}

void PlistWriter::line(std::string_view content) {
  out_.append(depth_, '\t');
  out_ += content;
  out_.push_back('\n');
}

void PlistWriter::key(std::string_view name) {
  line(fmt::format("<key>{}</key>", xml_text(name)));
}

void PlistWriter::begin_dict() {
  line("<dict>");
  ++depth_;
}

void PlistWriter::begin_dict(std::string_view name) {
  key(name);
  begin_dict();
}

void PlistWriter::end_dict() {
  --depth_;
  line("</dict>");
}

void PlistWriter::begin_array(std::string_view name) {
  key(name);
  line("<array>");
  ++depth_;
}

void PlistWriter::end_array() {
  --depth_;
  line("</array>");
}

void PlistWriter::text(std::string_view name, std::string_view value) {
  key(name);
  item(value);
}

void PlistWriter::integer(std::string_view name, std::int64_t value) {
  key(name);
  line(fmt::format("<integer>{}</integer>", value));
}

void PlistWriter::real(std::string_view name, double value) {
  key(name);
  line(fmt::format("<real>{}</real>", compact_json(value)));
}

void PlistWriter::boolean(std::string_view name, bool value) {
  key(name);
  line(value ? "<true/>" : "<false/>");
}

void PlistWriter::setting(std::string_view name, const json::value& value) {
  if (value.is_bool()) return boolean(name, value.get_bool());
  if (value.is_int64()) return integer(name, value.get_int64());
  text(name, portable_text(value));
}

void PlistWriter::item(std::string_view value) {
  line(fmt::format("<string>{}</string>", xml_text(value)));
}

std::string PlistWriter::finish() && {
  end_dict();
  out_ += "</plist>\n";
  return std::move(out_);
}

}  // namespace sallyport::profile
