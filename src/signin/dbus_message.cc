#include "signin/dbus_message.h"

#include "base/check.h"

namespace sallyport::signin {
namespace {

// Header fields, by number.
enum Field : std::uint8_t {
  kPath = 1,
  kInterface = 2,
  kMember = 3,
  kErrorName = 4,
  kReplySerial = 5,
  kDestination = 6,
  kSignature = 8
};

constexpr std::size_t aligned(std::size_t at, std::size_t size) {
  return (at + size - 1) / size * size;
}

bool is_big_endian(std::string_view message) {
  return message.front() == 'B';
}

}  // namespace

// ---- writing ------------------------------------------------------------------------------------

void DbusWriter::align(std::size_t size) {
  out_.resize(begin_ + aligned(out_.size() - begin_, size), '\0');
}

void DbusWriter::number(std::uint32_t value) {
  align(4);
  for (unsigned shift = 0; shift < 32; shift += 8) byte(static_cast<std::uint8_t>(value >> shift));
}

void DbusWriter::text(std::string_view value) {
  number(static_cast<std::uint32_t>(value.size()));
  out_ += value;
  byte(0);
}

void DbusWriter::signature(std::string_view value) {
  SALLYPORT_CHECK(value.size() < 256);
  byte(static_cast<std::uint8_t>(value.size()));
  out_ += value;
  byte(0);
}

void DbusWriter::bytes(std::string_view value) {
  number(static_cast<std::uint32_t>(value.size()));
  out_ += value;
}

std::size_t DbusWriter::begin_array(std::size_t alignment) {
  number(0);
  std::size_t length_at = out_.size() - 4;
  align(alignment);
  array_begin_ = out_.size();
  return length_at;
}

void DbusWriter::end_array(std::size_t begun) {
  auto length = static_cast<std::uint32_t>(out_.size() - array_begin_);
  for (unsigned i = 0; i < 4; ++i) out_[begun + i] = static_cast<char>(length >> (8 * i));
}

std::string write_call(const DbusCall& call, std::uint32_t serial) {
  std::string message;
  DbusWriter out(message);
  for (std::uint8_t one : {'l', '\1', '\0', '\1'}) out.byte(one);  // a call; an answer is wanted
  out.number(static_cast<std::uint32_t>(call.body.size()));
  out.number(serial);
  auto fields = out.begin_array(8);
  auto field = [&](Field name, std::string_view type, std::string_view value) {
    if (value.empty()) return;
    out.align(8);
    out.byte(name);
    out.signature(type);
    type == "g" ? out.signature(value) : out.text(value);
  };
  field(kPath, "o", call.path);
  field(kInterface, "s", call.interface);
  field(kMember, "s", call.member);
  field(kDestination, "s", call.destination);
  field(kSignature, "g", call.signature);
  out.end_array(fields);
  out.align(8);
  message += call.body;
  return message;
}

// ---- reading ------------------------------------------------------------------------------------

std::string_view DbusReader::take(std::size_t size) {
  if (!good_ || size > body_.size() - at_) {
    good_ = false;
    return {};
  }
  auto taken = body_.substr(at_, size);
  at_ += size;
  return taken;
}

void DbusReader::align(std::size_t size) {
  take(aligned(at_, size) - at_);
}

std::uint8_t DbusReader::byte() {
  auto taken = take(1);
  return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
}

std::uint32_t DbusReader::number() {
  align(4);
  std::uint32_t value = 0;
  auto taken = take(4);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    auto one = static_cast<std::uint8_t>(taken[big_endian_ ? i : 3 - i]);
    value = value << 8 | one;
  }
  return value;
}

std::string_view DbusReader::text() {
  auto value = take(number());
  if (byte() != 0) good_ = false;
  return good_ ? value : std::string_view();
}

std::string_view DbusReader::signature() {
  auto value = take(byte());
  if (byte() != 0) good_ = false;
  return good_ ? value : std::string_view();
}

std::string_view DbusReader::bytes() {
  return take(number());
}

std::size_t DbusReader::array(std::size_t alignment) {
  std::size_t length = number();
  align(alignment);
  if (length > body_.size() - at_) good_ = false;
  return good_ ? length : 0;
}

void DbusReader::skip(std::string_view type) {
  if (type == "s" || type == "o") {
    text();
  } else if (type == "g") {
    signature();
  } else if (type == "y") {
    byte();
  } else if (type == "u" || type == "i" || type == "b" || type == "h") {
    number();
  } else {
    good_ = false;
  }
}

std::optional<std::size_t> dbus_size(std::string_view head) {
  if (head.size() < kDbusHead || (head[0] != 'l' && head[0] != 'B') || head[3] != 1) return {};
  DbusReader reader(head.substr(4), is_big_endian(head));
  std::size_t body = reader.number();
  reader.number();
  std::size_t fields = reader.number();
  if (body > kMaxDbusMessage || fields > kMaxDbusMessage) return {};
  std::size_t size = kDbusHead + aligned(fields, 8) + body;
  return size > kMaxDbusMessage ? std::nullopt : std::optional(size);
}

std::optional<DbusMessage> parse_message(std::string_view text) {
  auto size = dbus_size(text);
  if (!size || *size != text.size()) return {};
  DbusMessage message;
  message.big_endian = is_big_endian(text);
  message.type = static_cast<DbusMessage::Type>(text[1]);
  DbusReader reader(text, message.big_endian);
  for (int i = 0; i < 4; ++i) reader.byte();
  std::size_t body = reader.number();
  reader.number();  // its serial
  std::size_t fields = reader.array(8);
  std::size_t end = reader.at() + fields;
  while (reader.good() && reader.at() < end) {
    reader.align(8);
    auto name = reader.byte();
    auto type = reader.signature();
    if (name == kReplySerial && type == "u") {
      message.reply_to = reader.number();
    } else if (name == kErrorName && type == "s") {
      message.error = reader.text();
    } else if (name == kSignature && type == "g") {
      message.signature = reader.signature();
    } else {
      reader.skip(type);
    }
  }
  if (!reader.good() || reader.at() != end) return {};
  message.body = text.substr(text.size() - body);
  return message;
}

}  // namespace sallyport::signin
