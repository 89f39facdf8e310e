#include "http/answer_head.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "http/field.h"

namespace sallyport::http {
namespace {

struct Phrase {
  int status;
  std::string_view words;
};

// RFC 9110 15, RFC 6585, and the one that Anthropic answers with.
constexpr Phrase kPhrases[] = {
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {421, "Misdirected Request"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {529, "Overloaded"},
};

// Most heads fit, so that fields are appended without moving what is there.
constexpr std::size_t kUsualHead = 1024;

// What would end a line, and so begin a field or a body that nobody meant. A tab may stand in a
// value (RFC 9110 5.5).
bool breaks_line(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, end));
}

}  // namespace

std::string_view reason_phrase(int status) {
  for (const auto& phrase : kPhrases) {
    if (phrase.status == status) return phrase.words;
  }
  return "Status";
}

AnswerHead::AnswerHead(int status, std::string_view reason) : status_(status), reason_(reason) {
  lines_.reserve(kUsualHead);
}

AnswerHead& AnswerHead::add(std::string_view name, std::string_view value) {
  SALLYPORT_CHECK(!breaks_line(name) && !breaks_line(value));
  return add_parsed(name, value);
}

AnswerHead& AnswerHead::add_parsed(std::string_view name, std::string_view value) {
  append_field(lines_, name, value);
  return *this;
}

AnswerHead& AnswerHead::add_lines(std::string_view lines) {
  lines_.append(lines);
  return *this;
}

void write_head(std::string& out, const AnswerHead& head, const AnswerFraming& framing) {
  out.reserve(out.size() + head.lines().size() + 128);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(head.status()));
  out += ' ';
  out += head.reason().empty() ? reason_phrase(head.status()) : head.reason();
  out += "\r\n";
  out += head.lines();
  if (framing.length) {
    out += "content-length: ";
    append_number(out, *framing.length);
    out += "\r\n";
  }
  if (framing.chunked) out += "transfer-encoding: chunked\r\n";
  if (framing.close) out += "connection: close\r\n";
  out += "\r\n";
}

}  // namespace sallyport::http
