// The identity providers, and whether their keys are there.
#include "admin/api/backends.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

ApiResult list(const ApiRequest& /*request*/, Backends& backends) {
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().array("issuers");
  for (const auto& issuer : backends.status().issuers) {
    json.begin();
    put_issuer(json, issuer);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

constexpr Field kIssuer[] = {
    {"name", FieldType::kText, Need::kRequired, "In the configuration."},
    {"issuer", FieldType::kText, Need::kRequired, "Its URL."},
    {"ready", FieldType::kBoolean, Need::kRequired, "Its tokens can be verified."},
    {"keys", FieldType::kNumber, Need::kRequired, "In its key set."},
    {"refreshed", FieldType::kTime, Need::kOptional, "When the key set was fetched."},
    {"problem", FieldType::kText, Need::kOptional, "Why the last fetch failed."},
};
constexpr Field kIssuers[] = {
    {"issuers", FieldType::kObjects, Need::kRequired, "In the order of the configuration.",
     kIssuer},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/issuers",
     kEveryRole,
     Effect::kReads,
     list,
     "The identity providers, and whether their tokens can be verified.",
     {.answer = kIssuers}},
};

}  // namespace

std::span<const ApiRoute> issuer_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
