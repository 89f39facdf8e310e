#include "admin/web_pages.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::admin {
namespace {

constexpr std::string_view kHostile = R"("><script>alert('x')</script>&amp;)";

Caller hostile_caller() {
  Caller caller;
  caller.way = Way::kSession;
  caller.who = kHostile;
  caller.name = kHostile;
  caller.mail = kHostile;
  caller.because = kHostile;
  caller.roles = {Role::kAuditor};
  return caller;
}

class Pages : public testing::Test {
 protected:
  std::vector<WebPage> all() {
    const Caller caller = hostile_caller();
    return {pages.home(caller, true),
            pages.home(caller, false),
            pages.signed_in(caller, "https://admin.example/a?b=1&c=2"),
            pages.no_role(caller),
            pages.signed_out(),
            pages.failed(502, {"provider.refused", std::string(kHostile), std::string(kHostile)}),
            pages.needs_tls(),
            pages.go_to("https://login.example/authorize?a=b&c=d")};
  }
  FakeEntropy entropy;
  WebPages pages{entropy, true};
};

std::string nonce_of(const std::string& fields) {
  auto at = fields.find("'nonce-") + 7;
  return fields.substr(at, fields.find('\'', at) - at);
}

TEST(EscapeHtml, LeavesNoWayOut) {
  EXPECT_EQ(escape_html(R"(<a href="x" b='y'>&)"),
            "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
  EXPECT_EQ(escape_html("Gr\u00fc\u00dfe"), "Gr\u00fc\u00dfe");
}

TEST_F(Pages, SayEverythingThatABrowserHasToKnow) {
  for (const auto& page : all()) {
    auto nonce = nonce_of(page.fields);
    EXPECT_EQ(nonce.size(), 43u);
    EXPECT_NE(
        page.fields.find("content-security-policy: default-src 'none'; style-src 'nonce-" + nonce +
                         "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"),
        std::string::npos)
        << page.fields;
    EXPECT_NE(page.html.find("<style nonce=\"" + nonce + "\">"), std::string::npos);
    for (std::string_view line :
         {"x-frame-options: DENY\r\n", "cross-origin-opener-policy: same-origin\r\n",
          "cross-origin-resource-policy: same-origin\r\n", "permissions-policy: camera=()",
          "strict-transport-security: max-age=31536000\r\n", "referrer-policy: "}) {
      EXPECT_NE(page.fields.find(line), std::string::npos) << line;
    }
    EXPECT_TRUE(page.fields.ends_with("\r\n"));
  }
}

TEST_F(Pages, HoldNoScriptAndNothingOfWhatSomebodyElseWrote) {
  for (const auto& page : all()) {
    EXPECT_EQ(page.html.find("<script"), std::string::npos) << page.html;
    EXPECT_EQ(page.html.find("style=\""), std::string::npos) << "the policy forbids it";
    EXPECT_EQ(page.html.find(kHostile), std::string::npos);
    for (std::string_view event : {" onclick", " onload", " onerror", "javascript:"}) {
      EXPECT_EQ(page.html.find(event), std::string::npos) << event;
    }
  }
}

TEST_F(Pages, HaveALanguageATitleAndOneHeading) {
  for (const auto& page : all()) {
    EXPECT_TRUE(page.html.starts_with("<!doctype html>\n<html lang=\"en\">"));
    EXPECT_NE(page.html.find("<title>"), std::string::npos);
    auto first = page.html.find("<h1>");
    EXPECT_NE(first, std::string::npos);
    EXPECT_EQ(page.html.find("<h1>", first + 1), std::string::npos);
  }
}

TEST_F(Pages, NeverUseANonceTwice) {
  EXPECT_NE(nonce_of(pages.signed_out().fields), nonce_of(pages.signed_out().fields));
}

TEST_F(Pages, TellNobodyToComeByTlsWhereThereIsNone) {
  WebPages plain(entropy, false);
  EXPECT_EQ(plain.needs_tls().fields.find("strict-transport-security"), std::string::npos);
}

// Under `no-referrer` a browser would send the form without its origin.
TEST_F(Pages, TheFormsPageLetsTheBrowserSayItsOrigin) {
  auto home = pages.home(hostile_caller(), true);
  EXPECT_NE(home.html.find("<form method=\"post\" action=\"/sign-out\">"), std::string::npos);
  EXPECT_NE(home.fields.find("referrer-policy: same-origin\r\n"), std::string::npos);
  for (const auto& page : all()) {
    if (page.html.find("<form") != std::string::npos) continue;
    EXPECT_NE(page.fields.find("referrer-policy: no-referrer\r\n"), std::string::npos);
  }
}

TEST_F(Pages, SignedInGoesOnByItself) {
  auto page = pages.signed_in(hostile_caller(), "https://admin.example/a?b=1&c=2");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.html.find("<meta http-equiv=\"refresh\" "
                           "content=\"0;url=https://admin.example/a?b=1&amp;c=2\">"),
            std::string::npos)
      << page.html;
}

TEST_F(Pages, GoToIsARedirect) {
  auto page = pages.go_to("https://login.example/authorize?a=b&c=d");
  EXPECT_EQ(page.status, 303);
  EXPECT_TRUE(page.fields.ends_with("location: https://login.example/authorize?a=b&c=d\r\n"));
}

TEST_F(Pages, WithoutARoleEveryRoleIsNamed) {
  auto page = pages.no_role(hostile_caller());
  EXPECT_EQ(page.status, 403);
  for (Role role : kRoles) {
    EXPECT_NE(page.html.find("<li>" + std::string(text(role)) + ":"), std::string::npos);
  }
}

}  // namespace
}  // namespace sallyport::admin
