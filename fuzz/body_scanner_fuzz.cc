// links: gateway
// The scanner's judgement of a body against that of a library that builds a tree: the same bytes
// are JSON to both, and both find the same model.
#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/encoding.h"
#include "base/json_reader.h"
#include "gateway/body_scanner.h"
#include "gateway/splice.h"

namespace {

using namespace sallyport;

/// What the library refuses though RFC 8259 allows it: numbers that it cannot hold, lone
/// surrogates.
bool is_taste(simdjson::error_code error) {
  return error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR;
}

void check_accepted(std::string_view body, const policy::BodyFacts& facts) {
  SALLYPORT_CHECK(!facts.models.empty() && facts.models.size() <= gateway::kMaxModels);
  SALLYPORT_CHECK(is_utf8(facts.model) && is_utf8(facts.user_id));
  SALLYPORT_CHECK(facts.tool_names.size() <= facts.tools);
  std::size_t top_level = 0;
  std::vector<gateway::Splice> splices;
  for (const policy::ModelUse& use : facts.models) {
    top_level += use.top_level ? 1 : 0;
    const std::string_view token = body.substr(use.offset, use.length);
    JsonReader json(token);
    JsonText text;
    SALLYPORT_CHECK(json.text(text) && json.finish() && text.decode() == use.name);
    splices.push_back({use.offset, use.length, "\"other\""});
  }
  SALLYPORT_CHECK(top_level == 1);
  // A body whose models are replaced is one that names the others in the same places.
  std::string other;
  for (const std::string_view piece : gateway::splice(body, splices).views) other += piece;
  const auto again = gateway::scan_body(other);
  SALLYPORT_CHECK(again && again->models.size() == facts.models.size());
  for (const policy::ModelUse& use : again->models) SALLYPORT_CHECK(use.name == "other");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  const auto facts = gateway::scan_body(body);
  simdjson::dom::parser parser;
  simdjson::dom::element tree;
  const auto error = parser.parse(body).get(tree);
  if (facts) {
    SALLYPORT_CHECK(error == simdjson::SUCCESS || is_taste(error));
    check_accepted(body, *facts);
    if (error != simdjson::SUCCESS) return 0;
    std::string_view model;
    SALLYPORT_CHECK(tree["model"].get(model) == simdjson::SUCCESS && model == facts->model);
    bool stream = false;
    if (tree["stream"].get(stream) != simdjson::SUCCESS) stream = false;
    SALLYPORT_CHECK(stream == facts->stream);
    return 0;
  }
  SALLYPORT_CHECK(facts.error().offset <= size);
  using gateway::BodyReason;
  const BodyReason reason = facts.error().reason;
  if (reason == BodyReason::kInvalidJson || reason == BodyReason::kNotUtf8) {
    SALLYPORT_CHECK(error != simdjson::SUCCESS);
  }
  SALLYPORT_CHECK((reason == BodyReason::kNotUtf8) == !is_utf8(body));
  return 0;
}
