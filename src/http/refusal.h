// A refusal on the wire: status, Anthropic's error envelope, and the headers that tell the client
// whether to try again. Which refusal belongs to which cause is the business of the folder that
// refuses (gateway/refusals for the data plane). Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/answer_head.h"

namespace sallyport::http {

struct Refusal {
  int status = 500;
  std::string_view type;      ///< error.type: authentication_error, ...
  std::string_view code;      ///< ours, stable: for the record and the log, never sent as a field
  std::string message;        ///< one or two whole sentences for the person
  bool retry = false;         ///< false: `x-should-retry: false`
  int retry_after = 0;        ///< seconds; 0: no such header
  bool authenticate = false;  ///< 401: WWW-Authenticate: Bearer
  bool token_given = true;    ///< with it: error="invalid_token" (RFC 6750 3)
  std::string allow;          ///< 405: the methods
  std::string more_fields;    ///< whole header lines, each with its line end
};

/// `{"type":"error","error":{...},"request_id":...}`
[[nodiscard]] std::string refusal_body(const Refusal& refusal, std::string_view request_id);

/// A refusal as a whole answer.
struct WrittenRefusal {
  AnswerHead head;
  std::string body;
};
/// `date` is an RFC 9110 5.6.7 date.
[[nodiscard]] WrittenRefusal write_refusal(const Refusal& refusal, std::string_view request_id,
                                           std::string_view date);

/// Sun, 06 Nov 1994 08:49:37 GMT
[[nodiscard]] std::string http_date(std::chrono::sys_seconds time);

}  // namespace sallyport::http
