// The record as a whole: whether every chain is unbroken.
#include <fmt/format.h>

#include "admin/api/backends.h"
#include "admin/api/tables.h"
#include "admin/jobs.h"
#include "audit/verify.h"
#include "base/json_writer.h"

namespace sallyport::admin {
namespace {

constexpr Roles kMayVerify{Role::kAuditor, Role::kAdministrator};

ApiResult verify(const ApiRequest& request, Backends& backends) {
  auto id = backends.jobs.start(request.caller, "record.verify", kMayVerify,
                                [directory = backends.record_directory()](
                                    JobTable::Watch& watch) -> std::expected<std::string, Problem> {
                                  auto report = audit::verify(
                                      directory, [&watch](std::size_t read, std::size_t all) {
                                        return watch.go_on(read, all);
                                      });
                                  if (!report) return refuse(503, std::move(report.error()));
                                  return audit::report_json(*report);
                                });
  if (!id) return std::unexpected(std::move(id.error()));
  ApiAnswer answer;
  answer.status = 202;
  answer.location = fmt::format("/api/v1/jobs/{}", *id);
  answer.changed.emplace_back("job", *id);
  JsonWriter json(answer.body);
  json.begin().text("job", *id).end();
  answer.body += '\n';
  return answer;
}

constexpr Field kStarted[] = {
    {"job", FieldType::kText, Need::kRequired, "Ask /jobs/{id} how it stands."},
};

constexpr ApiRoute kRoutes[] = {
    {"POST",
     "/record/verify",
     kMayVerify,
     Effect::kWrites,
     verify,
     "Checks every chain of the record: a job, whose result is that of `sallyport audit verify`.",
     {.answer = kStarted, .answer_status = 202}},
};

}  // namespace

std::span<const ApiRoute> record_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
