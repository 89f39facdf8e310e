// `audit`: the record of every request.
#include "config/instance.h"
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "audit", .shape = Shape::kBlock, .summary = "The record of every request.",
     .reload = kApplied},
    {.path = "audit.directory", .type = Type::kPath, .fallback = kAuditDefault,
     .summary = "The folder of the record. One gateway writes to it at a time.",
     .reload = Reload::restart([](const Configuration& c) { return c.audit.directory.string(); }),
     .store = [](Draft& d, Value& v) { d.configuration.audit.directory = v.text; }},
    {.path = "audit.sync", .type = Type::kSync, .fallback = "100ms", .min = 10, .max = 10 * kSecond,
     .summary = "How often the record is forced to the disk: a power cut can take what came "
                "since. `each`: before the first byte of the answer.", .reload = kApplied,
     .store = [](Draft& d, Value& v) { d.configuration.audit.sync = v.duration; }},
    {.path = "audit.segment_bytes", .type = Type::kNumber, .fallback = "67108864",
     .min = 1 << 16, .max = 1 << 30,
     .summary = "The size of one file of the record, reserved when it is begun; a reload changes "
                "those that are begun from then on.",
     .reload = kApplied,
     .store = [](Draft& d, Value& v) {
       d.configuration.audit.segment_bytes = static_cast<std::size_t>(v.number);
     }},
};
// clang-format on

}  // namespace

std::span<const Row> audit_rows() {
  return kRows;
}

}  // namespace sallyport::config
