// What answers HTTP stands in a visible table: method, path, who may ask, who answers, one line of
// what it is. The public port and the administrator's doors each have one. `Call` is what a handler
// gets of the request and of its door.
//
//   constexpr Route<Exchange> kRoutes[] = {
//       {"GET", "/healthz", Guard::kPublic, answer_live, "The process runs."},
//   };
//   auto found = find_route<Exchange>(kRoutes, head.method, path);
//   if (found.route) co_await found.route->answer(call);
//   else if (found.path_is_known) refuse(405, found.allow);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/task.h"

namespace sallyport::http {

/// Who may ask. There is no default: a route says it.
enum class Guard : std::uint8_t {
  kPublic,  ///< everybody who reaches the door
  kPerson,  ///< a person with a valid token; the handler's first step is to find her
  kLocal,   ///< an administrator by the machine's own word: the local socket
};

template <typename Call>
struct Route {
  /// Without a guard it is not made: there is no such constructor.
  constexpr Route(std::string_view its_method, std::string_view its_path, Guard its_guard,
                  Task<void> (*its_answer)(Call&), std::string_view its_summary)
      : method(its_method),
        path(its_path),
        guard(its_guard),
        answer(its_answer),
        summary(its_summary) {}

  std::string_view method;  ///< GET answers HEAD as well, but where a person has to be known
  std::string_view path;    ///< without a public prefix
  Guard guard;
  Task<void> (*answer)(Call& call);
  std::string_view summary;

  [[nodiscard]] constexpr bool takes_head() const {
    return method == "GET" && guard != Guard::kPerson;
  }
  [[nodiscard]] constexpr bool takes(std::string_view other) const {
    return method == other || (other == "HEAD" && takes_head());
  }
};

template <typename Call>
struct FoundRoute {
  const Route<Call>* route = nullptr;
  bool path_is_known = false;
  std::string allow;  ///< where the path is known, but not the method (RFC 9110 15.5.6)
};

template <typename Call>
[[nodiscard]] FoundRoute<Call> find_route(std::span<const Route<Call>> table,
                                          std::string_view method, std::string_view path) {
  FoundRoute<Call> found;
  for (const auto& route : table) {
    if (route.path != path) continue;
    found.path_is_known = true;
    if (route.takes(method)) {
      found.route = &route;
      return found;
    }
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += route.method;
    if (route.takes_head()) found.allow += ", HEAD";
  }
  return found;
}

}  // namespace sallyport::http
