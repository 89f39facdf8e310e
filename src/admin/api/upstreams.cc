// The model providers, and whether there is a credential for them.
#include "admin/api/backends.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

ApiResult list(const ApiRequest& /*request*/, Backends& backends) {
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().array("upstreams");
  for (const auto& upstream : backends.status().upstreams) {
    json.begin();
    put_upstream(json, upstream);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

constexpr Field kUpstream[] = {
    {"name", FieldType::kText, Need::kRequired, "In the configuration."},
    {"provider", FieldType::kText, Need::kRequired, "Its kind: foundry, anthropic, mantle."},
    {"host", FieldType::kText, Need::kRequired, "Where requests go."},
    {"credential", FieldType::kText, Need::kRequired,
     "Where the credential comes from; never what it is."},
    {"source", FieldType::kText, Need::kRequired, "The credential's kind."},
    {"ready", FieldType::kBoolean, Need::kRequired, "There is a credential now."},
    {"obtained", FieldType::kTime, Need::kOptional, "When it was obtained."},
    {"expires", FieldType::kTime, Need::kOptional, "When it ends; absent: never."},
    {"problem", FieldType::kText, Need::kOptional, "Why the last request for one failed."},
    {"refused", FieldType::kTime, Need::kOptional, "When the provider last refused it."},
    {"refused_status", FieldType::kNumber, Need::kOptional, "With which status."},
};
constexpr Field kUpstreams[] = {
    {"upstreams", FieldType::kObjects, Need::kRequired, "In the order of the configuration.",
     kUpstream},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/upstreams",
     kEveryRole,
     Effect::kReads,
     list,
     "The model providers, and whether there is a credential for them.",
     {.answer = kUpstreams}},
};

}  // namespace

std::span<const ApiRoute> upstream_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
