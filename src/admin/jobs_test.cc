#include "admin/jobs.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <future>

namespace sallyport::admin {
namespace {

Caller caller_named(std::string who, Roles roles = {Role::kAuditor}) {
  Caller caller;
  caller.who = std::move(who);
  caller.roles = roles;
  return caller;
}

constexpr Roles kForWhom{Role::kAuditor, Role::kAdministrator};

class Jobs : public testing::Test {
 protected:
  using Cancelled = JobTable::Cancelled;
  // Looks until the job has ended; its end comes by itself.
  JobView ended(const std::string& id, const Caller& by) {
    for (;;) {
      auto view = jobs.find(by, id);
      SALLYPORT_CHECK(view.has_value());
      if (view->state != JobState::kRunning) return *view;
      std::this_thread::yield();
    }
  }
  // A job that runs until the gate opens.
  std::string start_waiting(const Caller& by, const std::shared_future<void>& open_gate) {
    auto id = jobs.start(by, "test", kForWhom, [open_gate](JobTable::Watch& watch) {
      std::ignore = watch.go_on(1, 2);
      open_gate.wait();
      return std::expected<std::string, Problem>("{}");
    });
    SALLYPORT_CHECK(id.has_value());
    return *id;
  }

  FakeClock clock;
  int next = 0;
  JobTable jobs{clock, [this] { return "job-" + std::to_string(++next); }};
  Caller ada = caller_named("ada");
  Caller bob = caller_named("bob");
  Caller root = caller_named("root", {Role::kAdministrator});
};

TEST_F(Jobs, KeepTheirResult) {
  auto id = jobs.start(ada, "test", kForWhom, [](JobTable::Watch& watch) {
    EXPECT_TRUE(watch.go_on(3, 7));
    return std::expected<std::string, Problem>("{\"x\":1}");
  });
  ASSERT_TRUE(id);
  auto view = ended(*id, ada);
  EXPECT_EQ(view.state, JobState::kDone);
  EXPECT_EQ(view.result, "{\"x\":1}");
  EXPECT_EQ(view.done, 3u);
  EXPECT_EQ(view.all, 7u);
  EXPECT_EQ(view.by, "ada");
}

TEST_F(Jobs, AreTheirOwnersAndTheAdministrators) {
  auto id = jobs.start(ada, "test", kForWhom,
                       [](JobTable::Watch&) { return std::expected<std::string, Problem>("{}"); });
  ASSERT_TRUE(id);
  EXPECT_FALSE(jobs.find(bob, *id));
  EXPECT_EQ(jobs.cancel(bob, *id), Cancelled::kUnknown);
  EXPECT_TRUE(jobs.list(bob).empty());
  EXPECT_TRUE(jobs.find(root, *id));
  EXPECT_EQ(jobs.list(root).size(), 1u);
}

TEST_F(Jobs, EndWhenTheyAreAskedTo) {
  std::promise<void> gate;
  auto id = start_waiting(ada, gate.get_future().share());
  EXPECT_EQ(jobs.cancel(ada, id), Cancelled::kAsked);
  gate.set_value();
  EXPECT_EQ(ended(id, ada).state, JobState::kCancelled);
  EXPECT_EQ(jobs.cancel(ada, id), Cancelled::kEnded);
}

TEST_F(Jobs, FourRunAtMost) {
  std::promise<void> gate;
  auto open = gate.get_future().share();
  std::vector<std::string> ids;
  ids.reserve(JobTable::kMostRunning);
  for (std::size_t i = 0; i < JobTable::kMostRunning; ++i) {
    ids.push_back(start_waiting(i < JobTable::kMostRunningOfOne ? ada : root, open));
  }
  auto one_more = jobs.start(bob, "test", kForWhom, [](JobTable::Watch&) {
    return std::expected<std::string, Problem>("{}");
  });
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().status, 429);
  gate.set_value();
  for (const auto& id : ids) ended(id, root);
}

TEST_F(Jobs, TwoOfAPersonRunAtMost) {
  std::promise<void> gate;
  auto open = gate.get_future().share();
  const auto first = start_waiting(ada, open);
  const auto second = start_waiting(ada, open);
  const auto nothing = [](JobTable::Watch&) { return std::expected<std::string, Problem>("{}"); };
  auto third = jobs.start(ada, "test", kForWhom, nothing);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().error.code, "jobs.full");
  EXPECT_TRUE(jobs.start(bob, "test", kForWhom, nothing));
  gate.set_value();
  ended(first, ada);
  ended(second, ada);
}

TEST_F(Jobs, StandBackFromWhatAnswersPeople) {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  auto id = jobs.start(ada, "test", kForWhom, [](JobTable::Watch&) {
    return std::expected<std::string, Problem>(std::to_string(::getpriority(PRIO_PROCESS, 0)));
  });
  ASSERT_TRUE(id);
  EXPECT_GE(std::stoi(ended(*id, ada).result), std::max(before, 10));
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), before);
}

TEST_F(Jobs, ShowTheirResultToThoseAloneWhoMayAskForIt) {
  auto id = jobs.start(ada, "test", kForWhom,
                       [](JobTable::Watch&) { return std::expected<std::string, Problem>("{}"); });
  ASSERT_TRUE(id);
  EXPECT_EQ(ended(*id, ada).result, "{}");
  auto demoted = jobs.find(caller_named("ada", {Role::kViewer}), *id);
  ASSERT_TRUE(demoted);
  EXPECT_EQ(demoted->state, JobState::kDone);
  EXPECT_TRUE(demoted->result.empty());
}

TEST_F(Jobs, AreForgottenAfterADayAndTheOldestFirst) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i <= JobTable::kMostOfOne; ++i) {
    auto id = jobs.start(ada, "test", kForWhom, [](JobTable::Watch&) {
      return std::expected<std::string, Problem>("{}");
    });
    ASSERT_TRUE(id);
    ended(*id, ada);
    ids.push_back(*id);
  }
  EXPECT_EQ(jobs.list(ada).size(), JobTable::kMostOfOne);
  EXPECT_FALSE(jobs.find(ada, ids.front()));
  EXPECT_EQ(jobs.list(ada).front().id, ids.back());
  clock.advance(std::chrono::hours(25));
  EXPECT_TRUE(jobs.list(ada).empty());
}

TEST_F(Jobs, AResultHasABound) {
  auto id = jobs.start(ada, "test", kForWhom, [](JobTable::Watch&) {
    return std::expected<std::string, Problem>(std::string(JobTable::kMaxResult + 1, 'x'));
  });
  ASSERT_TRUE(id);
  auto view = ended(*id, ada);
  EXPECT_EQ(view.state, JobState::kFailed);
  ASSERT_TRUE(view.problem);
  EXPECT_EQ(view.problem->error.code, "jobs.result_too_large");
}

TEST_F(Jobs, AFailureIsKept) {
  auto id = jobs.start(ada, "test", kForWhom,
                       [](JobTable::Watch&) -> std::expected<std::string, Problem> {
                         throw std::runtime_error("no memory");
                       });
  ASSERT_TRUE(id);
  EXPECT_EQ(ended(*id, ada).problem->error.message, "no memory");
}

}  // namespace
}  // namespace sallyport::admin
