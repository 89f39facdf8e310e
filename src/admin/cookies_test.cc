#include "admin/cookies.h"

#include <gtest/gtest.h>

#include <vector>

namespace sallyport::admin {
namespace {

struct Row {
  std::vector<http::Field> fields;
  std::string_view value;
  std::size_t times;
};

TEST(Cookies, AreFoundByTheirExactName) {
  const Row rows[] = {
      {{}, "", 0},
      {{{"Cookie", "__Host-sallyport=a"}}, "a", 1},
      {{{"cookie", "x=1; __Host-sallyport=a; y=2"}}, "a", 1},
      {{{"COOKIE", "x=1;__Host-sallyport=a"}}, "a", 1},
      {{{"cookie", "__Host-sallyport=a=b"}}, "a=b", 1},
      {{{"cookie", "__Host-sallyport="}}, "", 1},
      {{{"cookie", "__Host-sallyport"}}, "", 0},
      {{{"cookie", "__host-sallyport=a"}}, "", 0},
      {{{"cookie", "sallyport=a; __Host-sallyport-sign-in=b"}}, "", 0},
      {{{"cookie", "__Host-sallyport=a; __Host-sallyport=b"}}, "a", 2},
      {{{"cookie", "__Host-sallyport=a"}, {"cookie", "__Host-sallyport=a"}}, "a", 2},
      {{{"cookie", ";;; ; __Host-sallyport=a;"}}, "a", 1},
      {{{"set-cookie", "__Host-sallyport=a"}}, "", 0},
  };
  for (const auto& row : rows) {
    auto found = find_cookie(row.fields, kSessionCookie);
    const auto& shown = row.fields.empty() ? std::string_view() : row.fields.front().value;
    EXPECT_EQ(found.value, row.value) << shown;
    EXPECT_EQ(found.times, row.times) << shown;
  }
}

TEST(Cookies, AreOursAloneAndOutOfReachOfScripts) {
  EXPECT_EQ(set_cookie(kSessionCookie, "v", SameSite::kStrict, std::chrono::hours(8)),
            "set-cookie: __Host-sallyport=v; Max-Age=28800; Path=/; Secure; HttpOnly; "
            "SameSite=Strict\r\n");
  EXPECT_EQ(set_cookie(kSignInCookie, "", SameSite::kLax, std::chrono::seconds(0)),
            "set-cookie: __Host-sallyport-sign-in=; Max-Age=0; Path=/; Secure; HttpOnly; "
            "SameSite=Lax\r\n");
}

TEST(Cookies, OnlyWhatWeMadeIsLookedUp) {
  const std::string good(43, 'a');
  EXPECT_TRUE(is_random_text(good));
  EXPECT_FALSE(is_random_text(good.substr(1)));
  EXPECT_FALSE(is_random_text(good + "a"));
  EXPECT_FALSE(is_random_text(std::string(42, 'a') + "="));
  EXPECT_FALSE(is_random_text(""));
}

}  // namespace
}  // namespace sallyport::admin
