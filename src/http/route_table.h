// What answers HTTP stands in a visible table: method, path, who may ask, who answers, one line of
// what it is. The public port and the administrator's doors each have one. `Call` is what a handler
// gets of the request and of its door; where a person is needed, it gets a `Person` instead, which
// nobody but the door's admission can make: a handler that forgets to ask for her does not compile.
//
//   constexpr Route<Exchange, Admitted> kRoutes[] = {
//       {"GET", "/healthz", kPublic, answer_live, "The process runs."},      // Task<void>(Exchange&)
//       {"GET", "/v1/models", kPerson, answer_models, "The models."},        // Task<void>(Admitted)
//   };
//   std::span<const Route<Exchange, Admitted>> table = kRoutes;
//   auto found = find_route(table, head.method, path);
//   if (found.route && found.route->guard != Guard::kPerson) co_await found.route->answer(call);
//   else if (found.route) co_await found.route->answer_person(admitted);
//   else if (found.path_is_known) refuse(405, found.allow);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/task.h"

namespace sallyport::http {

/// Who may ask.
enum class Guard : std::uint8_t {
  kPublic,  ///< everybody who reaches the door
  kPerson,  ///< a person with a valid token
};

/// A guard as a type: it picks the kind of handler. There is no default: a route says it.
template <Guard kGuard>
struct Guarded {};
inline constexpr Guarded<Guard::kPublic> kPublic;
inline constexpr Guarded<Guard::kPerson> kPerson;

/// Of a door that knows no persons: there is none.
struct Nobody {
  Nobody() = delete;
};

template <typename Call, typename Person = Nobody>
struct Route {
  using Answer = Task<void> (*)(Call& call);
  using AnswerPerson = Task<void> (*)(Person person);

  constexpr Route(std::string_view its_method, std::string_view its_path,
                  Guarded<Guard::kPublic> /*guard*/, Answer its_answer,
                  std::string_view its_summary)
      : Route(its_method, its_path, Guard::kPublic, its_summary, its_answer, nullptr) {}
  constexpr Route(std::string_view its_method, std::string_view its_path,
                  Guarded<Guard::kPerson> /*guard*/, AnswerPerson its_answer,
                  std::string_view its_summary)
      : Route(its_method, its_path, Guard::kPerson, its_summary, nullptr, its_answer) {}

  std::string_view method;  ///< GET answers HEAD as well, but where a person has to be known
  std::string_view path;    ///< without a public prefix
  Guard guard;
  std::string_view summary;
  Answer answer;               ///< null for kPerson
  AnswerPerson answer_person;  ///< null for all others

  [[nodiscard]] constexpr bool takes_head() const {
    return method == "GET" && guard != Guard::kPerson;
  }
  [[nodiscard]] constexpr bool takes(std::string_view other) const {
    return method == other || (other == "HEAD" && takes_head());
  }

 private:
  constexpr Route(std::string_view its_method, std::string_view its_path, Guard its_guard,
                  std::string_view its_summary, Answer its_answer, AnswerPerson its_answer_person)
      : method(its_method),
        path(its_path),
        guard(its_guard),
        summary(its_summary),
        answer(its_answer),
        answer_person(its_answer_person) {}
};

template <typename Row>
struct FoundRoute {
  const Row* route = nullptr;
  bool path_is_known = false;
  std::string allow;  ///< where the path is known, but not the method (RFC 9110 15.5.6)
};

template <typename Row>
[[nodiscard]] FoundRoute<Row> find_route(std::span<const Row> table, std::string_view method,
                                         std::string_view path) {
  FoundRoute<Row> found;
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
