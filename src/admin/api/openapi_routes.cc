// The API about itself.
#include "admin/api/api.h"
#include "admin/api/openapi.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

ApiResult show_document(const ApiRequest& /*request*/, Backends& /*backends*/) {
  ApiAnswer answer;
  answer.body = openapi_json(api_routes(), SALLYPORT_VERSION);
  return answer;
}

constexpr Field kDocument[] = {
    {"openapi", FieldType::kText, Need::kRequired, "Of which version of OpenAPI it is."},
    {"info", FieldType::kObject, Need::kRequired, "Title, version and introduction."},
    {"servers", FieldType::kObjects, Need::kRequired, "Where the paths begin."},
    {"security", FieldType::kObjects, Need::kRequired, "How a caller is known."},
    {"paths", FieldType::kObject, Need::kRequired, "The operations, by path and method."},
    {"components", FieldType::kObject, Need::kRequired, "What they have in common."},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/openapi.json",
     Roles::any_caller(),
     Effect::kReads,
     show_document,
     "This API as an OpenAPI 3.1 document.",
     {.answer = kDocument}},
};

}  // namespace

std::span<const ApiRoute> openapi_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
