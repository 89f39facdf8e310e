// The members of a revocation in every answer that has one: what put_revocation() writes.
#pragma once

#include "admin/api/field.h"

namespace sallyport::admin {

inline constexpr std::string_view kRevocationKinds = "user|sign-ins|session|token|client|group|all";

inline constexpr Field kRevocationFields[] = {
    {"id", FieldType::kText, Need::kRequired, "UUIDv7: sorts by time."},
    {"kind", FieldType::kText, Need::kRequired, "What is revoked.", {}, kRevocationKinds},
    {"target", FieldType::kText, Need::kOptional, "The person's key, or the id; of `all` none."},
    {"issuer", FieldType::kText, Need::kOptional, "At this issuer alone."},
    {"user", FieldType::kText, Need::kOptional, "Of a session: this person's alone."},
    {"at", FieldType::kTime, Need::kRequired, "Since when."},
    {"sign_ins_up_to", FieldType::kTime, Need::kOptional, "A sign-in after it heals."},
    {"until", FieldType::kTime, Need::kOptional, "When it ends by itself."},
    {"by", FieldType::kText, Need::kRequired, "Who revoked."},
    {"reason", FieldType::kText, Need::kOptional, "Why."},
    {"source", FieldType::kText, Need::kRequired, "`operator`, or a watcher's name."},
    {"lifted", FieldType::kTime, Need::kOptional, "When it was lifted."},
    {"cut", FieldType::kNumber, Need::kOptional, "Running requests that it ended."},
    {"last_request", FieldType::kText, Need::kOptional, "The last request admitted before it."},
    {"took_us", FieldType::kNumber, Need::kOptional, "Microseconds until it held everywhere."},
    {"note", FieldType::kText, Need::kOptional, "What you ought to know of it."},
};
}  // namespace sallyport::admin
