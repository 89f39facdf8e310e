#include "admin/api/page.h"

#include <fmt/format.h>

#include "base/encoding.h"

namespace sallyport::admin {
namespace {

// So that a cursor is told from other text; a new meaning gets a new letter.
constexpr char kVersion = 'a';

}  // namespace

std::expected<Page, Problem> read_page(const Input& query) {
  Page page;
  if (auto limit = query.number("limit")) {
    if (*limit < 1 || *limit > kMostOnPage) {
      return refuse(400,
                    {"api.query", fmt::format("limit is not between 1 and {}", kMostOnPage),
                     "leave it out, or follow next_cursor"},
                    "?limit");
    }
    page.limit = *limit;
  }
  const auto& cursor = query.text("cursor");
  if (cursor.empty()) return page;
  auto bytes = from_base64url(cursor);
  if (!bytes || bytes->size() < 2 || bytes->front() != kVersion || !is_utf8(*bytes)) {
    return refuse(400, {"api.query", "the cursor is none of ours", "begin without one"}, "?cursor");
  }
  page.after = bytes->substr(1);
  return page;
}

std::string make_cursor(std::string_view last) {
  return to_base64url(fmt::format("{}{}", kVersion, last));
}

}  // namespace sallyport::admin
