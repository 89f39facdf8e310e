// The head of an answer as those who answer know it: status and fields, nothing of framing or of
// the connection, which are the stream's. The one writer of heads towards clients is beside it.
//
//   AnswerHead head(200);
//   head.add("content-type", "application/json");
//   bool taken = co_await stream.send(head, body);
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sallyport::http {

class AnswerHead {
 public:
  /// `reason`: another phrase than the status's own; HTTP/1.1 alone has one.
  explicit AnswerHead(int status, std::string_view reason = {});

  /// A field of our own; what would end a line in it ends the process.
  AnswerHead& add(std::string_view name, std::string_view value);
  /// One that came out of a parser, which lets no line end through.
  AnswerHead& add_parsed(std::string_view name, std::string_view value);
  /// Fields that are lines already, each with its line end.
  AnswerHead& add_lines(std::string_view lines);

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view reason() const { return reason_; }
  /// `name: value CRLF`, as often as there are fields.
  [[nodiscard]] std::string_view lines() const { return lines_; }

 private:
  int status_;
  std::string reason_;  ///< empty: the status's own
  std::string lines_;
};

/// How the end of an HTTP/1.1 body is told (RFC 9112 6).
struct AnswerFraming {
  std::optional<std::size_t> length;  ///< Content-Length
  bool chunked = false;
  bool close = false;  ///< the connection carries no other exchange
};

/// Appends the head as HTTP/1.1 writes it (RFC 9112 4), with the empty line.
void write_head(std::string& out, const AnswerHead& head, const AnswerFraming& framing);

/// The standard phrase of a status ("Bad Request"); "Status" for one that is not in the table.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace sallyport::http
