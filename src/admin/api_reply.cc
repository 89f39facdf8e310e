#include "admin/api_reply.h"

#include "base/json_reader.h"

namespace sallyport::admin {

Verdict verdict_of(long status) {
  switch (status) {
    case 200:
      return Verdict::kDone;
    case 400:
    case 415:
    case 422:
      return Verdict::kWrongInput;
    case 403:
    case 404:
    case 409:
    case 412:
      return Verdict::kNo;
    default:
      return Verdict::kFailed;
  }
}

std::optional<ProblemWords> read_problem(std::string_view body) {
  ProblemWords words;
  JsonReader json(body);
  JsonText key;
  JsonText value;
  if (!json.begin_object()) return std::nullopt;
  while (json.next_member(key)) {
    auto* to = key.is("code")        ? &words.code
               : key.is("detail")    ? &words.detail
               : key.is("next_step") ? &words.next_step
                                     : nullptr;
    if (to == nullptr || json.peek() != JsonKind::kText) {
      json.skip();
    } else if (json.text(value)) {
      *to = value.decode();
    }
  }
  if (!json.finish() || words.code.empty() || words.detail.empty()) return std::nullopt;
  return words;
}

}  // namespace sallyport::admin
