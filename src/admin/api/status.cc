// How the gateway stands, and whether it is ready.
#include "admin/api/backends.h"
#include "admin/api/tables.h"
#include "base/json_writer.h"

namespace sallyport::admin {
namespace {

ApiResult show_status(const ApiRequest& /*request*/, Backends& backends) {
  ApiAnswer answer;
  answer.body = status_json(backends.status()) + "\n";
  return answer;
}

ApiResult show_readiness(const ApiRequest& /*request*/, Backends& backends) {
  Status status = backends.status();
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().boolean("ready", status.ready).text_if("reason", status.reason).end();
  answer.body += '\n';
  return answer;
}

constexpr Field kStatus[] = {
    {"version", FieldType::kText, Need::kRequired, "Of the program."},
    {"instance", FieldType::kText, Need::kRequired, "Of this process, as in the record."},
    {"pid", FieldType::kNumber, Need::kRequired, "Its process id."},
    {"started", FieldType::kTime, Need::kRequired, "When it started."},
    {"ready", FieldType::kBoolean, Need::kRequired, "It admits people."},
    {"reason", FieldType::kText, Need::kOptional, "Why it does not."},
};

constexpr Field kReadiness[] = {
    {"ready", FieldType::kBoolean, Need::kRequired, "It admits people."},
    {"reason", FieldType::kText, Need::kOptional, "Why it does not."},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/status",
     kEveryRole,
     Effect::kReads,
     show_status,
     "What the gateway knows of itself.",
     {.answer = kStatus}},
    {"GET",
     "/readiness",
     kEveryRole,
     Effect::kReads,
     show_readiness,
     "Whether it admits people, and why not.",
     {.answer = kReadiness}},
};

}  // namespace

std::span<const ApiRoute> status_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
