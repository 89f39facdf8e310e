// Each criterion by itself, the table, and a decision whole.
#include "policy/decision.h"

#include <gtest/gtest.h>

#include <set>

namespace sallyport::policy {
namespace {

Snapshot snapshot() {
  Snapshot made;
  made.add({"claude-sonnet-5", "sonnet-prod", 0});
  made.add({"claude-opus-5", "opus-prod", 0});
  made.add({"claude-opus-latest", "opus-prod", 0});
  made.add({"claude-haiku-5", "sonnet-prod", 1});
  return made;
}

// The top-level model first.
RequestFacts asking_for(std::initializer_list<const char*> models) {
  RequestFacts facts;
  for (const char* name : models) {
    facts.body.models.push_back({.name = name, .top_level = facts.body.models.empty()});
  }
  facts.body.model = *models.begin();
  return facts;
}

const Criterion& row(std::string_view reason) {
  for (const auto& one : criteria()) {
    if (one.reason == reason) return one;
  }
  ADD_FAILURE() << reason;
  return criteria().front();
}

// What one criterion alone says.
std::optional<Finding> ask(std::string_view reason, std::initializer_list<const char*> names) {
  auto all = snapshot();
  auto facts = asking_for(names);
  std::vector<const Model*> models;
  for (const char* name : names) models.push_back(all.find(name));
  return row(reason).ask({{}, facts, all, models});
}

TEST(ModelsAreConfigured, RefusesAnUnknownOneWhereverItStands) {
  EXPECT_FALSE(ask("model.not_configured", {"claude-sonnet-5", "claude-haiku-5"}));
  auto finding = ask("model.not_configured", {"claude-sonnet-5", "claude-9"});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->claim, "model");
  EXPECT_EQ(finding->got, "claude-9");
  EXPECT_EQ(finding->sentence,
            "The model claude-9 is not offered here. Choose one of the models of this gateway.");
}

TEST(ModelsHaveOneProvider, RefusesTwo) {
  EXPECT_FALSE(ask("model.upstreams_differ", {"claude-sonnet-5", "claude-opus-5"}));
  auto finding = ask("model.upstreams_differ", {"claude-sonnet-5", "claude-haiku-5"});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->expected, "claude-sonnet-5");
  EXPECT_EQ(finding->got, "claude-haiku-5");
}

TEST(DeploymentsHaveOneId, RefusesTwoIdsOfOneDeployment) {
  EXPECT_FALSE(ask("model.deployment_twice", {"claude-opus-5", "claude-opus-5"}));
  EXPECT_FALSE(ask("model.deployment_twice", {"claude-opus-5", "claude-sonnet-5"}));
  EXPECT_FALSE(ask("model.deployment_twice", {"claude-haiku-5", "claude-sonnet-5"}))
      << "two deployments of one name, at two providers";
  auto finding = ask("model.deployment_twice", {"claude-opus-5", "claude-opus-latest"});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->expected, "claude-opus-5");
  EXPECT_EQ(finding->got, "claude-opus-latest");
}

TEST(Criteria, EachHasAReasonAndASentenceOfItsOwn) {
  std::set<std::string_view> reasons;
  std::set<std::string_view> sentences;
  for (const auto& one : criteria()) {
    EXPECT_TRUE(reasons.insert(one.reason).second) << one.reason;
    EXPECT_TRUE(sentences.insert(one.sentence).second) << one.reason;
    EXPECT_NE(one.reason.find('.'), std::string_view::npos) << one.reason;
    EXPECT_TRUE(one.sentence.ends_with('.')) << one.reason;
    EXPECT_GE(one.status, 400) << one.reason;
    EXPECT_LT(one.status, 500) << one.reason;
    EXPECT_NE(one.ask, nullptr) << one.reason;
  }
}

// Nobody can refuse for a reason that the table does not have, and each row can.
TEST(Criteria, EachDecidesSomething) {
  auto all = snapshot();
  std::set<std::string_view> decided;
  for (auto names : {std::initializer_list<const char*>{"claude-9"},
                     {"claude-sonnet-5", "claude-haiku-5"},
                     {"claude-opus-5", "claude-opus-latest"}}) {
    auto decision = decide({}, asking_for(names), all);
    EXPECT_FALSE(decision.allowed());
    decided.insert(decision.reason());
  }
  std::set<std::string_view> reasons;
  for (const auto& one : criteria()) reasons.insert(one.reason);
  EXPECT_EQ(decided, reasons);
}

TEST(Decision, LetsInWhatNoCriterionRefuses) {
  auto all = snapshot();
  auto decision = decide({}, asking_for({"claude-opus-5", "claude-sonnet-5"}), all);
  EXPECT_TRUE(decision.allowed());
  EXPECT_EQ(decision.reason(), "allowed");
  EXPECT_EQ(decision.policy, "");
  ASSERT_EQ(decision.models.size(), 2U);
  EXPECT_EQ(decision.models[0]->deployment, "opus-prod");
  EXPECT_EQ(all.place_of(*decision.models[1]), 0U);
}

TEST(Decision, IsOfTheFirstRowThatRefuses) {
  auto all = snapshot();
  auto decision = decide(
      {}, asking_for({"claude-9", "claude-haiku-5", "claude-opus-5", "claude-opus-latest"}), all);
  EXPECT_EQ(decision.reason(), "model.not_configured");
  EXPECT_EQ(decision.finding.got, "claude-9");
}

}  // namespace
}  // namespace sallyport::policy
