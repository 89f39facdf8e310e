// Lists in pages: `limit` and an opaque `cursor` that names the last element shown, so that what
// comes and goes meanwhile moves nothing. Pure.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "admin/api/input.h"
#include "admin/problem.h"

namespace sallyport::admin {

inline constexpr std::size_t kUsualPage = 100;
inline constexpr std::size_t kMostOnPage = 1000;

inline constexpr Field kLimitField{"limit", FieldType::kNumber, Need::kOptional,
                                   "At most so many, 1 to 1000; 100 if left out."};
inline constexpr Field kCursorField{"cursor", FieldType::kText, Need::kOptional,
                                    "`next_cursor` of the page before."};
/// Of a write that can say what it would do, and do nothing.
inline constexpr Field kDryRunField{"dry_run", FieldType::kBoolean, Need::kOptional,
                                    "true: say what would happen, and do nothing."};
inline constexpr Field kNextCursorField{"next_cursor", FieldType::kText, Need::kOptional,
                                        "There is more: give it as `cursor`."};

struct Page {
  std::size_t limit = kUsualPage;
  std::string after;  ///< the last element of the page before; empty: from the start
};

/// Error: api.query.
[[nodiscard]] std::expected<Page, Problem> read_page(const Input& query);
/// For `next_cursor`.
[[nodiscard]] std::string make_cursor(std::string_view last);

}  // namespace sallyport::admin
