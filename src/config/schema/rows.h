// The rows of the blocks, a file each, in the order of the reference page. Adding a block is a file
// here and a line in schema.cc; for its rows, see schema.h.
#pragma once

#include <cstdint>
#include <span>

#include "config/schema.h"

namespace sallyport::config {

// For `min` and `max` of durations, which are milliseconds.
inline constexpr std::int64_t kSecond = 1000;
inline constexpr std::int64_t kMinute = 60 * kSecond;
inline constexpr std::int64_t kHour = 60 * kMinute;

[[nodiscard]] std::span<const Row> listen_rows();
[[nodiscard]] std::span<const Row> limits_rows();
[[nodiscard]] std::span<const Row> issuers_rows();
[[nodiscard]] std::span<const Row> upstreams_rows();
[[nodiscard]] std::span<const Row> models_rows();
[[nodiscard]] std::span<const Row> later_rows();
[[nodiscard]] std::span<const Row> audit_rows();
[[nodiscard]] std::span<const Row> store_rows();
[[nodiscard]] std::span<const Row> admin_rows();
[[nodiscard]] std::span<const Row> metrics_rows();

}  // namespace sallyport::config
