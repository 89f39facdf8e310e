// The administrator's API behind one door: finds the route, holds it to the caller's roles, reads
// what it takes, has it answered at the door's desk, and writes the event line of a write before it
// is acknowledged. The same table behind every door; each door has an Api of its own, so that one
// that is flooded takes no place of the other.
//
//   Api api(backends, {.waiting = 64}, clock);
//   co_await api.answer(call, caller);
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "admin/api/once.h"
#include "admin/api/route.h"
#include "admin/call.h"
#include "admin/desk.h"

namespace sallyport::admin {

inline constexpr std::string_view kApiPrefix = "/api/v1";

/// The table, in the order of docs/api.md.
[[nodiscard]] std::span<const ApiRoute> api_routes();

/// A route and what stands in its pattern's places.
struct FoundApiRoute {
  const ApiRoute* route = nullptr;
  std::vector<std::string> places;
  std::string allow;  ///< where the path is known, but not the method
};
/// `path`: below kApiPrefix. Pure.
[[nodiscard]] FoundApiRoute find_api_route(std::span<const ApiRoute> table, std::string_view method,
                                           std::string_view path);

/// It has the query field `dry_run`: says what would happen, and does nothing.
[[nodiscard]] bool takes_dry_run(const ApiRoute& route);

/// Why this caller may not; nothing: they may. Pure.
[[nodiscard]] std::optional<Problem> refuse_role(const ApiRoute& route, const Caller& caller);

class Api {
 public:
  Api(std::span<const ApiRoute> table, Backends& backends, Desk::Bounds bounds, Clock& clock);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// Ends after the last reply: whoever replies later must still come to it.
  ~Api() = default;

  /// `path`: below kApiPrefix.
  [[nodiscard]] Task<void> answer(Call& call, const Caller& caller, std::string_view path);

 private:
  /// A request on its way through the desk; shared with whoever replies.
  struct Turn;
  using TurnPtr = std::shared_ptr<Turn>;

  [[nodiscard]] std::expected<TurnPtr, Problem> prepare(const http::RequestHead& head,
                                                        const Caller& caller,
                                                        std::string_view path) const;
  [[nodiscard]] Task<std::optional<Problem>> read_body_of(Call& call, Turn& turn);
  void at_desk(const TurnPtr& turn, Desk::Place place);
  [[nodiscard]] std::optional<Problem> check(Turn& turn);
  [[nodiscard]] std::optional<ApiResult> begin_once(Turn& turn);
  void finish(const TurnPtr& turn, ApiResult result);
  [[nodiscard]] ApiResult settle(const Turn& turn, ApiResult result);
  static void reply(Turn& turn, ApiResult result);
  [[nodiscard]] bool record_write(const Turn& turn, const ApiAnswer& answer) const;

  std::span<const ApiRoute> table_;
  Backends& backends_;
  Once once_;
  Desk desk_;  // last: it ends before what its work uses
};

/// Writes a problem as an answer.
[[nodiscard]] Task<void> send_problem(Call& call, const Problem& problem);

}  // namespace sallyport::admin
