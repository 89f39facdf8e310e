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

constexpr Field kConfiguration[] = {
    {"path", FieldType::kText, Need::kRequired, "The file that runs."},
    {"sha256", FieldType::kText, Need::kRequired, "Of its bytes when it was read."},
};
constexpr Field kListen[] = {
    {"address", FieldType::kText, Need::kRequired, "Of the data plane."},
    {"public_url", FieldType::kText, Need::kRequired, "What clients are given."},
};
constexpr Field kWorker[] = {
    {"connections", FieldType::kNumber, Need::kRequired, "Of clients, open now."},
    {"exchanges", FieldType::kNumber, Need::kRequired, "Requests that run now."},
    {"cached_tokens", FieldType::kNumber, Need::kRequired, "Verified tokens in its cache."},
    {"requests", FieldType::kObject, Need::kRequired, "Requests since the start, by outcome."},
};
constexpr Field kChain[] = {
    {"worker", FieldType::kNumber, Need::kRequired, "Whose it is."},
    {"sequence", FieldType::kNumber, Need::kRequired, "Of the last line."},
    {"unsynced", FieldType::kNumber, Need::kRequired, "Bytes that are not on the disk yet."},
    {"chain", FieldType::kText, Need::kRequired, "Its id."},
    {"hash", FieldType::kText, Need::kOptional, "Of the last line."},
};
constexpr Field kAudit[] = {
    {"directory", FieldType::kText, Need::kRequired, "Of the record."},
    {"sync", FieldType::kText, Need::kRequired, "How often it goes to the disk."},
    {"segment_bytes", FieldType::kNumber, Need::kRequired, "When a file ends."},
    {"chains", FieldType::kObjects, Need::kRequired, "Where each ends now.", kChain},
};
constexpr Field kRevocations[] = {
    {"in_force", FieldType::kNumber, Need::kRequired, "That hold now."},
    {"applied", FieldType::kNumber, Need::kRequired, "Since the start."},
    {"cut", FieldType::kNumber, Need::kRequired, "Running requests that they ended."},
    {"problem", FieldType::kText, Need::kOptional, "Why nothing can be revoked now."},
};
constexpr Field kStatus[] = {
    {"program", FieldType::kText, Need::kRequired, "`sallyport`."},
    {"version", FieldType::kText, Need::kRequired, "Of the program."},
    {"instance", FieldType::kText, Need::kRequired, "Of this process, as in the record."},
    {"pid", FieldType::kNumber, Need::kRequired, "Its process id."},
    {"started", FieldType::kTime, Need::kRequired, "When it started."},
    {"ready", FieldType::kBoolean, Need::kRequired, "It admits people."},
    {"reason", FieldType::kText, Need::kOptional, "Why it does not."},
    {"configuration", FieldType::kObject, Need::kRequired, "Which file runs.", kConfiguration},
    {"listen", FieldType::kObject, Need::kRequired, "Where clients come.", kListen},
    {"issuers", FieldType::kObjects, Need::kRequired, "As `GET /issuers` has them."},
    {"upstreams", FieldType::kObjects, Need::kRequired, "As `GET /upstreams` has them."},
    {"workers", FieldType::kObjects, Need::kRequired, "In their order.", kWorker},
    {"audit", FieldType::kObject, Need::kRequired, "The record.", kAudit},
    {"revocations", FieldType::kObject, Need::kRequired, "Access taken back.", kRevocations},
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
