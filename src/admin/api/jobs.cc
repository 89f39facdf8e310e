// Long work: how it stands, its result, its end.
#include "admin/jobs.h"

#include "admin/api/backends.h"
#include "admin/api/page.h"
#include "admin/api/tables.h"
#include "base/check.h"
#include "base/json_writer.h"

namespace sallyport::admin {
namespace {

void put_job(JsonWriter& json, const JobView& job, bool whole) {
  json.text("id", job.id).text("kind", job.kind).text("by", job.by);
  json.text("state", text(job.state)).text("started", format_time(job.started));
  if (job.ended) json.text("ended", format_time(*job.ended));
  json.number("done", static_cast<std::int64_t>(job.done));
  json.number("all", static_cast<std::int64_t>(job.all));
  if (whole && !job.result.empty()) json.raw("result", job.result);
  if (job.problem) {
    json.object("problem").text("code", job.problem->error.code);
    json.text("detail", job.problem->error.message);
    json.text_if("next_step", job.problem->error.next_step).end();
  }
}

ApiResult list(const ApiRequest& request, Backends& backends) {
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin().array("jobs");
  for (const auto& job : backends.jobs.list(request.caller)) {
    json.begin();
    put_job(json, job, false);
    json.end();
  }
  json.end_array().end();
  answer.body += '\n';
  return answer;
}

std::unexpected<Problem> unknown() {
  return refuse(404, {"jobs.unknown", "you have no job with this id",
                      "jobs are kept for a day, and until the gateway ends"});
}

ApiResult show(const ApiRequest& request, Backends& backends) {
  auto job = backends.jobs.find(request.caller, request.path.front());
  if (!job) return unknown();
  ApiAnswer answer;
  JsonWriter json(answer.body);
  json.begin();
  put_job(json, *job, true);
  json.end();
  answer.body += '\n';
  return answer;
}

ApiResult cancel(const ApiRequest& request, Backends& backends) {
  switch (backends.jobs.cancel(request.caller, request.path.front())) {
    case JobTable::Cancelled::kAsked:
      return show(request, backends);
    case JobTable::Cancelled::kEnded:
      return refuse(409, {"jobs.ended", "the job has ended already", "ask how it ended"});
    case JobTable::Cancelled::kUnknown:
      return unknown();
  }
  check_failed("a job was asked to end, or was not", __FILE__, __LINE__);
}

constexpr Field kProblem[] = {
    {"code", FieldType::kText, Need::kRequired, "Stable."},
    {"detail", FieldType::kText, Need::kRequired, "Why it failed."},
    {"next_step", FieldType::kText, Need::kOptional, "What to do now."},
};
constexpr Field kJob[] = {
    {"id", FieldType::kText, Need::kRequired, "UUIDv7: sorts by time."},
    {"kind", FieldType::kText, Need::kRequired, "What it does."},
    {"by", FieldType::kText, Need::kRequired, "Who started it."},
    {"state",
     FieldType::kText,
     Need::kRequired,
     "How it stands.",
     {},
     "running|done|failed|cancelled"},
    {"started", FieldType::kTime, Need::kRequired, "When it was started."},
    {"ended", FieldType::kTime, Need::kOptional, "When it ended."},
    {"done", FieldType::kNumber, Need::kRequired, "How far it is."},
    {"all", FieldType::kNumber, Need::kRequired, "Of how many; 0: not known."},
    {"result", FieldType::kObject, Need::kOptional,
     "What it found, where one job is asked for; for those who may ask for such work."},
    {"problem", FieldType::kObject, Need::kOptional, "Why it failed.", kProblem},
};
constexpr Field kList[] = {
    {"jobs", FieldType::kObjects, Need::kRequired,
     "The newest first: your own; an administrator sees everybody's.", kJob},
};

constexpr ApiRoute kRoutes[] = {
    {"GET",
     "/jobs",
     kEveryRole,
     Effect::kReads,
     list,
     "Long work of the last day.",
     {.answer = kList}},
    {"GET",
     "/jobs/{id}",
     kEveryRole,
     Effect::kReads,
     show,
     "How one stands, and its result.",
     {.answer = kJob}},
    {"POST",
     "/jobs/{id}/cancel",
     kEveryRole,
     Effect::kWrites,
     cancel,
     "Asks it to end.",
     {.answer = kJob}},
};

}  // namespace

std::span<const ApiRoute> job_routes() {
  return kRoutes;
}

}  // namespace sallyport::admin
