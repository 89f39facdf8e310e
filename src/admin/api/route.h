// One row of the administrator's API: how it is asked, who may, what it takes and gives, who
// answers. The dispatcher, the OpenAPI document, docs/api.md and the tests of roles walk the table.
//
//   constexpr ApiRoute kRoutes[] = {
//       {"GET", "/revocations", {Role::kHelpdesk, ...}, Effect::kReads, list, "...", {...}},
//   };
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/api/field.h"
#include "admin/api/input.h"
#include "admin/caller.h"
#include "admin/problem.h"
#include "admin/role.h"

namespace sallyport::admin {

struct Backends;

/// What a handler gets. Checked already: the caller's role, the names and types of query and body.
struct ApiRequest {
  Caller caller;
  std::vector<std::string> path;  ///< what stands in the places of the pattern, decoded
  Input query;
  Input body;
  bool dry_run = false;  ///< say what would happen; only where the route has it
  /// Of a write with If-Match: the version that it named, which was the one there a moment ago;
  /// empty: any.
  std::string version = {};
  /// Asked now and then by what takes long, on its own thread; false: nobody waits for the answer
  /// any more. Empty: go on. Only of a read: a write is carried out all the same.
  std::function<bool()> go_on = {};
};

struct ApiAnswer {
  int status = 200;
  std::string body;           ///< JSON with a line end
  std::string etag = {};      ///< without quotes; empty: none
  std::string location = {};  ///< of what was made
  /// Of a write: what changed, for the event line ("old" -> "...", "new" -> "...").
  std::vector<std::pair<std::string, std::string>> changed = {};
};
using ApiResult = std::expected<ApiAnswer, Problem>;

/// To be called once, from any thread.
using Reply = std::function<void(ApiResult)>;

/// Who answers, on the thread of a door's desk, one request at a time: either at once (it may wait
/// for the disk), or later through the reply.
class Handler {
 public:
  using Now = ApiResult (*)(const ApiRequest& request, Backends& backends);
  using Later = void (*)(const ApiRequest& request, Backends& backends, const Reply& reply);

  constexpr Handler(Now now) : now_(now) {}          // NOLINT: a function is a handler
  constexpr Handler(Later later) : later_(later) {}  // NOLINT
  void answer(const ApiRequest& request, Backends& backends, const Reply& reply) const {
    if (now_ != nullptr) return reply(now_(request, backends));
    later_(request, backends, reply);
  }

 private:
  Now now_ = nullptr;
  Later later_ = nullptr;
};
/// The version of what a write changes, as its ETag; empty: there is none now.
using VersionOf = std::string (*)(const ApiRequest& request, Backends& backends);

enum class Effect : std::uint8_t {
  kReads,
  kWrites,  ///< an event line before it is acknowledged
};

struct ApiRoute {
  struct Shape {
    FieldList query = {};
    FieldList body = {};
    FieldList answer = {};
    VersionOf version = nullptr;  ///< `If-Match` is compared with it; null: none is taken
    int answer_status = 200;
  };

  /// Without roles it is not made: there is no such constructor, and an empty set is refused.
  consteval ApiRoute(std::string_view its_method, std::string_view its_pattern, Roles its_roles,
                     Effect its_effect, Handler its_handler, std::string_view its_summary,
                     Shape its_shape)
      : method(its_method),
        pattern(its_pattern),
        roles(its_roles),
        effect(its_effect),
        handler(its_handler),
        summary(its_summary),
        shape(its_shape) {
    if (its_roles.empty()) throw "a route of the API names its roles";
    if ((its_method == "GET") != (its_effect == Effect::kReads))
      throw "GET reads, nothing else does";
  }

  std::string_view method;
  std::string_view pattern;  ///< below /api/v1: `/requests/{id}`
  Roles roles;
  Effect effect;
  Handler handler;
  std::string_view summary;
  Shape shape;
};

}  // namespace sallyport::admin
