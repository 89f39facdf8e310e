#include <vector>

#include "admin/api/api.h"
#include "admin/api/tables.h"

namespace sallyport::admin {
namespace {

// In the order of docs/api.md.
constexpr std::span<const ApiRoute> (*kParts[])() = {
    me_routes,       openapi_routes, status_routes,        revocation_routes,
    people_routes,   request_routes, configuration_routes, issuer_routes,
    upstream_routes, record_routes,  job_routes,
};

std::vector<ApiRoute> join() {
  std::vector<ApiRoute> all;
  for (auto part : kParts) {
    auto routes = part();
    all.insert(all.end(), routes.begin(), routes.end());
  }
  return all;
}

}  // namespace

std::span<const ApiRoute> api_routes() {
  static const std::vector<ApiRoute> all = join();
  return all;
}

}  // namespace sallyport::admin
