// Asks one route of the table, as the dispatcher would, without a door. Test code only.
#pragma once

#include <future>
#include <string>
#include <string_view>

#include "admin/api/api.h"
#include "admin/test_backends.h"

namespace sallyport::admin {

struct Asked {
  int status = 0;
  std::string body;  ///< of a problem too
  std::string etag;
  std::vector<std::pair<std::string, std::string>> changed = {};  ///< for the event line

  [[nodiscard]] bool says(std::string_view text) const {
    return body.find(text) != std::string::npos;
  }
  /// What stands behind `"name":"` for the first time.
  [[nodiscard]] std::string text(std::string_view name) const {
    auto start = std::string("\"").append(name).append("\":\"");
    auto at = body.find(start);
    if (at == std::string::npos) return {};
    at += start.size();
    return body.substr(at, body.find('"', at) - at);
  }
};

inline Asked as_asked(ApiResult result) {
  if (!result) return {result.error().status, problem_body(result.error()), {}};
  return {result->status, std::move(result->body), std::move(result->etag),
          std::move(result->changed)};
}

inline Asked ask(TestBackends& house, std::string_view method, std::string_view target,
                 std::string_view body = "{}", Roles roles = {Role::kAdministrator},
                 std::function<bool()> go_on = {}) {
  auto path = target.substr(0, target.find('?'));
  auto found = find_api_route(api_routes(), method, path);
  SALLYPORT_CHECK(found.route != nullptr);
  const auto& shape = found.route->shape;
  Caller caller;
  caller.who = "contoso/t/admin";
  caller.roles = roles;
  ApiRequest request{caller, std::move(found.places), Input(shape.query), Input(shape.body)};
  auto query = read_query(shape.query, target.substr(std::min(path.size() + 1, target.size())));
  if (!query) return as_asked(std::unexpected(query.error()));
  request.query = std::move(*query);
  auto read = read_body(shape.body, body);
  if (!read) return as_asked(std::unexpected(read.error()));
  request.body = std::move(*read);
  request.dry_run = takes_dry_run(*found.route) && request.query.flag("dry_run");
  request.go_on = std::move(go_on);
  std::promise<ApiResult> done;
  found.route->handler.answer(request, *house.backends,
                              [&done](ApiResult result) { done.set_value(std::move(result)); });
  return as_asked(done.get_future().get());
}

}  // namespace sallyport::admin
