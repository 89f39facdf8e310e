#include "admin/cross_site.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

constexpr std::string_view kOurs = "https://admin.contoso.example";

struct Row {
  std::string_view method;
  std::string_view origin;  ///< empty: no such field
  std::string_view site;    ///< the same
  bool passes;
};

constexpr Row kRows[] = {
    // What reads: an address that was typed, our own pages, programs without a browser.
    {"GET", "", "", true},
    {"GET", "", "none", true},
    {"GET", "", "same-origin", true},
    {"HEAD", "", "same-origin", true},
    {"GET", kOurs, "same-origin", true},
    {"GET", "", "cross-site", false},
    {"HEAD", "", "cross-site", false},
    {"GET", "", "same-site", false},
    {"GET", "", "surprise", false},
    {"GET", "https://evil.example", "", false},
    {"GET", "null", "", false},
    // What writes: somebody has to say that it was us.
    {"POST", kOurs, "same-origin", true},
    {"POST", kOurs, "", true},
    {"POST", "", "same-origin", true},
    {"POST", "", "", false},
    {"POST", "", "none", false},
    {"POST", "", "same-site", false},
    {"POST", "", "cross-site", false},
    {"POST", kOurs, "cross-site", false},
    {"POST", kOurs, "none", false},
    {"POST", "null", "same-origin", false},
    {"POST", "https://evil.example", "same-origin", false},
    {"POST", "https://admin.contoso.example:8443", "", false},
    {"POST", "http://admin.contoso.example", "", false},
    {"POST", "https://admin.contoso.example.evil.example", "", false},
    {"POST", "https://admin.contoso.example/", "", false},
    {"PUT", "", "", false},
    {"DELETE", kOurs, "same-origin", true},
    {"PROPFIND", "", "", false},
};

TEST(CrossSite, IsHeldToItsTable) {
  for (const auto& row : kRows) {
    http::RequestHead head;
    head.method = row.method;
    if (!row.origin.empty()) head.fields.push_back({"Origin", row.origin});
    if (!row.site.empty()) head.fields.push_back({"Sec-Fetch-Site", row.site});
    auto problem = refuse_cross_site(head, kOurs);
    EXPECT_EQ(!problem.has_value(), row.passes)
        << row.method << " origin " << row.origin << " site " << row.site;
    if (!problem) continue;
    EXPECT_EQ(problem->status, 403);
    EXPECT_EQ(problem->error.code, "api.cross_site");
  }
}

TEST(CrossSite, OriginsAreWrittenAsBrowsersDo) {
  EXPECT_EQ(origin_of("https://admin.contoso.example"), kOurs);
  EXPECT_EQ(origin_of("https://admin.contoso.example:443/x"), kOurs);
  EXPECT_EQ(origin_of("https://admin.contoso.example:8443"), "https://admin.contoso.example:8443");
  EXPECT_EQ(origin_of("https://[::1]:8443"), "https://[::1]:8443");
  EXPECT_EQ(origin_of("nonsense"), "");
  http::RequestHead head;
  head.method = "POST";
  head.fields = {{"origin", ""}};
  EXPECT_TRUE(refuse_cross_site(head, ""));
}

TEST(CrossSite, TwoOriginsAreNone) {
  http::RequestHead head;
  head.method = "POST";
  head.fields = {{"origin", kOurs}, {"origin", kOurs}};
  EXPECT_TRUE(refuse_cross_site(head, kOurs));
  head.fields = {{"sec-fetch-site", "same-origin"}, {"sec-fetch-site", "same-origin"}};
  EXPECT_TRUE(refuse_cross_site(head, kOurs));
}

}  // namespace
}  // namespace sallyport::admin
