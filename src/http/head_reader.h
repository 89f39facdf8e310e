// The lines of an HTTP/1.1 head (RFC 9112 3 to 5), read strictly: CRLF alone ends a line, a name is
// a token with its colon right behind it, a value holds neither NUL nor CR nor LF nor any other
// control character but tab, no line is folded. What the lines mean is message_parser's business.
#pragma once

#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "http/field.h"
#include "http/head_fault.h"

namespace sallyport::http {

inline constexpr std::size_t kMaxHead = 32 * 1024;
inline constexpr std::size_t kMaxFields = 128;

struct RequestLine {
  std::string_view method;
  std::string_view target;
  int version = 0;  ///< 10 or 11
};

struct StatusLine {
  int version = 0;  ///< 10 or 11
  int status = 0;   ///< 0 to 999
  std::string_view reason;
};

/// Each takes its line, CRLF and all, off the front of `head`.
[[nodiscard]] std::expected<RequestLine, HeadFault> take_request_line(std::string_view& head);
[[nodiscard]] std::expected<StatusLine, HeadFault> take_status_line(std::string_view& head);

/// Takes all lines up to the empty one, and that as well.
[[nodiscard]] std::optional<HeadFault> take_fields(std::string_view& head,
                                                   std::vector<Field>& fields);

/// Takes `name: value` off the front of `lines`, up to what no value may hold: its CRLF, where it
/// is well-formed.
[[nodiscard]] std::optional<Field> take_field(std::string_view& lines);

/// A token of RFC 9110 5.6.2; an empty one passes.
[[nodiscard]] bool is_token(std::string_view text);
/// No control character but tab: what a value may hold, an empty one too.
[[nodiscard]] bool is_field_text(std::string_view text);

}  // namespace sallyport::http
