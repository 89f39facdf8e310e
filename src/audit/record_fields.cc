#include "audit/record_fields.h"

#include <fmt/format.h>

#include <iterator>

namespace sallyport::audit {
namespace {

using namespace field;

constexpr const Field* kFrameFields[] = {&kSequence, &kPrevious, &kType,  &kTime,
                                         &kNode,     &kInstance, &kWorker};
constexpr const Field* kOpenedFields[] = {&kId,      &kPerson,   &kSource, &kClient,
                                          &kRequest, &kDecision, &kRoute};
constexpr const Field* kClosedFields[] = {&kId,         &kOf,        &kOpened,     &kStatus,
                                          &kOutcome,    &kAttempts,  &kRequestId,  &kApimRequestId,
                                          &kStopReason, &kErrorType, &kRevocation, &kFirstByte,
                                          &kDuration,   &kBytes,     &kUsage};
constexpr const Field* kRefusedFields[] = {&kId,       &kPerson, &kSource,   &kClient,
                                           &kRequest,  &kStatus, &kReason,   &kClaim,
                                           &kExpected, &kGot,    &kNextStep, &kRevocation};
constexpr const Field* kAnsweredFields[] = {&kId,     &kPerson,  &kSource,
                                            &kClient, &kRequest, &kStatus};
constexpr const Field* kEventFields[] = {&kEvent, &kDetails, &kProgramName, &kProgramVersion,
                                         &kPid,   &kHeads,   &kOpenFrom,    &kOpen};
constexpr const Field* kPersonFields[] = {
    &kPersonIssuer,  &kPersonTenant, &kPersonObjectId, &kPersonSubject,   &kPersonToken,
    &kPersonAppOnly, &kPersonGroups, &kPersonTokenId,  &kPersonSessionId, &kPersonClient};
constexpr const Field* kSourceFields[] = {&kSourceAddress, &kSourceProxies};
constexpr const Field* kClientFields[] = {&kClientProgram, &kClientVersion, &kClientSurface,
                                          &kClientSession, &kClientAgent,   &kClientParentAgent,
                                          &kClientPrompt};
constexpr const Field* kRequestFields[] = {&kMethod,       &kPath,      &kModel, &kStream,
                                           &kRequestBytes, &kMaxTokens, &kTools, &kBetas};
constexpr const Field* kDecisionFields[] = {&kPolicy, &kReason};
constexpr const Field* kRouteFields[] = {&kUpstream, &kDeployment};
constexpr const Field* kAttemptFields[] = {&kUpstream, &kDeployment, &kAttemptStatus,
                                           &kAttemptError};
constexpr const Field* kUsageFields[] = {&kInput,        &kOutput,    &kCacheWrite5m,
                                         &kCacheWrite1h, &kCacheRead, &kThinking,
                                         &kWebSearches,  &kExact,     &kMalformed};
constexpr const Field* kHeadFields[] = {&kHeadChain, &kHeadSequence, &kHeadHash};

constexpr FieldGroup kGroups[] = {
    {"Every line", "The frame that makes the chain.", "", kFrameFields},
    {"opened",
     "A request that is about to be sent to a provider. Without this line it is not sent.", "",
     kOpenedFields},
    {"closed",
     "How a request ended that was opened. One that a crash cut off is closed by the next start, "
     "as "
     "interrupted, with `id`, `of`, `opened` and `outcome` alone.",
     "", kClosedFields},
    {"refused", "A known person who was refused. Strangers are counted in the side journal.", "",
     kRefusedFields},
    {"answered", "An answer of the gateway's own to a known person, such as the list of models.",
     "", kAnsweredFields},
    {"event", "Something of the process or of the chain itself.", "", kEventFields},
    {"person", "", "person", kPersonFields},
    {"source", "", "source", kSourceFields},
    {"client", "", "client", kClientFields},
    {"request", "", "request", kRequestFields},
    {"decision", "", "decision", kDecisionFields},
    {"route", "", "route", kRouteFields},
    {"attempts", "", "attempts", kAttemptFields},
    {"usage", "", "usage", kUsageFields},
    {"heads", "", "heads", kHeadFields},
};

constexpr std::string_view kIntroduction = R"(# The record

<!-- written by `sallyport docs record`; scripts/docs renews it -->

What `sallyport audit show --json` prints and the files of `audit.directory` hold: one line of JSON for each thing that is remembered, chained by hashes (`sallyport audit verify` reads it back). A text that a stranger may choose is cut at a limit and marked: `...[+123]` stands for 123 bytes more; lists are cut the same way. A member without a value is absent. No line holds a credential, a name of a person, or content.
)";

constexpr std::string_view kEnd = R"(
## Details of events

Names and values are the event's own: `configuration` has `file`, `sha256` and `by` (`start`, `SIGHUP`, or who asked the administrator's API); `keys` `what`, `issuer`, `message`, `added`, `removed`; `credential` `what`, `upstream`, `source`, `message`, `expires`; `revocation` `what`, `id`, `kind`, `target` and what the revocation says besides; `recovered` the counts `chains`, `interrupted`, `torn`, `damaged`; `damaged` `chain` and `where`.

## The side journal

Refusals of strangers, who could fill any record, are counted: `side/refusals.jsonl` has one line a minute, address and code, `{"minute","source","reason","count"}`, in a bounded file that replaces its predecessor. It is no part of the chain.
)";

}  // namespace

std::span<const FieldGroup> record_groups() {
  return kGroups;
}

std::string record_markdown() {
  std::string out(kIntroduction);
  auto to = std::back_inserter(out);
  for (const auto& group : kGroups) {
    fmt::format_to(to, "\n## {}{}\n\n", group.inside.empty() ? "" : "In ", group.title);
    if (!group.text.empty()) fmt::format_to(to, "{}\n\n", group.text);
    out += "| Member | Type | Meaning |\n| --- | --- | --- |\n";
    for (const auto* one : group.fields) {
      fmt::format_to(to, "| `{}` | {} | {} |\n", one->name, one->type, one->meaning);
    }
  }
  return out.append(kEnd);
}

}  // namespace sallyport::audit
