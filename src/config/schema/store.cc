// `store`: where revocations and what must outlive the process are kept.
#include "config/instance.h"
#include "config/schema/rows.h"

namespace sallyport::config {
namespace {

// clang-format off: one row a key reads as a table.
constexpr Row kRows[] = {
    {.path = "store", .type = Type::kStore, .fallback = kStoreDefault,
     .summary = "Where revocations and what must outlive the process are kept.",
     .reload = Reload::restart([](const Configuration& c) { return std::string(c.store_file()); }),
     .store = [](Draft& d, Value& v) { d.configuration.store = std::string(kSqliteScheme) + v.text; }},
};
// clang-format on

}  // namespace

std::span<const Row> store_rows() {
  return kRows;
}

}  // namespace sallyport::config
