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

WrittenRefusal write_refusal(const Refusal& refusal, std::string_view request_id,
                             std::string_view date) {
  WrittenRefusal out{AnswerHead(refusal.status), refusal_body(refusal, request_id)};
  out.head.add("date", date).add("content-type", "application/json");
  out.head.add("cache-control", "no-store").add("x-content-type-options", "nosniff");
  if (!request_id.empty()) out.head.add("x-request-id", request_id);
  if (!refusal.retry) out.head.add("x-should-retry", "false");
  if (refusal.retry_after > 0) out.head.add("retry-after", std::to_string(refusal.retry_after));
  if (refusal.authenticate) {
    out.head.add("www-authenticate",
                 refusal.token_given ? "Bearer error=\"invalid_token\"" : "Bearer");
  }
  if (!refusal.allow.empty()) out.head.add("allow", refusal.allow);
  out.head.add_lines(refusal.more_fields);
  return out;
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
