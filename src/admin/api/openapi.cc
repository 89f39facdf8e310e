#include "admin/api/openapi.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/api/api.h"
#include "admin/api/indent_json.h"
#include "admin/api/schemas.h"
#include "base/json_writer.h"

namespace sallyport::admin {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

constexpr std::string_view kIntroduction =
    "The administrator's side of a Sallyport gateway. The same routes stand behind the local "
    "socket (`curl --unix-socket PATH http://localhost/api/v1/me`), where the kernel says who "
    "asks and no credential is shown, and behind admin.listen, where it takes an access token of "
    "admin.audience or the cookie of a sign-in. `x-roles` names the roles that may ask an "
    "operation, from the one that may least; where it is empty, any caller may who is known at "
    "the door. Times are RFC 3339 in UTC. An answer may have more members in a later version.";

/// A refusal that more than one route can give, by its status.
struct Refused {
  int status;
  std::string_view name;
  std::string_view description;
  std::string_view header = {};
};

constexpr Refused kRefused[] = {
    {400, "BadRequest",
     "The query, the body or a header is not as the route takes it; `pointer` says where."},
    {401, "Unauthorized", "At the port: nobody is known by this request.", "www-authenticate"},
    {403, "Forbidden",
     "The caller's roles do not suffice: `detail` names the least role that does. At the port "
     "also: the caller's access was taken back."},
    {404, "NotFound", "There is nothing by what stands in the path."},
    {409, "Conflict",
     "The state of things does not allow it, or a request with this Idempotency-Key still runs."},
    {412, "PreconditionFailed", "It was changed since it was read; If-Match says otherwise."},
    {413, "ContentTooLarge", "The body is too large."},
    {415, "UnsupportedMediaType", "The body is not said to be JSON."},
    {422, "UnprocessableContent", "The Idempotency-Key was used for another request."},
    {429, "TooManyRequests", "At the port: the caller's or the address's share is used up.",
     "retry-after"},
    {503, "ServiceUnavailable",
     "Too much is being asked at once, or the record or the store cannot be written.",
     "retry-after"},
};

bool has_places(const ApiRoute& route) {
  return route.pattern.find('{') != std::string_view::npos;
}

bool can_refuse(const ApiRoute& route, int status) {
  switch (status) {
    case 404:
      return has_places(route);
    case 409:
    case 422:
      return route.effect == Effect::kWrites;
    case 412:
      return route.shape.version != nullptr;
    case 413:
    case 415:
      return !route.shape.body.empty();
    default:  // of every route
      return true;
  }
}

// What is read here is what a write of the same thing compares If-Match with.
bool shows_version(std::span<const ApiRoute> routes, const ApiRoute& route) {
  return route.effect == Effect::kReads && std::ranges::any_of(routes, [&](const ApiRoute& other) {
           return other.shape.version != nullptr && other.pattern.starts_with(route.pattern) &&
                  (other.pattern.size() == route.pattern.size() ||
                   other.pattern[route.pattern.size()] == '/') &&
                  std::ranges::count(other.pattern, '{') == std::ranges::count(route.pattern, '{');
         });
}

std::string_view tag_of(const ApiRoute& route) {
  auto rest = route.pattern.substr(1);
  return rest.substr(0, rest.find_first_of("/."));
}

std::string description_of(const ApiRoute& route) {
  std::string text(route.summary);
  if (route.roles.is_any_caller()) {
    text += " For any caller who is known at the door, with or without a role.";
  } else {
    fmt::format_to(std::back_inserter(text), " For the roles {}.", route.roles.text());
  }
  if (route.effect == Effect::kWrites) text += " An event line of the record before the answer.";
  return text;
}

void put_reference(JsonWriter& json, std::string_view kind, std::string_view name) {
  json.text("$ref", fmt::format("#/components/{}/{}", kind, name));
}

void put_parameters(JsonWriter& json, const ApiRoute& route, const ApiSchemas& schemas) {
  json.array("parameters");
  for (auto rest = route.pattern; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    auto end = rest.find('}');
    json.begin().text("name", rest.substr(0, end)).text("in", "path").boolean("required", true);
    json.object("schema").text("type", "string").number("minLength", 1);
    json.number("maxLength", kMaxText).end().end();
  }
  for (const auto& field : route.shape.query) {
    json.begin().text("name", field.name).text("in", "query");
    json.boolean("required", field.need == Need::kRequired).text("description", field.summary);
    json.object("schema");
    schemas.put_value(json, field, Side::kRequest);
    json.end().end();
  }
  auto header = [&](std::string_view name) {
    json.begin();
    put_reference(json, "parameters", name);
    json.end();
  };
  if (route.effect == Effect::kWrites) header("IdempotencyKey");
  if (route.shape.version != nullptr) header("IfMatch");
  json.end_array();
}

void put_body(JsonWriter& json, const ApiRoute& route, const ApiSchemas& schemas) {
  if (route.shape.body.empty()) return;
  bool needed = std::ranges::any_of(
      route.shape.body, [](const Field& field) { return field.need == Need::kRequired; });
  json.object("requestBody").boolean("required", needed).object("content");
  json.object("application/json").object("schema");
  schemas.put_reference(json, route.shape.body, Side::kRequest);
  json.end().end().end().end();
}

void put_header(JsonWriter& json, std::string_view name, std::string_view description) {
  json.object(name).text("description", description).object("schema");
  json.text("type", "string").end().end();
}

std::string_view word_of(int status) {
  if (status == 201) return "It was made.";
  return status == 202 ? "It is under way." : "The answer.";
}

void put_answers(JsonWriter& json, std::span<const ApiRoute> routes, const ApiRoute& route,
                 const ApiSchemas& schemas) {
  json.object("responses");
  json.object(fmt::format("{}", route.shape.answer_status));
  json.text("description", word_of(route.shape.answer_status));
  if (shows_version(routes, route)) {
    json.object("headers");
    put_header(json, "etag", "Its version, where it can be changed: for If-Match.");
    json.end();
  }
  json.object("content").object("application/json").object("schema");
  schemas.put_reference(json, route.shape.answer, Side::kAnswer);
  json.end();
  auto example = api_example(operation_id(route));
  if (!example.empty()) json.raw("example", example);
  json.end().end().end();
  for (const auto& refused : kRefused) {
    if (!can_refuse(route, refused.status)) continue;
    json.object(fmt::format("{}", refused.status));
    put_reference(json, "responses", refused.name);
    json.end();
  }
  json.object("default");
  put_reference(json, "responses", "Problem");
  json.end().end();
}

void put_operation(JsonWriter& json, std::span<const ApiRoute> routes, const ApiRoute& route,
                   const ApiSchemas& schemas) {
  std::string method(route.method);
  for (char& c : method) c = static_cast<char>(c - 'A' + 'a');
  json.object(method).text("operationId", operation_id(route)).text("summary", route.summary);
  json.text("description", description_of(route)).array("tags").item(tag_of(route)).end_array();
  json.array("x-roles");
  for (Role role : kRoles) {
    if (!route.roles.is_any_caller() && route.roles.has(role)) json.item(text(role));
  }
  json.end_array();
  put_parameters(json, route, schemas);
  put_body(json, route, schemas);
  put_answers(json, routes, route, schemas);
  json.end();
}

// The routes of a path stand together, wherever they are in the table.
void put_paths(JsonWriter& json, std::span<const ApiRoute> routes, const ApiSchemas& schemas) {
  json.object("paths");
  std::vector<std::string_view> written;
  for (const auto& first : routes) {
    if (std::ranges::find(written, first.pattern) != written.end()) continue;
    written.push_back(first.pattern);
    json.object(first.pattern);
    for (const auto& route : routes) {
      if (route.pattern == first.pattern) put_operation(json, routes, route, schemas);
    }
    json.end();
  }
  json.end();
}

void put_problem(JsonWriter& json) {
  struct Member {
    std::string_view name;
    std::string_view description;
  };
  constexpr Member kTexts[] = {
      {"type", "`urn:sallyport:problem:` and the code."},
      {"title", "The status in words."},
      {"detail", "What is wrong, in a sentence."},
      {"code", "A stable code: act on this one."},
      {"next_step", "What to do about it."},
      {"pointer", "Where: a JSON pointer (RFC 6901) into the body, or `?name` of a query field."},
  };
  json.object("Problem").text("type", "object");
  json.text("description", "What the API says when the answer is no (RFC 9457).");
  json.object("properties").object("status").text("description", "The status of the answer.");
  json.text("type", "integer").number("minimum", 400).number("maximum", 599).end();
  for (const auto& [name, description] : kTexts) {
    json.object(name).text("description", description).text("type", "string").end();
  }
  json.end().array("required");
  for (std::string_view name : {"type", "title", "status", "detail", "code"}) json.item(name);
  json.end_array().boolean("additionalProperties", true).end();
}

void put_problem_content(JsonWriter& json, bool with_example) {
  json.object("content").object(kProblemType).object("schema");
  put_reference(json, "schemas", "Problem");
  json.end();
  auto example = api_example("problem");
  if (with_example && !example.empty()) json.raw("example", example);
  json.end().end();
}

void put_refusals(JsonWriter& json) {
  json.object("responses");
  for (const auto& [status, name, description, header] : kRefused) {
    json.object(name).text("description", description);
    if (!header.empty()) {
      json.object("headers");
      put_header(json, header, "As RFC 9110 says.");
      json.end();
    }
    put_problem_content(json, status == 403);
    json.end();
  }
  json.object("Problem").text("description", "Any other answer that is no.");
  put_problem_content(json, false);
  json.end().end();
}

void put_header_parameters(JsonWriter& json) {
  json.object("parameters").object("IdempotencyKey").text("name", "Idempotency-Key");
  json.text("in", "header")
      .text("description",
            "A UUID of your own: a write that is sent again with it within a "
            "day is answered as the first time, and not done again.");
  json.object("schema").text("type", "string").number("maxLength", 128).end().end();
  json.object("IfMatch").text("name", "If-Match").text("in", "header");
  json.text("description", "The `etag` of what you read: it is changed only while it is that.");
  json.object("schema").text("type", "string").end().end().end();
}

void put_security(JsonWriter& json) {
  json.object("securitySchemes").object("bearer").text("type", "http").text("scheme", "bearer");
  json.text("bearerFormat", "JWT")
      .text("description",
            "An OAuth 2.0 access token of your identity provider, made "
            "for admin.audience and one of admin.clients. What the "
            "data plane takes is refused here. The local socket needs "
            "none.");
  json.end().object("session").text("type", "apiKey").text("in", "cookie");
  json.text("name", "__Host-sallyport");
  json.text("description", "A browser's session, after a sign-in at the port.").end().end();
}

void put_document(JsonWriter& json, std::span<const ApiRoute> routes, std::string_view version) {
  const ApiSchemas schemas(routes);
  json.begin().text("openapi", "3.1.0").object("info");
  json.text("title", "The administrator's API of Sallyport").text("version", version);
  json.text("description", kIntroduction).object("license").text("name", "Apache License 2.0");
  json.text("identifier", "Apache-2.0").end().end();
  json.array("servers").begin().text("url", kApiPrefix);
  json.text("description", "At admin.listen and at the local socket.").end().end_array();
  json.array("security").begin().array("bearer").end_array().end();
  json.begin().array("session").end_array().end().end_array();
  put_paths(json, routes, schemas);
  json.object("components").object("schemas");
  put_problem(json);
  schemas.put_all(json);
  json.end();
  put_refusals(json);
  put_header_parameters(json);
  put_security(json);
  json.end().end();
}

}  // namespace

std::string openapi_json(std::span<const ApiRoute> routes, std::string_view version) {
  std::string text;
  JsonWriter json(text);
  put_document(json, routes, version);
  return indent_json(text);
}

}  // namespace sallyport::admin
