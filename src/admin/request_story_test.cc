#include "admin/request_story.h"

#include <gtest/gtest.h>

#include "gateway/refusals_page.h"

namespace sallyport::admin {
namespace {

audit::Row refused(std::string_view reason) {
  audit::Row row;
  row.kind = "refused";
  row.outcome = row.reason = reason;
  row.record = R"({"claim":"roles"})";
  return row;
}

TEST(RequestStory, EveryRefusalHasWordsAndANextStep) {
  for (const auto& group : gateway::all_refusals()) {
    for (const auto& refusal : group.refusals) {
      auto story = tell_request(refused(refusal.code));
      EXPECT_FALSE(story.what.empty()) << refusal.code;
      EXPECT_FALSE(story.told.empty()) << refusal.code;
      EXPECT_FALSE(story.next_step.empty()) << refusal.code;
    }
  }
}

TEST(RequestStory, WhatTheRecordSaysGoesFirst) {
  auto row = refused("token.role_missing");
  row.record = R"({"claim":"roles","expected":"A","got":"B","next_step":"assign the role"})";
  auto story = tell_request(row);
  EXPECT_EQ(story.next_step, "assign the role");
  EXPECT_EQ(story.claim + story.expected + story.got, "rolesAB");
}

TEST(RequestStory, EveryEndHasWords) {
  for (const auto* outcome :
       {"complete", "aborted_by_client", "cut_by_revocation", "upstream_error", "record_failed",
        "interrupted", "unfinished", "running"}) {
    audit::Row row;
    row.kind = "request";
    row.outcome = outcome;
    row.record = "{}";
    EXPECT_FALSE(tell_request(row).what.empty()) << outcome;
  }
}

TEST(RequestStory, AProvidersFailureIsToldByItsCode) {
  audit::Row row;
  row.kind = "request";
  row.outcome = "upstream_error";
  row.reason = "upstream.unreachable";
  row.record = "{}";
  EXPECT_EQ(tell_request(row).what, "The model provider could not be reached.");
  row.reason = "rate_limit_error";
  auto story = tell_request(row);
  EXPECT_NE(story.what.find("rate_limit_error"), std::string::npos);
  EXPECT_TRUE(story.told.empty()) << "the provider's own words went to the person";
  EXPECT_FALSE(story.next_step.empty());
}

TEST(RequestStory, ACutNamesTheRevocation) {
  audit::Row row;
  row.kind = "request";
  row.outcome = "cut_by_revocation";
  row.record = "{}";
  row.end = R"({"revocation":"01938000-0000-7000-8000-000000000001"})";
  EXPECT_EQ(tell_request(row).revocation, "01938000-0000-7000-8000-000000000001");
}

}  // namespace
}  // namespace sallyport::admin
