// Messages of D-Bus, as many of them as reading one secret takes (desktop_secret.h): calls with
// texts, object paths and byte strings are written; replies of any kind are read, bytes in, views
// out. Little-endian alone is written, both are read. Pure.
//
// D-Bus Specification 0.41, "Marshaling (Wire Format)" and "Message Format".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::signin {

/// The content of a message, value after value.
class DbusWriter {
 public:
  explicit DbusWriter(std::string& out) : out_(out), begin_(out.size()) {}

  void align(std::size_t size);  ///< from where this writer began
  void byte(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void number(std::uint32_t value);
  void text(std::string_view value);       ///< also an object path, and a byte string with a NUL
  void signature(std::string_view value);  ///< at most 255 characters
  void bytes(std::string_view value);
  /// The length of an array stands before it: begin, write the elements, end.
  std::size_t begin_array(std::size_t alignment);
  void end_array(std::size_t begun);

 private:
  std::string& out_;
  std::size_t begin_;
  std::size_t array_begin_ = 0;
};

struct DbusCall {
  std::string_view destination, path, interface, member;
  std::string_view signature;  ///< of the body
  std::string_view body;
};
/// A whole message. `serial` is not 0.
[[nodiscard]] std::string write_call(const DbusCall& call, std::uint32_t serial);

/// Reads values in order; after the first that does not fit, nothing more and good() is false.
class DbusReader {
 public:
  DbusReader(std::string_view body, bool big_endian) : body_(body), big_endian_(big_endian) {}

  std::uint32_t number();
  std::uint8_t byte();
  std::string_view text();       ///< or an object path
  std::string_view signature();  ///< of a variant
  std::string_view bytes();      ///< an array of bytes
  void align(std::size_t size);
  /// Of the array that begins here: its length in bytes, with the reader at its first element.
  std::size_t array(std::size_t alignment);
  /// Passes over one value of this type: all but arrays in arrays and variants.
  void skip(std::string_view type);

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool good() const { return good_; }

 private:
  std::string_view take(std::size_t size);

  std::string_view body_;
  std::size_t at_ = 0;
  bool big_endian_;
  bool good_ = true;
};

constexpr std::size_t kDbusHead = 16;             ///< what dbus_size() needs
constexpr std::size_t kMaxDbusMessage = 1 << 20;  ///< far more than a sign-in takes

/// How long the message is that begins so; nothing if it is none, or too long.
[[nodiscard]] std::optional<std::size_t> dbus_size(std::string_view head);

struct DbusMessage {
  enum class Type : std::uint8_t { kCall = 1, kReply = 2, kError = 3, kSignal = 4 };
  Type type = Type::kSignal;
  std::uint32_t reply_to = 0;  ///< serial of the call; 0: none
  std::string_view error;      ///< its name
  std::string_view signature;
  std::string_view body;
  bool big_endian = false;

  [[nodiscard]] DbusReader reader() const { return {body, big_endian}; }
};
/// Views into `message`, which is whole. Nothing if it is malformed.
[[nodiscard]] std::optional<DbusMessage> parse_message(std::string_view message);

}  // namespace sallyport::signin
