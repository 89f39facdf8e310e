// Blocks that are known and refused as "not in this version".
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "policies", .shape = Shape::kBlocks, .presence = Presence::kLater,
     .summary = "Who may use which model, and how much.", .reload = kApplied},
    {.path = "prices", .shape = Shape::kBlock, .presence = Presence::kLater,
     .summary = "What tokens cost.", .reload = kApplied},
};
// clang-format on

}  // namespace

std::span<const Row> later_rows() {
  return kRows;
}

}  // namespace sallyport::config
