// HTTP/1.1 messages from bytes: pure, no socket. The reading is our own and stricter than RFC 9112
// asks (docs/adr/0004-reading-heads.md), because a gateway that reads a message otherwise than its
// neighbour does is a way around it:
//   - every line ends in CRLF, no bare CR or LF, no NUL, no folded line (RFC 9112 2.2, 5.2)
//   - one Host, one Content-Length of digits, Transfer-Encoding only `chunked` and never beside a
//     Content-Length, no chunk extensions or trailers in requests (RFC 9112 3.2, 6.1, 6.3, 7.1)
//   - the target is a path (origin form), HTTP/1.1 or 1.0, bounded size and number of fields
//
//   RequestParser parser;
//   auto used = parser.feed(bytes);        // as often as bytes arrive, unused ones first
//   if (parser.head_done()) ... parser.head(); parser.body(); ... parser.done()
//
// The head's views point into the bytes of the feed() that completed the head: keep these in place
// while the head is in use. body() views are valid until the next feed().
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "http/body_decoder.h"
#include "http/field.h"
#include "http/head_fault.h"
#include "http/head_reader.h"

namespace sallyport::http {

struct RequestHead {
  std::string_view method;
  std::string_view target;  ///< path and query as they came
  std::string_view path;    ///< before the `?`
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = false;
  bool http10 = false;
  bool expect_continue = false;
  [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

struct ResponseHead {
  std::string_view text;  ///< from the reason to the empty line, as it came
  int status = 0;
  std::string_view reason;
  std::vector<Field> fields;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = false;  ///< the connection can carry another exchange
};

class RequestParser {
 public:
  /// Ready for the next message; the lists keep their memory.
  void reset();
  /// Takes what it can and returns how much that was. Bytes that were not taken are given again,
  /// with more behind them. A head is taken whole or not at all.
  [[nodiscard]] std::expected<std::size_t, HeadFault> feed(std::string_view bytes);
  [[nodiscard]] bool head_done() const { return head_done_; }
  [[nodiscard]] bool done() const { return head_done_ && decoder_.done(); }
  [[nodiscard]] const RequestHead& head() const { return head_; }
  /// The parts of the body that the last feed() took.
  [[nodiscard]] std::span<const std::string_view> body() const { return body_; }
  /// Gives the memory of head().fields back, when the connection will be busy for long.
  void forget_fields() { head_.fields = std::vector<Field>(); }  // `= {}` would keep its memory

 private:
  [[nodiscard]] std::optional<HeadFault> read_head(std::string_view& text);
  [[nodiscard]] std::expected<std::size_t, HeadFault> take_head(std::string_view bytes);

  RequestHead head_;
  BodyDecoder decoder_;
  std::vector<std::string_view> body_;
  std::size_t searched_ = 0;  ///< where a head's end was looked for already
  bool head_done_ = false;
};

class ResponseParser {
 public:
  /// `to_head`: the request was HEAD, so there is no body whatever the head says.
  void reset(bool to_head = false);
  [[nodiscard]] std::expected<std::size_t, HeadFault> feed(std::string_view bytes);
  /// The peer closed: true if that ends the message properly (a body without a length).
  [[nodiscard]] bool finish();
  [[nodiscard]] bool head_done() const { return head_done_; }
  [[nodiscard]] bool done() const { return head_done_ && decoder_.done(); }
  [[nodiscard]] const ResponseHead& head() const { return head_; }
  void forget_fields() { head_.fields = std::vector<Field>(); }  // `= {}` would keep its memory
  [[nodiscard]] std::span<const std::string_view> body() const { return body_; }

 private:
  [[nodiscard]] std::optional<HeadFault> read_head(std::string_view& text);
  [[nodiscard]] std::expected<std::size_t, HeadFault> take_head(std::string_view bytes);

  ResponseHead head_;
  BodyDecoder decoder_;
  std::vector<std::string_view> body_;
  std::size_t searched_ = 0;
  bool head_done_ = false;
  bool to_head_ = false;
};

}  // namespace sallyport::http
