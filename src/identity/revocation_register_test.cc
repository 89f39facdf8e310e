#include "identity/revocation_register.h"

#include <gtest/gtest.h>

#include <future>

namespace sallyport::identity {
namespace {

// A log in memory that can be taken away, and remembers in which order things happened.
struct FakeLog final : RevocationLog {
  Result<std::vector<Revocation>> load() override { return stored; }
  Result<void> append(std::span<const RevocationChange> changes) override {
    ++appends;
    if (gone) return fail("store.unusable", "the disk is gone", "bring it back");
    story.push_back("durable " + std::to_string(changes.size()));
    return {};
  }
  Result<void> check() override {
    if (gone) return fail("store.gone", "the disk is gone", "bring it back");
    return {};
  }
  std::vector<Revocation> stored;
  std::vector<std::string> story;
  std::atomic<bool> gone{false};
  int appends = 0;
};

struct FakeFanout final : RevocationFanout {
  explicit FakeFanout(FakeLog& of) : log(of) {}
  std::vector<RevocationEffect> apply(const std::vector<RevocationChange>& changes) override {
    log.story.push_back("applied " + std::to_string(changes.size()));
    std::vector<RevocationEffect> effects(changes.size());
    for (auto& effect : effects) effect.cut = 2;
    if (hold.valid()) hold.wait();
    return effects;
  }
  RevocationReach preview(const std::vector<RevocationPtr>& revocations) override {
    previewed = revocations;
    return {.streams = 7, .persons = {"contoso/t/ada"}};
  }
  FakeLog& log;
  std::shared_future<void> hold;
  std::vector<RevocationPtr> previewed;
};

class RegisterTest : public testing::Test {
 protected:
  void open() {
    auto made = RevocationRegister::open(log, clock, entropy, metrics,
                                         [this](const RevocationOutcome& outcome) {
                                           log.story.push_back("recorded");
                                           recorded.push_back(outcome);
                                         });
    ASSERT_TRUE(made);
    revocations = std::move(*made);
    revocations->start(fanout);
  }
  using Outcomes = Result<std::vector<RevocationOutcome>>;
  Outcomes revoke(std::vector<RevocationRequest> requests) {
    std::promise<Outcomes> done;
    revocations->revoke(std::move(requests), [&](Outcomes outcomes) {
      log.story.push_back("acknowledged");
      done.set_value(std::move(outcomes));
    });
    return done.get_future().get();
  }
  Outcomes lift(std::string id) {
    std::promise<Outcomes> done;
    revocations->lift({std::move(id), "root (uid 0)", "a mistake"},
                      [&](Outcomes outcomes) { done.set_value(std::move(outcomes)); });
    return done.get_future().get();
  }
  static RevocationRequest user(std::string key) {
    RevocationRequest request;
    request.target = std::move(key);
    request.by = "root (uid 0)";
    request.reason = "left";
    return request;
  }

  FakeLog log;
  FakeFanout fanout{log};
  FakeClock clock;
  FakeEntropy entropy;
  Metrics metrics;
  std::vector<RevocationOutcome> recorded;
  std::unique_ptr<RevocationRegister> revocations;
};

TEST_F(RegisterTest, IsDurableThenAppliedThenRecordedThenAcknowledged) {
  open();
  auto done = revoke({user("contoso/t/ada")});
  ASSERT_TRUE(done);
  EXPECT_EQ(log.story,
            (std::vector<std::string>{"durable 1", "applied 1", "recorded", "acknowledged"}));
  const auto& made = *done->front().change.revocation;
  EXPECT_EQ(made.target, "contoso/t/ada");
  EXPECT_EQ(made.by, "root (uid 0)");
  EXPECT_EQ(made.at, clock.wall());
  EXPECT_EQ(done->front().effect.cut, 2U);
  ASSERT_EQ(revocations->in_force().size(), 1U);
  EXPECT_EQ(revocations->health().cut, 2U);
}

TEST_F(RegisterTest, APreviewAsksTheWorkersAndChangesNothing) {
  open();
  auto sign_ins = user("contoso/t/ada");
  sign_ins.kind = RevocationKind::kSignIns;
  auto reach = revocations->preview({sign_ins});
  EXPECT_EQ(reach.streams, 7U);
  EXPECT_TRUE(reach.persons.contains("contoso/t/ada"));
  ASSERT_EQ(fanout.previewed.size(), 1U);
  EXPECT_EQ(fanout.previewed[0]->not_before, unix_seconds(clock.wall()));
  EXPECT_TRUE(log.story.empty());
  EXPECT_TRUE(revocations->in_force().empty());
}

TEST_F(RegisterTest, SeveralAreOneStep) {
  open();
  auto done = revoke({user("contoso/t/ada"), user("contoso/t/bob")});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->size(), 2U);
  EXPECT_EQ(log.story.front(), "durable 2");
}

TEST_F(RegisterTest, WhatComesWhileItIsBusyIsWrittenInOneGo) {
  std::promise<void> go;
  fanout.hold = go.get_future().share();
  open();
  std::atomic<int> done{0};
  std::promise<void> all;
  for (int i = 0; i < 1001; ++i) {
    revocations->revoke({user("contoso/t/" + std::to_string(i))}, [&](const Outcomes& outcomes) {
      EXPECT_TRUE(outcomes);
      if (++done == 1001) all.set_value();
    });
  }
  go.set_value();
  all.get_future().wait();
  EXPECT_EQ(revocations->in_force().size(), 1001U);
  EXPECT_LE(log.appends, 3) << "the first may have gone alone";
}

TEST_F(RegisterTest, LiftsWhatIsInForceAndNothingElse) {
  open();
  auto done = revoke({user("contoso/t/ada")});
  auto id = done->front().change.revocation->id;
  auto unknown = lift("00000000-0000-7000-8000-000000000000");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, "revocation.unknown");
  ASSERT_TRUE(lift(id));
  EXPECT_TRUE(revocations->in_force().empty());
  EXPECT_FALSE(lift(id));
  EXPECT_EQ(recorded.back().change.reason, "a mistake");
}

TEST_F(RegisterTest, WithTheStoreGoneNothingChangesAndItIsSaid) {
  open();
  ASSERT_TRUE(revoke({user("contoso/t/ada")}));
  auto id = revocations->in_force().front()->id;
  log.gone = true;
  log.story.clear();
  auto failed = revoke({user("contoso/t/bob")});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "store.gone");
  EXPECT_NE(failed.error().message.find("nothing was changed"), std::string::npos);
  EXPECT_FALSE(lift(id));
  EXPECT_EQ(log.story, std::vector<std::string>{"acknowledged"}) << "no worker heard of it";
  EXPECT_EQ(revocations->in_force().size(), 1U) << "what was revoked stays revoked";
  EXPECT_FALSE(revocations->health().problem.empty());
  log.gone = false;
  EXPECT_TRUE(revoke({user("contoso/t/bob")}));
  EXPECT_TRUE(revocations->health().problem.empty());
}

TEST_F(RegisterTest, BeginsWithWhatTheLogHas) {
  Revocation over;
  over.id = "1";
  over.until = clock.wall() - std::chrono::seconds(1);
  Revocation still;
  still.id = "2";
  still.until = clock.wall() + std::chrono::hours(1);
  log.stored = {over, still};
  open();
  ASSERT_EQ(revocations->in_force().size(), 1U);
  EXPECT_EQ(revocations->in_force().front()->id, "2");
}

TEST_F(RegisterTest, HoldsOffForWatchersAndNotForOperators) {
  open();
  auto request = user("contoso/t/ada");
  request.kind = RevocationKind::kSignIns;
  auto by_operator = revoke({request});
  EXPECT_EQ(by_operator->front().change.revocation->not_before, unix_seconds(clock.wall()));
  request.source = "graph";
  request.hold_off = kWatcherHoldOff;
  request.happened = clock.wall() - std::chrono::seconds(60);
  auto by_watcher = revoke({request});
  EXPECT_EQ(by_watcher->front().change.revocation->not_before,
            unix_seconds(clock.wall()) - 60 + 300);
}

TEST_F(RegisterTest, ATokensRevocationEndsWhenNoSuchTokenCanBeValid) {
  open();
  auto request = user("token-1");
  request.kind = RevocationKind::kToken;
  auto done = revoke({request});
  EXPECT_EQ(done->front().change.revocation->until, clock.wall() + RevocationRegister::kTokenLife);
}

TEST_F(RegisterTest, IsBounded) {
  for (std::size_t i = 0; i < RevocationRegister::kMaxInForce; ++i) {
    Revocation one;
    one.id = std::to_string(i);
    log.stored.push_back(std::move(one));
  }
  open();
  auto full = revoke({user("contoso/t/ada")});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "revocation.full");
}

TEST_F(RegisterTest, AfterItsEndItSaysSo) {
  open();
  revocations->stop();
  auto late = revoke({user("contoso/t/ada")});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "revocation.busy");
}

}  // namespace
}  // namespace sallyport::identity
