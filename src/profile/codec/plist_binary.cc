// Binary property lists, "bplist00" (Apple's CFBinaryPList.c describes the layout): objects, a
// table of their offsets, a trailer of 32 bytes. Objects refer to each other by number, so a small
// file can describe a huge tree: depth, values and bytes are bounded.
#include <fmt/format.h>

#include <bit>
#include <optional>

#include "base/encoding.h"
#include "profile/codec/plist.h"
#include "profile/codec/registry_text.h"

namespace sallyport::profile {
namespace {

constexpr int kDeepest = 32;
constexpr std::size_t kMostNodes = 200000;
constexpr std::size_t kMostText = 32U << 20;
constexpr std::size_t kTrailer = 32;

class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) : bytes_(bytes) {}

  Result<json::value> read() {
    json::value value;
    if (!read_trailer() || !read_object(top_, value, 0)) {
      return fail("plist.invalid",
                  fmt::format("byte {} of the binary property list: {}", at_, why_),
                  "convert it with `plutil -convert xml1` and look at the result");
    }
    return value;
  }

 private:
  bool no(std::size_t at, std::string_view why) {
    if (why_.empty()) {
      at_ = at;
      why_ = why;
    }
    return false;
  }

  // A number of `size` bytes, most significant first.
  [[nodiscard]] std::optional<std::uint64_t> number(std::size_t at, std::size_t size) const {
    if (size == 0 || size > 8 || at > bytes_.size() || bytes_.size() - at < size)
      return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value = (value << 8) | static_cast<unsigned char>(bytes_[at + i]);
    }
    return value;
  }

  bool read_trailer() {
    if (bytes_.size() < 8 + kTrailer) return no(0, "it is too short");
    std::size_t at = bytes_.size() - kTrailer;
    offset_size_ = static_cast<unsigned char>(bytes_[at + 6]);
    reference_size_ = static_cast<unsigned char>(bytes_[at + 7]);
    count_ = *number(at + 8, 8);
    top_ = *number(at + 16, 8);
    table_ = *number(at + 24, 8);
    bool good = offset_size_ >= 1 && offset_size_ <= 8 && reference_size_ >= 1 &&
                reference_size_ <= 8 && count_ > 0 && count_ <= at && table_ <= at &&
                (at - table_) / offset_size_ >= count_;
    return good || no(at, "the trailer does not fit the file");
  }

  // The length after a marker: its low four bits, or an integer object behind it.
  bool read_length(std::size_t& at, std::uint64_t& length) {
    unsigned nibble = static_cast<unsigned char>(bytes_[at]) & 0x0fU;
    ++at;
    if (nibble != 0x0f) {
      length = nibble;
      return true;
    }
    auto marker = number(at, 1);
    if (!marker || (*marker & 0xf0U) != 0x10 || (*marker & 0x0fU) > 3)
      return no(at, "a length is missing");
    std::size_t size = std::size_t{1} << (*marker & 0x0fU);
    auto value = number(at + 1, size);
    if (!value || *value > bytes_.size()) return no(at, "a length is larger than the file");
    length = *value;
    at += 1 + size;
    return true;
  }

  bool read_object(std::uint64_t index, json::value& value, int depth) {
    if (depth > kDeepest) return no(0, "the values are nested too deeply");
    if (++nodes_ > kMostNodes) return no(0, "there are too many values");
    if (index >= count_) return no(0, "a reference names no object");
    auto offset = number(table_ + index * offset_size_, offset_size_);
    if (!offset || *offset < 8 || *offset >= table_)
      return no(0, "an object lies outside the file");
    std::size_t at = *offset;
    unsigned marker = static_cast<unsigned char>(bytes_[at]);
    switch (marker >> 4) {
      case 0x0:
        if (marker != 0x08 && marker != 0x09) return no(at, "an unknown kind of value");
        value = marker == 0x09;
        return true;
      case 0x1:
        return read_integer(at, marker & 0x0fU, value);
      case 0x2:
        return read_real(at, marker & 0x0fU, value);
      case 0x3:
        value = "(date)";  // no configuration key is one
        return true;
      case 0x4:
      case 0x5:
      case 0x6:
        return read_text(at, marker >> 4, value);
      case 0xa:
        return read_array(at, value, depth);
      case 0xd:
        return read_dict(at, value, depth);
      default:
        return no(at, "an unknown kind of value");
    }
  }

  bool read_integer(std::size_t at, unsigned power, json::value& value) {
    std::size_t size = std::size_t{1} << power;
    // sixteen bytes hold what does not fit eight; the low half is what CoreFoundation reads
    auto read = size == 16 ? number(at + 9, 8) : number(at + 1, size);
    if (!read || power > 4) return no(at, "an integer does not fit");
    value = static_cast<std::int64_t>(*read);
    return true;
  }

  bool read_real(std::size_t at, unsigned power, json::value& value) {
    auto read = number(at + 1, std::size_t{1} << power);
    if (!read || (power != 2 && power != 3)) return no(at, "a number does not fit");
    double real = power == 2
                      ? static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(*read)))
                      : std::bit_cast<double>(*read);
    if (!(real - real == 0)) return no(at, "a number is not finite");
    value = real;
    return true;
  }

  bool take_text(std::size_t at, std::uint64_t length, std::string_view& text) {
    if (at > bytes_.size() || bytes_.size() - at < length)
      return no(at, "a text is longer than the file");
    text_ += length;
    if (text_ > kMostText) return no(at, "the texts are too large together");
    text = bytes_.substr(at, length);
    return true;
  }

  bool read_text(std::size_t at, unsigned kind, json::value& value) {
    std::size_t start = at;
    std::uint64_t length = 0;
    std::string_view raw;
    if (!read_length(at, length) || !take_text(at, kind == 0x6 ? length * 2 : length, raw))
      return false;
    if (kind == 0x4) {
      value = to_base64(raw);
      return true;
    }
    std::string text(raw);
    if (kind == 0x6) {
      for (std::size_t i = 0; i + 1 < text.size(); i += 2) std::swap(text[i], text[i + 1]);
      auto decoded = from_utf16le(text);
      if (!decoded) return no(start, "a text is no UTF-16");
      text = std::move(*decoded);
    }
    if (!is_utf8(text)) return no(start, "a text is not valid");
    if (text.find('\0') != std::string::npos) return no(start, "a text holds a NUL");
    value = text;
    return true;
  }

  bool read_references(std::size_t at, std::uint64_t length, std::size_t per_item) {
    std::size_t bytes = reference_size_ * per_item;
    return (at <= bytes_.size() && length <= (bytes_.size() - at) / bytes) ||
           no(at, "a collection is longer than the file");
  }

  bool read_array(std::size_t at, json::value& value, int depth) {
    std::uint64_t length = 0;
    if (!read_length(at, length) || !read_references(at, length, 1)) return false;
    json::array& array = value.emplace_array();
    for (std::uint64_t i = 0; i < length; ++i) {
      array.emplace_back(nullptr);
      if (!read_object(*number(at + i * reference_size_, reference_size_), array.back(), depth + 1))
        return false;
    }
    return true;
  }

  bool read_dict(std::size_t at, json::value& value, int depth) {
    std::size_t start = at;
    std::uint64_t length = 0;
    if (!read_length(at, length) || !read_references(at, length, 2)) return false;
    json::object& object = value.emplace_object();
    std::size_t values = at + length * reference_size_;
    for (std::uint64_t i = 0; i < length; ++i) {
      json::value key, member;
      if (!read_object(*number(at + i * reference_size_, reference_size_), key, depth + 1))
        return false;
      if (!key.is_string()) return no(start, "a key is no text");
      if (!read_object(*number(values + i * reference_size_, reference_size_), member, depth + 1))
        return false;
      if (!object.emplace(key.get_string(), std::move(member)).second)
        return no(start, "a key stands twice");
    }
    return true;
  }

  std::string_view bytes_;
  std::size_t offset_size_ = 0, reference_size_ = 0;
  std::uint64_t count_ = 0, top_ = 0, table_ = 0;
  std::size_t nodes_ = 0, text_ = 0, at_ = 0;
  std::string_view why_;
};

}  // namespace

Result<json::value> parse_binary_plist(std::string_view bytes) {
  return BinaryReader(bytes).read();
}

}  // namespace sallyport::profile
