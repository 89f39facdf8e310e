#include "admin/api_reply.h"

#include <gtest/gtest.h>

#include "admin/problem.h"

namespace sallyport::admin {
namespace {

TEST(ApiReply, AStatusIsDoneWrongNoOrFailed) {
  EXPECT_EQ(verdict_of(200), Verdict::kDone);
  for (long status : {400, 415, 422}) EXPECT_EQ(verdict_of(status), Verdict::kWrongInput) << status;
  for (long status : {403, 404, 409, 412}) EXPECT_EQ(verdict_of(status), Verdict::kNo) << status;
  for (long status : {0, 199, 201, 204, 302, 401, 405, 413, 429, 500, 501, 503, 504}) {
    EXPECT_EQ(verdict_of(status), Verdict::kFailed) << status;
  }
}

TEST(ApiReply, TheSentenceOfAProblemComesBackAsItWasWritten) {
  Problem problem{403, {"api.role", "this needs the role \"operator\"", "ask for it"}, "/id"};
  problem.more = R"("findings":[{"code":"other","detail":"not this"}])";
  auto words = read_problem(problem_body(problem));
  ASSERT_TRUE(words);
  EXPECT_EQ(words->code, problem.error.code);
  EXPECT_EQ(words->detail, problem.error.message);
  EXPECT_EQ(words->next_step, problem.error.next_step);
}

TEST(ApiReply, WhatIsNoProblemIsNone) {
  for (const char* body :
       {"", "not JSON", "[]", "{}", R"({"code":5,"detail":"x"})", R"({"code":"a.b"})",
        R"({"code":"a.b","detail":"x"} more)", R"({"code":"a.b","detail":"x")"}) {
    EXPECT_FALSE(read_problem(body)) << body;
  }
}

}  // namespace
}  // namespace sallyport::admin
