// Who am I, what may I, and why.
#include "admin/api/tables.h"
#include "base/check.h"
#include "base/json_writer.h"

namespace sallyport::admin {
namespace {

std::string_view text(Way way) {
  switch (way) {
    case Way::kSocket:
      return "socket";
    case Way::kToken:
      return "token";
    case Way::kSession:
      return "session";
  }
  check_failed("a way has a name", __FILE__, __LINE__);
}

ApiResult show_me(const ApiRequest& request, Backends& /*backends*/) {
  const Caller& caller = request.caller;
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().text("who", caller.who).text_if("name", caller.name).text_if("mail", caller.mail);
  json.text("way", text(caller.way)).text_if("client", caller.client).array("roles");
  for (Role role : kRoles) {
    if (caller.roles.has(role)) json.item(admin::text(role));
  }
  json.end_array().text_if("because", caller.because);
  if (caller.until != WallTime::max()) json.text("until", format_time(caller.until));
  json.end();
  answer.body += '\n';
  return answer;
}

constexpr Field kMe[] = {
    {"who", FieldType::kText, Need::kRequired, "As the record names you."},
    {"name", FieldType::kText, Need::kOptional, "As your identity provider writes it."},
    {"mail", FieldType::kText, Need::kOptional, "The same."},
    {"way", FieldType::kText, Need::kRequired, "How you came in.", {}, "socket|token|session"},
    {"client", FieldType::kText, Need::kOptional, "The application whose token it is."},
    {"roles", FieldType::kTexts, Need::kRequired, "What you may; empty: nothing but this."},
    {"because", FieldType::kText, Need::kOptional,
     "What gives you the roles: a key of the "
     "configuration and the claim that it names."},
    {"until", FieldType::kTime, Need::kOptional, "When the session or the token ends."},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/me",
     Roles::any_caller(),
     Effect::kReads,
     show_me,
     "Who you are, which roles you have, and from which claim.",
     {.answer = kMe}},
};

}  // namespace

std::span<const ApiRoute> me_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
