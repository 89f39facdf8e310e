#include "gateway/admissions.h"

#include <gtest/gtest.h>

#include <deque>

#include "gateway/bits.h"

namespace sallyport::gateway {
namespace {

using identity::PrincipalDraft;
using identity::PrincipalPtr;
using identity::Revocation;
using identity::RevocationChange;
using identity::RevocationKind;
using enum identity::RevocationKind;

constexpr WallTime kNow = WallTime(std::chrono::seconds(1795219200));

struct Exchange {
  explicit Exchange(EventLoop& loop) : signal(loop), running(signal, kCut) {}
  Signal signal;
  RunningExchange running;
  [[nodiscard]] bool told() const { return running.revocation() && signal.is_raised(kCut); }
};

class AdmissionsTest : public testing::Test {
 protected:
  static PrincipalPtr person(const std::string& name) {
    PrincipalDraft made;
    made.issuer = "contoso";
    made.key = "contoso/t/" + name;
    made.session_id = "session-" + name;
    made.token_id = "token-" + name;
    made.client = "desktop";
    made.groups = {"staff"};
    return keep(made);
  }
  Exchange& enter(PrincipalPtr who, const std::string& id = "r") {
    auto& made = exchanges.emplace_back(loop);
    std::string uuid = id + std::string(36 - id.size(), '.');
    admissions.enter(made.running, std::move(who), uuid, kNow);
    return made;
  }
  RevocationChange change(RevocationKind kind, std::string target) {
    auto made = std::make_shared<Revocation>();
    made->id = std::to_string(++ids);
    made->kind = kind;
    made->target = std::move(target);
    made->not_before = 1795219200;
    return {RevocationChange::What::kRevoked, made, kNow, {}, {}};
  }

  EventLoop loop;
  Admissions admissions;
  std::deque<Exchange> exchanges;
  int ids = 0;

  // What a revocation would reach.
  identity::RevocationReach preview(std::initializer_list<identity::RevocationPtr> asked) {
    identity::RevocationTable table;
    for (const auto& one : asked) table.add(one);
    return admissions.preview(table, kNow);
  }
};

TEST_F(AdmissionsTest, EachKindTellsTheExchangesThatItConcerns) {
  for (auto [kind, target] :
       std::initializer_list<std::pair<RevocationKind, const char*>>{{kUser, "contoso/t/ada"},
                                                                     {kSignIns, "contoso/t/ada"},
                                                                     {kSession, "session-ada"},
                                                                     {kToken, "token-ada"}}) {
    Admissions fresh;
    Exchange ada(loop), again(loop), bob(loop);
    fresh.enter(ada.running, person("ada"), std::string(36, '1'), kNow);
    fresh.enter(again.running, person("ada"), std::string(36, '2'), kNow);
    fresh.enter(bob.running, person("bob"), std::string(36, '3'), kNow);
    auto effect = fresh.apply(change(kind, target), kNow);
    EXPECT_EQ(effect.cut, 2U) << text(kind);
    EXPECT_TRUE(ada.told() && again.told());
    EXPECT_FALSE(bob.told()) << text(kind);
    EXPECT_EQ(effect.last_request, std::string(36, '2'));
    EXPECT_NE(fresh.find(*person("ada"), kNow), nullptr);
    EXPECT_EQ(fresh.find(*person("bob"), kNow), nullptr);
  }
}

TEST_F(AdmissionsTest, AClientAGroupAndEverybodyConcernAll) {
  for (auto [kind, target] : std::initializer_list<std::pair<RevocationKind, const char*>>{
           {kClient, "desktop"}, {kGroup, "staff"}, {kAll, ""}}) {
    Admissions fresh;
    Exchange ada(loop), bob(loop);
    fresh.enter(ada.running, person("ada"), std::string(36, '1'), kNow);
    fresh.enter(bob.running, person("bob"), std::string(36, '2'), kNow);
    EXPECT_EQ(fresh.apply(change(kind, target), kNow).cut, 2U) << text(kind);
    EXPECT_TRUE(ada.told() && bob.told());
  }
}

TEST_F(AdmissionsTest, WhoHasLeftIsNotTold) {
  auto& first = enter(person("ada"), "first");
  {
    Exchange gone(loop);
    admissions.enter(gone.running, person("ada"), std::string(36, 'g'), kNow);
  }
  auto& third = enter(person("ada"), "third");
  auto effect = admissions.apply(change(kUser, "contoso/t/ada"), kNow);
  EXPECT_EQ(effect.cut, 2U);
  EXPECT_TRUE(first.told() && third.told());
  EXPECT_TRUE(effect.last_request.starts_with("third"));
}

TEST_F(AdmissionsTest, AnExchangeIsToldOnce) {
  auto& ada = enter(person("ada"));
  EXPECT_EQ(admissions.apply(change(kUser, "contoso/t/ada"), kNow).cut, 1U);
  auto first = ada.running.revocation();
  EXPECT_EQ(admissions.apply(change(kClient, "desktop"), kNow).cut, 0U);
  EXPECT_EQ(ada.running.revocation(), first);
}

TEST_F(AdmissionsTest, KnowsTheLastRequestThatWasAdmittedAmongTheRecentOnes) {
  for (int i = 0; i < 3; ++i) {
    Exchange done(loop);
    admissions.enter(done.running, person("ada"), std::string(36, static_cast<char>('a' + i)),
                     kNow + std::chrono::seconds(i));
  }
  for (std::size_t i = 0; i < Admissions::kRecent - 1; ++i) {
    Exchange done(loop);
    admissions.enter(done.running, person("bob"), std::string(36, 'b'), kNow);
  }
  auto effect = admissions.apply(change(kUser, "contoso/t/ada"), kNow);
  EXPECT_EQ(effect.cut, 0U);
  EXPECT_EQ(effect.last_request, std::string(36, 'c'));
  EXPECT_EQ(effect.last_admitted, kNow + std::chrono::seconds(2));
  Exchange one_more(loop);
  admissions.enter(one_more.running, person("bob"), std::string(36, 'b'), kNow);
  EXPECT_EQ(admissions.apply(change(kToken, "token-ada"), kNow).last_request, "") << "forgotten";
}

TEST_F(AdmissionsTest, OfManyAtOnceEachKnowsItsOwnLastRequest) {
  auto& ada = enter(person("ada"), "1");
  auto& bob = enter(person("bob"), "2");
  auto& again = enter(person("ada"), "3");
  auto lifted = change(kUser, "contoso/t/bob");
  lifted.what = RevocationChange::What::kLifted;
  const RevocationChange changes[] = {change(kSignIns, "contoso/t/ada"),
                                      change(kUser, "contoso/t/eve"), lifted,
                                      change(kToken, "token-bob"), change(kClient, "desktop")};
  auto effects = admissions.apply(changes, kNow);
  ASSERT_EQ(effects.size(), 5U);
  EXPECT_EQ(effects[0].cut, 2U);
  EXPECT_TRUE(effects[0].last_request.starts_with("3"));
  EXPECT_EQ(effects[1].last_request, "");
  EXPECT_EQ(effects[2].last_request, "") << "a lift";
  EXPECT_EQ(effects[3].cut, 1U);
  EXPECT_TRUE(effects[3].last_request.starts_with("2"));
  EXPECT_EQ(effects[4].cut, 0U) << "these end already";
  EXPECT_TRUE(effects[4].last_request.starts_with("3"));
  EXPECT_EQ(effects[4].last_admitted, kNow);
  EXPECT_TRUE(ada.told() && bob.told() && again.told());
  EXPECT_EQ(admissions.in_force(), 4U);
}

TEST_F(AdmissionsTest, APreviewCountsWhatItWouldEndAndEndsNothing) {
  auto& first = enter(person("ada"), "1");
  enter(person("ada"), "2");
  enter(person("bob"), "3");
  auto ada = change(kUser, "contoso/t/ada").revocation;
  auto session = change(kSession, "session-ada").revocation;
  auto reach = preview({ada, session});
  EXPECT_EQ(reach.streams, 2U) << "each once, though both concern it";
  EXPECT_EQ(reach.persons, (std::set<std::string, std::less<>>{"contoso/t/ada"}));
  EXPECT_EQ(preview({change(kAll, "").revocation}).streams, 3U);
  EXPECT_EQ(preview({change(kUser, "contoso/t/eve").revocation}).streams, 0U);
  EXPECT_FALSE(first.told());
  EXPECT_EQ(admissions.find(*person("ada"), kNow), nullptr);
  EXPECT_EQ(admissions.in_force(), 0U);
  EXPECT_EQ(admissions.apply(change(kToken, "token-ada"), kNow).cut, 2U);
  EXPECT_EQ(preview({ada}).streams, 0U) << "these end already";
}

TEST_F(AdmissionsTest, ALiftLetsInAgain) {
  auto revoked = change(kUser, "contoso/t/ada");
  admissions.apply(revoked, kNow);
  EXPECT_NE(admissions.find(*person("ada"), kNow), nullptr);
  revoked.what = RevocationChange::What::kLifted;
  admissions.apply(revoked, kNow);
  EXPECT_EQ(admissions.find(*person("ada"), kNow), nullptr);
}

}  // namespace
}  // namespace sallyport::gateway
