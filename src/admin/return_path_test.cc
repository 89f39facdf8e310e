#include "admin/return_path.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

struct Row {
  std::string_view query;
  std::string_view path;
};

constexpr Row kRows[] = {
    {"", "/"},
    {"return=/", "/"},
    {"return=/api/v1/me", "/api/v1/me"},
    {"return=%2Fapi%2Fv1%2Fpeople%3Ffind%3Dada%26limit%3D5", "/api/v1/people?find=ada&limit=5"},
    {"x=1&return=/a&y=2", "/a"},
    // Every way to another host that a browser knows.
    {"return=https://evil.example/", "/"},
    {"return=https:evil.example", "/"},
    {"return=//evil.example", "/"},
    {"return=///evil.example", "/"},
    {"return=/%2Fevil.example", "/"},
    {"return=/%5Cevil.example", "/"},
    {"return=%5C%5Cevil.example", "/"},
    {"return=/.//evil.example", "/"},
    {"return=/a/..//evil.example", "/"},
    {"return=/%09/evil.example", "/"},
    {"return=/%0D%0Aset-cookie:%20a=b", "/"},
    {"return=%20/a", "/"},
    {"return=javascript:alert(1)", "/"},
    {"return=@evil.example", "/"},
    {"return=/a%22%3E%3Cscript%3E", "/"},
    {"return=/%C3%A9", "/"},
    {"return=/a%00b", "/"},
    {"return=/%zz", "/"},
    {"return=/%252F%252Fevil.example", "/%2F%2Fevil.example"},
    // Not what begins it all again, and nothing that can be read two ways.
    {"return=/sign-in?return=/sign-in", "/"},
    {"return=/sign-out", "/"},
    {"return=/a&return=/b", "/"},
    {"return=", "/"},
    {"return", "/"},
};

TEST(ReturnPath, StaysHere) {
  for (const auto& row : kRows) EXPECT_EQ(return_path_of_query(row.query), row.path) << row.query;
}

TEST(ReturnPath, IsBounded) {
  EXPECT_EQ(return_path("/" + std::string(1023, 'a')).size(), 1024u);
  EXPECT_EQ(return_path("/" + std::string(1024, 'a')), "/");
}

}  // namespace
}  // namespace sallyport::admin
