#include "admin/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <tuple>

#include "admin/api/archive.h"
#include "admin/api/backends.h"
#include "admin/socket_door.h"
#include "base/check.h"
#include "base/comma_list.h"
#include "base/errand.h"
#include "base/log.h"
#include "http/bits.h"

namespace sallyport::admin {
namespace {

constexpr std::uint32_t kAnswered = http::kFirstOwn << 1;  // kFirstOwn: the server stops
constexpr std::size_t kMaxKey = 128;                       // bytes of an Idempotency-Key

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  auto segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// What stands in the places of the pattern, or nothing where the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  std::vector<std::string> places;
  while (pattern.starts_with('/') && path.starts_with('/')) {
    auto wanted = take_segment(pattern);
    auto segment = take_segment(path);
    if (!wanted.starts_with('{')) {
      if (wanted != segment) return std::nullopt;
      continue;
    }
    auto place = percent_decode(segment);
    if (!place || place->empty() || place->size() > kMaxText) return std::nullopt;
    places.push_back(std::move(*place));
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return places;
}

bool is_json(std::string_view type) {
  auto end = std::min(type.find(';'), type.size());
  return http::name_is(trim(type.substr(0, end)), "application/json");
}

Problem failed_problem() {
  return {500, {"api.failed", "the answer could not be made", "the gateway's log says why"}};
}

// Strong comparison (RFC 9110 8.8.3.2) with a list of tags or `*`.
bool lists_tag(std::string_view list, std::string_view tag) {
  if (trim(list) == "*") return !tag.empty();
  const auto quoted = fmt::format("\"{}\"", tag);
  bool found = false;
  while (!list.empty()) found = take_element(list) == quoted || found;
  return found && !tag.empty();
}

}  // namespace

bool takes_dry_run(const ApiRoute& route) {
  return std::ranges::any_of(route.shape.query,
                             [](const Field& field) { return field.name == "dry_run"; });
}

struct Api::Turn {
  Turn(const ApiRoute& its_route, ApiRequest its_request)
      : route(&its_route), request(std::move(its_request)) {}

  Desk::Place place;  ///< first, so that it goes last: until then the desk and its door are there
  const ApiRoute* route;
  ApiRequest request;
  std::optional<http::BudgetShare> share;  ///< of the body, as text or read, until the reply
  std::string target;                      ///< what was asked, for the record
  std::string query;
  std::string body;
  std::string if_match;
  std::string key;         ///< Idempotency-Key
  bool key_begun = false;  ///< this is the first request with the key
  bool has_body = false;
  std::function<void()> done;
  std::atomic<bool> finished = false;
  /// Nobody waits for the answer any more.
  std::shared_ptr<std::atomic<bool>> abandoned = std::make_shared<std::atomic<bool>>(false);
  std::optional<ApiResult> result;
};

FoundApiRoute find_api_route(std::span<const ApiRoute> table, std::string_view method,
                             std::string_view path) {
  FoundApiRoute found;
  for (const auto& route : table) {
    auto places = match(route.pattern, path);
    if (!places) continue;
    if (route.method == method || (method == "HEAD" && route.method == "GET")) {
      found.route = &route;
      found.places = std::move(*places);
      return found;
    }
    if (!found.allow.empty()) found.allow += ", ";
    found.allow += route.method;
    if (route.method == "GET") found.allow += ", HEAD";
  }
  return found;
}

std::optional<Problem> refuse_role(const ApiRoute& route, const Caller& caller) {
  if (route.roles.is_any_caller() || caller.roles.shares(route.roles)) return std::nullopt;
  auto needed = text(route.roles.least());
  return Problem{403,
                 {"api.role",
                  fmt::format("{} {} needs the role {}; {} has {}", route.method, route.pattern,
                              needed, caller.who, caller.roles.text()),
                  fmt::format("ask for the role {} (admin.roles, admin.socket_roles), or ask "
                              "somebody who has it",
                              needed)}};
}

Task<void> send_problem(Call& call, const Problem& problem) {
  http::AnswerHead head(problem.status);
  head.add("content-type", "application/problem+json").add("cache-control", "no-store");
  head.add("x-content-type-options", "nosniff");
  if (problem.retry_after > 0) head.add("retry-after", fmt::format("{}", problem.retry_after));
  head.add_lines(problem.more_fields);
  const std::string text = problem_body(problem);
  const std::string_view body = text;
  std::ignore = co_await call.client.send(head, {&body, 1});
}

Api::Api(std::span<const ApiRoute> table, Backends& backends, Desk::Bounds bounds, Clock& clock)
    : table_(table), backends_(backends), once_(clock), desk_(bounds) {}

std::expected<Api::TurnPtr, Problem> Api::prepare(const http::RequestHead& head,
                                                  const Caller& caller,
                                                  std::string_view path) const {
  auto found = find_api_route(table_, head.method, path);
  if (found.route == nullptr && found.allow.empty()) {
    return refuse(404, {"api.no_route", "there is nothing at this path",
                        "`sallyport api openapi` prints what there is"});
  }
  if (found.route == nullptr) {
    Problem problem{
        405,
        {"api.method", "this path does not take this method", fmt::format("use {}", found.allow)}};
    problem.more_fields = fmt::format("allow: {}\r\n", found.allow);
    return std::unexpected(std::move(problem));
  }
  if (auto problem = refuse_role(*found.route, caller)) return std::unexpected(*problem);
  auto query = head.target.substr(std::min(head.path.size() + 1, head.target.size()));
  const auto& shape = found.route->shape;
  auto turn = std::make_shared<Turn>(
      *found.route,
      ApiRequest{caller, std::move(found.places), Input(shape.query), Input(shape.body)});
  turn->target = fmt::format("{} {}", head.method, head.path);
  turn->query = query;
  turn->if_match = http::find_field(head.fields, "if-match");
  turn->key = http::find_field(head.fields, "idempotency-key");
  turn->has_body = head.has_body();
  if (turn->has_body && !is_json(http::find_field(head.fields, "content-type"))) {
    return refuse(415, {"api.content_type", "the body is not said to be JSON",
                        "send content-type: application/json"});
  }
  return turn;
}

Task<std::optional<Problem>> Api::read_body_of(Call& call, Turn& turn) {
  using Read = http::ServerStream::BodyRead;
  turn.share.emplace(call.bodies);
  Read read = co_await call.client.read_body(kMaxQuestion, *turn.share);
  // One that came with the head took nothing: it is copied, and counts from here.
  if (read == Read::kDone && !turn.share->hold(call.client.body().size())) read = Read::kNoRoom;
  switch (read) {
    case Read::kDone:
      turn.body = call.client.body();
      if (turn.has_body) call.client.release_request(false);
      co_return std::nullopt;
    case Read::kTooLarge:
      co_return Problem{
          413,
          {"api.body_too_large", fmt::format("the body has more than {} bytes", kMaxQuestion),
           "ask in several steps"}};
    case Read::kNoRoom:
      co_return Problem{503, {"api.busy", "too much is being asked at once", "try again"}, {}, 1};
    case Read::kSlow:
      co_return Problem{408, {"api.slow_body", "the body did not arrive in time", "try again"}};
    case Read::kFault:
      co_return Problem{400, {"api.framing", "the body's framing is not valid HTTP", ""}};
    case Read::kClientGone:
      co_return Problem{400, {"api.framing", "the body broke off", ""}};
  }
  check_failed("a body was read somehow", __FILE__, __LINE__);
}

Task<void> Api::answer(Call& call, const Caller& caller, std::string_view path) {
  auto prepared = prepare(call.client.head(), caller, path);
  if (!prepared) {
    co_await send_problem(call, prepared.error());
    co_return;
  }
  TurnPtr turn = std::move(*prepared);
  auto problem = co_await read_body_of(call, *turn);
  if (problem) {
    co_await send_problem(call, *problem);
    co_return;
  }
  // When the peer leaves or the server stops, a write is carried out all the same; a read ends.
  Errand errand(call.loop, call.client.signal(), kAnswered);
  turn->done = errand.done();
  bool taken = desk_.take(
      caller.key(), [this, turn](Desk::Place place) { at_desk(turn, std::move(place)); },
      comes_first(caller) ? Desk::Order::kFirst : Desk::Order::kInOrder);
  if (!taken) {
    const Problem busy{
        503, {"api.busy", "too many questions wait already", "try again in a moment"}, {}, 1};
    co_await send_problem(call, busy);
    co_return;
  }
  std::ignore = co_await call.client.signal().wait(kAnswered | http::kFirstOwn | http::kPeerGone);
  if (!errand.is_done()) {
    *turn->abandoned = true;
    call.client.give_up();
    co_return;
  }
  ApiResult& result = *turn->result;
  if (!result) {
    co_await send_problem(call, result.error());
    co_return;
  }
  http::AnswerHead head(result->status);
  head.add("content-type", "application/json").add("cache-control", "no-store");
  head.add("x-content-type-options", "nosniff");
  if (!result->etag.empty()) head.add("etag", fmt::format("\"{}\"", result->etag));
  if (!result->location.empty()) head.add("location", result->location);
  const std::string_view body = result->body;
  std::ignore = co_await call.client.send(head, {&body, 1});
}

// On the desk's thread.
void Api::at_desk(const TurnPtr& turn, Desk::Place place) {
  turn->place = std::move(place);
  if (turn->route->effect == Effect::kReads) {
    if (*turn->abandoned) return reply(*turn, std::unexpected(ended_problem()));
    turn->request.go_on = [abandoned = turn->abandoned] { return !*abandoned; };
  }
  try {
    if (auto problem = check(*turn)) return finish(turn, std::unexpected(std::move(*problem)));
    if (auto known = begin_once(*turn)) return reply(*turn, std::move(*known));
    std::string().swap(turn->body);  // read by now; an assignment would keep its memory
    turn->route->handler.answer(turn->request, backends_, [this, turn](ApiResult result) {
      finish(turn, std::move(result));
    });
  } catch (const std::exception& error) {  // memory, say
    log::limited(log::Level::kError, "api.failed",
                 {{"target", turn->target}, {"reason", error.what()}});
    finish(turn, std::unexpected(failed_problem()));
  }
}

std::optional<Problem> Api::check(Turn& turn) {
  const auto& shape = turn.route->shape;
  auto query = read_query(shape.query, turn.query);
  if (!query) return query.error();
  turn.request.query = std::move(*query);
  if (turn.has_body || !shape.body.empty()) {
    auto body = read_body(shape.body, turn.has_body ? std::string_view(turn.body) : "{}");
    if (!body) return body.error();
    turn.request.body = std::move(*body);
  }
  turn.request.dry_run = takes_dry_run(*turn.route) && turn.request.query.flag("dry_run");
  if (turn.key.size() > kMaxKey) {
    return Problem{400,
                   {"api.idempotency_key", fmt::format("the key is longer than {} bytes", kMaxKey),
                    "use a UUID"}};
  }
  if (turn.if_match.empty()) return std::nullopt;
  if (shape.version == nullptr) {
    return Problem{400, {"api.if_match", "this route has no versions", "leave If-Match out"}};
  }
  auto version = shape.version(turn.request, backends_);
  if (lists_tag(turn.if_match, version)) {
    if (trim(turn.if_match) != "*") turn.request.version = std::move(version);
    return std::nullopt;
  }
  return Problem{412,
                 {"api.changed", "it was changed by somebody since you read it",
                  "read it again and decide anew"}};
}

std::optional<ApiResult> Api::begin_once(Turn& turn) {
  bool counts = turn.route->effect == Effect::kWrites && !turn.request.dry_run;
  if (!counts || turn.key.empty()) return std::nullopt;
  auto request = fmt::format("{}\n{}\n{}", turn.target, turn.query, turn.body);
  auto look = once_.begin(turn.request.caller.key(), turn.key, request);
  switch (look.seen) {
    case Once::Seen::kNew:
      turn.key_begun = true;
      return std::nullopt;
    case Once::Seen::kDone:
      return std::move(look.answer);
    case Once::Seen::kRunning:
      return refuse(409, {"api.in_progress", "a request with this Idempotency-Key still runs",
                          "wait for its answer"});
    case Once::Seen::kFull:
      return std::unexpected(Problem{
          503, {"api.busy", "no more Idempotency-Keys can be kept now", "try again"}, {}, 60});
    case Once::Seen::kOther:
      return refuse(422,
                    {"api.idempotency_key", "this Idempotency-Key was used for another request",
                     "use a new key for a new request"});
  }
  check_failed("a key was seen or not", __FILE__, __LINE__);
}

bool Api::record_write(const Turn& turn, const ApiAnswer& answer) const {
  const auto roles = turn.request.caller.roles.text();
  std::vector<audit::Detail> details{{"what", turn.target},
                                     {"by", turn.request.caller.who},
                                     {"roles", roles},
                                     {"because", turn.request.caller.because}};
  if (!turn.request.caller.client.empty())
    details.emplace_back("client", turn.request.caller.client);
  for (const auto& [name, value] : answer.changed) details.emplace_back(name, value);
  return backends_.record_event("admin", details);
}

// What is said of it, once it is in the record and its key is kept.
ApiResult Api::settle(const Turn& turn, ApiResult result) {
  const bool wrote = result && turn.route->effect == Effect::kWrites && !turn.request.dry_run;
  if (wrote && !record_write(turn, *result)) {
    result = refuse(503, {"api.not_recorded", "it was done, but the record could not be written",
                          "see `sallyport status`; the gateway admits nobody until it can"});
  }
  if (!turn.key_begun) return result;
  const auto& caller = turn.request.caller.key();
  if (wrote) {
    once_.done(caller, turn.key, result);
  } else {
    once_.failed(caller, turn.key);
  }
  return result;
}

// On any thread; once.
void Api::finish(const TurnPtr& turn, ApiResult result) {
  if (turn->finished.exchange(true)) return;
  try {
    result = settle(*turn, std::move(result));
  } catch (const std::exception& error) {  // memory, say: there is a reply all the same
    log::limited(log::Level::kError, "api.failed",
                 {{"target", turn->target}, {"reason", error.what()}});
    result = std::unexpected(failed_problem());
  }
  reply(*turn, std::move(result));
}

// The place goes last of all: with it the desk, its door and the loop may go.
void Api::reply(Turn& turn, ApiResult result) {
  Desk::Place place = std::move(turn.place);
  const std::function<void()> done = std::move(turn.done);
  turn.share.reset();
  turn.result = std::move(result);  // before the loop is told, and never again
  place.answered();
  done();
}

}  // namespace sallyport::admin
