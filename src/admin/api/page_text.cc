#include "admin/api/page_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "admin/api/api.h"
#include "admin/api/openapi.h"
#include "admin/api/schemas.h"
#include "base/check.h"

namespace sallyport::admin {
namespace {

constexpr std::ptrdiff_t kMostLines = 40;  // of an example

// clang-format off: a page, to the letter.
constexpr std::string_view kIntroduction = R"page(# The administrator's API

<!-- written by `sallyport docs api`; scripts/docs renews it -->

The same routes stand behind the gateway's local socket and behind `admin.listen`; all paths below are behind `/api/v1`. `sallyport api openapi` prints them as an OpenAPI 3.1 document, `GET /api/v1/openapi.json` answers with it. [administrators.md](administrators.md) says how to set the port and the roles up.

## Asking

At the socket the kernel says who asks: root and the gateway's own user are administrators, members of the groups in `admin.socket_roles` have their role.

```sh
curl --unix-socket /run/sallyport/admin.sock http://localhost/api/v1/me
```

At the port a program shows an access token that your identity provider made for `admin.audience`; a token of the data plane is refused there.

```sh
curl -H "Authorization: Bearer $TOKEN" https://claude-admin.contoso.example/api/v1/me
curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \
    -H "Idempotency-Key: $(uuidgen)" -d '{"kind":"user","targets":["ada@contoso.example"]}' \
    https://claude-admin.contoso.example/api/v1/revocations
```

From a command: `sallyport sign-in --server URL`, then any command that takes `--server URL`.

## What holds for all of them

* **Roles.** A route names the roles that may ask it. A caller without one gets 403 with the code `api.role`, and `detail` names the role that would suffice. `GET /me` says which roles you have, and what gives them to you.
* **Answers** are JSON; names are `snake_case`, times RFC 3339 in UTC. An answer may have more members in a later version; a request with a member or a filter that the route does not have is refused.
* **Problems** are `application/problem+json` (RFC 9457) with `type`, `title`, `status`, `detail` (a sentence), `code` (stable: act on it), `next_step`, and `pointer` where a field is wrong: a JSON pointer into the body, or `?name` of the query.
* **Lists** come in pages: `limit` (100, at most 1000) and `cursor`, which is the `next_cursor` of the page before; without `next_cursor` it was the last one.
* **`dry_run=true`**, where a route has it, says what would happen and whom it would hit, and does nothing.
* **`Idempotency-Key`**: a write that is sent again with the same key within a day is answered as the first time and not done again. While the first one runs it is 409, for another request 422.
* **`If-Match`** with the `etag` that you read: the write is refused with 412 where somebody was there before you.
* **The record.** Each write is an `event` line (`admin`) of the audit record before it is acknowledged: what was asked, by whom, with which roles and why these, and what changed. Where the record cannot be written, the answer is 503 and says so.
* **Bounds.** A body has at most 1 MiB, a text 1,024 bytes, a list 1,000 entries. The port admits a share of requests for each address and caller (429 with `retry-after`); the socket has places of its own.
)page";
// clang-format on

void put(std::string& out, std::string_view text) {
  out += text;
}

// As GitHub makes it of a heading.
std::string anchor(std::string_view heading) {
  std::string out;
  for (char c : heading) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
    if (letter) out += c;
    if (c == ' ') out += '-';
  }
  return out;
}

std::string roles_of(const ApiRoute& route) {
  return route.roles == kEveryRole ? "every role" : route.roles.text();
}

std::string title_of(const ApiRoute& route) {
  return fmt::format("{} {}", route.method, route.pattern);
}

std::string link_to(FieldList fields, Side side, const ApiSchemas& schemas) {
  if (fields.empty()) return "object";
  const auto& name = schemas.name_of(fields, side);
  return fmt::format("[{}](#{})", name, anchor(name));
}

std::string choices_of(const Field& field) {
  std::string out = "one of ";
  auto rest = field.choices;
  while (!rest.empty()) {
    auto end = std::min(rest.find('|'), rest.size());
    fmt::format_to(std::back_inserter(out), "{}`{}`", out.ends_with('`') ? ", " : "",
                   rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

std::string type_of(const Field& field, Side side, const ApiSchemas& schemas) {
  switch (field.type) {
    case FieldType::kText:
      return field.choices.empty() ? "text" : choices_of(field);
    case FieldType::kTexts:
      return field.choices.empty() ? "list of texts"
                                   : fmt::format("list, each {}", choices_of(field));
    case FieldType::kTime:
      return "time";
    case FieldType::kNumber:
      return "number";
    case FieldType::kBoolean:
      return "boolean";
    case FieldType::kObject:
      return link_to(field.of, side, schemas);
    case FieldType::kObjects:
      return field.of.empty() ? "list of objects"
                              : fmt::format("list of {}", link_to(field.of, side, schemas));
  }
  check_failed("a field has a type", __FILE__, __LINE__);
}

void put_fields(std::string& out, std::string_view head, FieldList fields, Side side,
                const ApiSchemas& schemas) {
  if (fields.empty()) return;
  std::string_view need = side == Side::kRequest ? "required" : "always";
  fmt::format_to(std::back_inserter(out), "\n| {} | What it is | Meaning |\n| --- | --- | --- |\n",
                 head);
  for (const auto& field : fields) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {}{}{} | {} |\n", field.name,
                   type_of(field, side, schemas), field.need == Need::kRequired ? ", " : "",
                   field.need == Need::kRequired ? need : "", field.summary);
  }
}

void put_example(std::string& out, const ApiRoute& route) {
  auto example = api_example(operation_id(route));
  if (example.empty() || std::ranges::count(example, '\n') > kMostLines) return;
  fmt::format_to(std::back_inserter(out), "\n```json\n{}{}```\n", example,
                 example.ends_with('\n') ? "" : "\n");
}

void put_route(std::string& out, const ApiRoute& route, const ApiSchemas& schemas) {
  const auto& shape = route.shape;
  fmt::format_to(std::back_inserter(out), "\n### `{}`\n\n{} Roles: {}.", title_of(route),
                 route.summary, roles_of(route));
  if (shape.version != nullptr) put(out, " Takes `If-Match`.");
  if (shape.answer_status != 200) {
    fmt::format_to(std::back_inserter(out), " Answers {}.", shape.answer_status);
  }
  put(out, "\n");
  put_fields(out, "Query", shape.query, Side::kRequest, schemas);
  put_fields(out, "Body", shape.body, Side::kRequest, schemas);
  put_fields(out, "Answer", shape.answer, Side::kAnswer, schemas);
  put_example(out, route);
}

}  // namespace

std::string api_markdown(std::span<const ApiRoute> routes) {
  const ApiSchemas schemas(routes);
  std::string out(kIntroduction);
  put(out, "\n## Routes\n\n| Route | Roles | What it does |\n| --- | --- | --- |\n");
  for (const auto& route : routes) {
    auto title = title_of(route);
    fmt::format_to(std::back_inserter(out), "| [`{}`](#{}) | {} | {} |\n", title, anchor(title),
                   roles_of(route), route.summary);
  }
  for (const auto& route : routes) put_route(out, route, schemas);
  put(out, "\n## Objects\n");
  for (const auto& [fields, side, name, whole] : schemas.all()) {
    if (whole) continue;
    fmt::format_to(std::back_inserter(out), "\n### {}\n", name);
    put_fields(out, "Member", fields, side, schemas);
  }
  return out;
}

}  // namespace sallyport::admin
