#include "gateway/refusals_page.h"

#include <gtest/gtest.h>

#include <set>

#include "gateway/refusals.h"

namespace sallyport::gateway {
namespace {

TEST(RefusalsPage, HasEveryRefusalOnce) {
  std::set<std::string_view> codes;
  std::vector<std::size_t> counts;
  auto groups = all_refusals();
  for (const auto& group : groups) {
    counts.push_back(group.refusals.size());
    for (const auto& one : group.refusals) {
      EXPECT_TRUE(codes.insert(one.code).second) << one.code;
      EXPECT_TRUE(one.message.ends_with('.')) << one.message;
      EXPECT_EQ(one.message.find("{}"), std::string::npos) << one.message;
      EXPECT_GE(one.status, 400) << one.code;
    }
  }
  // Who adds a value to one of the enums, in the middle or at its end, looks here.
  EXPECT_EQ(counts,
            (std::vector<std::size_t>{19, identity::kReasonCount - 1, identity::kRevocationKinds,
                                      policy::criteria().size(), 11, 8}));
}

TEST(RefusalsPage, SaysWhatAClientIsToldAndWhatTheOperatorIs) {
  auto page = errors_markdown();
  EXPECT_NE(page.find("| `gateway.busy` | 503 | `api_error` | 1 | The gateway is holding"),
            std::string::npos);
  EXPECT_NE(page.find("| `route.method` | 405 | `invalid_request_error` | no |"),
            std::string::npos);
  EXPECT_NE(page.find("has ended your sign-ins at TIME. Sign out"), std::string::npos);
  for (const auto& row : identity::all_reasons()) {
    if (row.reason == identity::Reason::kNone) continue;
    EXPECT_NE(page.find(row.next_step), std::string::npos) << row.code;
  }
}

}  // namespace
}  // namespace sallyport::gateway
