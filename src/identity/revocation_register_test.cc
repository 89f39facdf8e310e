#include "identity/revocation_register.h"

#include <gtest/gtest.h>

#include <algorithm>
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
  static RevocationRequest sign_ins(std::string key) {
    auto request = user(std::move(key));
    request.kind = RevocationKind::kSignIns;
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
  auto reach = revocations->preview({sign_ins("contoso/t/ada"), user("contoso/t/bob")});
  EXPECT_EQ(reach.streams, 7U);
  EXPECT_TRUE(reach.persons.contains("contoso/t/ada"));
  ASSERT_EQ(fanout.previewed.size(), 2U);
  EXPECT_EQ(fanout.previewed[0]->not_before, unix_seconds(clock.wall()));
  EXPECT_NE(fanout.previewed[0]->id, fanout.previewed[1]->id);
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

TEST_F(RegisterTest, ALaterRevocationOfSignInsTakesThePlaceOfTheEarlierOne) {
  open();
  auto first = revoke({sign_ins("contoso/t/ada")});
  ASSERT_TRUE(revoke({sign_ins("contoso/t/bob"), user("contoso/t/ada")}));
  clock.advance(std::chrono::seconds(5));
  log.story.clear();
  auto second = revoke({sign_ins("contoso/t/ada")});
  ASSERT_TRUE(second);
  ASSERT_EQ(second->size(), 1U) << "what was asked for";
  const auto& made = *second->front().change.revocation;
  EXPECT_EQ(made.not_before, unix_seconds(clock.wall()));
  EXPECT_EQ(log.story, (std::vector<std::string>{"durable 2", "applied 2", "recorded", "recorded",
                                                 "acknowledged"}));
  const auto& lifted = recorded.back().change;
  EXPECT_EQ(lifted.what, RevocationChange::What::kLifted);
  EXPECT_EQ(lifted.revocation, first->front().change.revocation);
  EXPECT_EQ(lifted.by, "root (uid 0)");
  EXPECT_EQ(lifted.reason, "replaced by " + made.id);
  EXPECT_EQ(revocations->in_force().size(), 3U);
  EXPECT_FALSE(lift(lifted.revocation->id));
  ASSERT_TRUE(lift(made.id));
}

TEST_F(RegisterTest, OfEverybodysSignInsOneAnIssuerIsInForce) {
  open();
  RevocationRequest all = sign_ins("");
  all.kind = RevocationKind::kAll;
  RevocationRequest at_issuer = all;
  at_issuer.issuer = "contoso";
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(revoke({all}));
    ASSERT_TRUE(revoke({at_issuer}));
  }
  EXPECT_EQ(revocations->in_force().size(), 2U);
}

TEST_F(RegisterTest, RepeatsInOneStepLeaveTheLastAlone) {
  open();
  auto done = revoke({sign_ins("contoso/t/ada"), sign_ins("contoso/t/ada"), user("contoso/t/ada"),
                      sign_ins("contoso/t/ada")});
  ASSERT_TRUE(done);
  ASSERT_EQ(done->size(), 4U);
  auto left = revocations->in_force();  // of one moment: in any order
  EXPECT_EQ(left.size(), 2U);
  EXPECT_EQ(std::ranges::count(left, (*done)[2].change.revocation), 1);
  EXPECT_EQ(std::ranges::count(left, (*done)[3].change.revocation), 1);
}

TEST_F(RegisterTest, AnEarlierMomentDoesNotTakeThePlaceOfALaterOne) {
  open();
  auto by_watcher = sign_ins("contoso/t/ada");
  by_watcher.hold_off = kWatcherHoldOff;
  auto later = revoke({by_watcher});
  ASSERT_TRUE(revoke({sign_ins("contoso/t/ada")}));
  ASSERT_TRUE(revoke({sign_ins("contoso/t/ada")}));
  auto left = revocations->in_force();
  EXPECT_EQ(left.size(), 2U);
  EXPECT_EQ(std::ranges::count(left, later->front().change.revocation), 1);
}

TEST_F(RegisterTest, IsBoundedAndKeepsAReserve) {
  constexpr std::size_t kMost = RevocationRegister::kMaxInForce;
  constexpr std::size_t kReserve = RevocationRegister::kReserve;
  for (std::size_t i = 0; i < kMost - kReserve; ++i) {
    Revocation one;
    one.id = std::to_string(i);
    one.kind = RevocationKind::kSignIns;
    one.target = "contoso/t/" + one.id;
    log.stored.push_back(std::move(one));
  }
  open();
  auto request = sign_ins("contoso/t/ada");
  request.leaves_reserve = true;
  auto reserved = revoke({request});
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code, "revocation.full");
  EXPECT_NE(reserved.error().message.find("room for 90000"), std::string::npos);
  request.target = "contoso/t/17";
  EXPECT_TRUE(revoke({request})) << "takes the place of an earlier one";
  EXPECT_EQ(revocations->in_force().size(), kMost - kReserve);

  std::vector<RevocationRequest> rest(kReserve, user("contoso/t/ada"));
  EXPECT_TRUE(revoke(rest));
  auto full = revoke({user("contoso/t/ada")});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "revocation.full");
  EXPECT_TRUE(revoke({sign_ins("contoso/t/18")}));
  EXPECT_EQ(revocations->in_force().size(), kMost);
}

TEST_F(RegisterTest, FindsWhatAWorkerWouldRefuseFor) {
  PrincipalDraft draft;
  draft.issuer = "contoso";
  draft.key = "contoso/t/ada";
  draft.client = "desktop";
  auto ada = keep(draft);
  Revocation stored;
  stored.id = "0";
  stored.kind = RevocationKind::kClient;
  stored.target = "desktop";
  log.stored = {stored};
  open();
  EXPECT_EQ(revocations->find(*ada, clock.wall())->id, "0");
  auto done = revoke({user("contoso/t/ada"), user("contoso/t/bob")});
  auto made = done->front().change.revocation;
  EXPECT_EQ(revocations->find(*ada, clock.wall()), made) << "in the order of kinds";
  ASSERT_TRUE(lift(made->id));
  EXPECT_EQ(revocations->find(*ada, clock.wall())->id, "0");
  ASSERT_TRUE(lift("0"));
  EXPECT_EQ(revocations->find(*ada, clock.wall()), nullptr);
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
