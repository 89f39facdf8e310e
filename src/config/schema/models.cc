// `models`: what people may ask for, and where it is deployed.
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

auto& model(Draft& draft) {
  return draft.configuration.models.back();
}

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "models", .shape = Shape::kBlocks, .presence = Presence::kRequired, .min = 1,
     .max = 1000,
     .summary = "The models that people may ask for; `/v1/models` lists them in this order.",
     .reload = kApplied,
     .store = [](Draft& d, Value&) {
       d.configuration.models.emplace_back();
       d.models.emplace_back();
     }},
    {.path = "models[].id", .type = Type::kModelName, .presence = Presence::kRequired,
     .summary = "What clients ask for.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { model(d).id = v.text; }},
    {.path = "models[].display_name", .type = Type::kText, .fallback_note = "the id",
     .summary = "What `/v1/models` calls it.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { model(d).display_name = v.text; }},
    {.path = "models[].deployments", .shape = Shape::kWordPairs, .type = Type::kModelName,
     .presence = Presence::kRequired, .min = 1, .max = 64,
     .summary = "The upstream's name and the deployment's name there. Exactly one in this version.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       ++d.models.back().deployments;
       model(d).upstream = v.name;
       model(d).deployment = v.text;
     }},
};
// clang-format on

}  // namespace

std::span<const Row> models_rows() {
  return kRows;
}

}  // namespace sallyport::config
