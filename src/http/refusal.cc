#include "http/refusal.h"

#include <fmt/format.h>

#include "base/json_writer.h"

namespace sallyport::http {

std::string refusal_body(const Refusal& refusal, std::string_view request_id) {
  std::string body;
  JsonWriter json(body);
  json.begin().text("type", "error").object("error");
  json.text("type", refusal.type).text("message", refusal.message).end();
  json.text_if("request_id", request_id).end();
  return body;
}

std::string write_refusal(const Refusal& refusal, std::string_view request_id,
                          std::string_view date, bool keep_alive, bool to_head) {
  std::string body = refusal_body(refusal, request_id);
  std::string out = fmt::format(
      "HTTP/1.1 {} {}\r\ndate: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n"
      "cache-control: no-store\r\nx-content-type-options: nosniff\r\n",
      refusal.status, reason_phrase(refusal.status), date, body.size());
  if (!request_id.empty()) out.append("x-request-id: ").append(request_id).append("\r\n");
  if (!refusal.retry) out += "x-should-retry: false\r\n";
  if (refusal.retry_after > 0) out += fmt::format("retry-after: {}\r\n", refusal.retry_after);
  if (refusal.authenticate) {
    out += refusal.token_given ? "www-authenticate: Bearer error=\"invalid_token\"\r\n"
                               : "www-authenticate: Bearer\r\n";
  }
  if (!refusal.allow.empty()) out.append("allow: ").append(refusal.allow).append("\r\n");
  out += refusal.more_fields;
  out += keep_alive ? "\r\n" : "connection: close\r\n\r\n";
  if (!to_head) out += body;
  return out;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 529:
      return "Overloaded";
    default:
      return "Status";
  }
}

std::string http_date(std::chrono::sys_seconds time) {
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date{day};
  std::chrono::hh_mm_ss clock{time - day};
  return fmt::format(
      "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[std::chrono::weekday(day).c_encoding()],
      static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
      static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
      clock.seconds().count());
}

}  // namespace sallyport::http
