#include "gateway/decision.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

RoutesPtr routes() {
  std::vector<upstream::UpstreamSettings> upstreams(2);
  upstreams[0].name = "foundry";
  upstreams[1].name = "other";
  for (auto& one : upstreams) one.base_url = "http://127.0.0.1:1/anthropic";
  std::vector<upstream::ModelSettings> models{{"claude-sonnet-5", "", "foundry", "sonnet-prod"},
                                              {"claude-opus-5", "", "foundry", "opus-prod"},
                                              {"claude-opus-latest", "", "foundry", "opus-prod"},
                                              {"claude-haiku-5", "", "other", "claude-haiku-5"}};
  auto made = Routes::create({}, {}, {}, upstreams, models);
  EXPECT_TRUE(made);
  return *made;
}

// The top-level model first.
policy::RequestFacts asking_for(std::initializer_list<const char*> models) {
  policy::RequestFacts facts;
  for (const char* name : models) {
    facts.body.models.push_back({.name = name, .top_level = facts.body.models.empty()});
  }
  facts.body.model = *models.begin();
  return facts;
}

std::string_view refusal_code(const RoutesPtr& all, std::initializer_list<const char*> models) {
  auto decided = decide({}, asking_for(models), *all);
  return decided ? decided->why.reason : decided.error()->answer.code;
}

TEST(Decision, AModelOfOursHasOneCandidate) {
  auto all = routes();
  auto decided = decide({}, asking_for({"claude-sonnet-5"}), *all);
  ASSERT_TRUE(decided);
  ASSERT_EQ(decided->plan.candidates.size(), 1U);
  const auto& to = decided->plan.candidates[0];
  EXPECT_EQ(to.upstream, all->upstreams[0].get());
  EXPECT_EQ(to.place, 0U);
  EXPECT_EQ(to.deployment, "sonnet-prod");
  ASSERT_EQ(to.models.size(), 1U);
  EXPECT_EQ(to.models[0].deployment_json, "\"sonnet-prod\"");
}

TEST(Decision, ADeploymentOfTheSameNameIsNotSplicedIn) {
  auto all = routes();
  auto decided = decide({}, asking_for({"claude-haiku-5"}), *all);
  ASSERT_TRUE(decided);
  EXPECT_EQ(decided->plan.candidates[0].place, 1U);
  EXPECT_TRUE(decided->plan.candidates[0].models[0].deployment_json.empty());
}

TEST(Decision, TheTopLevelModelSaysTheDeployment) {
  auto all = routes();
  auto facts = asking_for({"claude-opus-5", "claude-sonnet-5"});
  std::swap(facts.body.models[0], facts.body.models[1]);  // a fallback stands before it in the body
  auto decided = decide({}, facts, *all);
  ASSERT_TRUE(decided);
  EXPECT_EQ(decided->plan.candidates[0].deployment, "opus-prod");
  EXPECT_EQ(decided->plan.candidates[0].models[0].id, "claude-sonnet-5");
}

TEST(Decision, RefusesWhatIsNotOursWhereverItStands) {
  auto all = routes();
  EXPECT_EQ(refusal_code(all, {"claude-9"}), "model.not_configured");
  EXPECT_EQ(refusal_code(all, {"claude-sonnet-5", "claude-9"}), "model.not_configured");
  auto decided = decide({}, asking_for({"claude-9"}), *all);
  EXPECT_EQ(decided.error()->got, "claude-9");
  EXPECT_NE(decided.error()->answer.message.find("claude-9"), std::string::npos);
}

TEST(Decision, RefusesTwoProvidersAndTwoIdsOfOneDeployment) {
  auto all = routes();
  EXPECT_EQ(refusal_code(all, {"claude-sonnet-5", "claude-haiku-5"}), "model.upstreams_differ");
  EXPECT_EQ(refusal_code(all, {"claude-opus-5", "claude-opus-latest"}), "model.deployment_twice");
  EXPECT_EQ(refusal_code(all, {"claude-opus-5", "claude-opus-5"}), "allowed");
  EXPECT_EQ(refusal_code(all, {"claude-opus-5", "claude-sonnet-5"}), "allowed");
}

}  // namespace
}  // namespace sallyport::gateway
