#include "admin/problem.h"

#include <fmt/format.h>

#include "base/json_writer.h"
#include "http/answer_head.h"

namespace sallyport::admin {

std::string problem_body(const Problem& problem) {
  std::string body;
  JsonWriter json(body);
  json.begin().text("type", fmt::format("urn:sallyport:problem:{}", problem.error.code));
  json.text("title", http::reason_phrase(problem.status)).number("status", problem.status);
  json.text("detail", problem.error.message).text("code", problem.error.code);
  json.text_if("next_step", problem.error.next_step).text_if("pointer", problem.pointer);
  if (!problem.more.empty()) body.append(",").append(problem.more);
  json.end();
  body += '\n';
  return body;
}

}  // namespace sallyport::admin
