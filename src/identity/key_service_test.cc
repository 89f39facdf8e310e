#include "identity/key_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "identity/test_provider.h"
#include "identity/test_tokens.h"

namespace sallyport::identity {
namespace {

using http::TestServer;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::ElementsAre;
using Kind = KeyEvent::Kind;

class KeyServiceTest : public testing::Test {
 protected:
  /// Nothing happens by time alone, but retries at once.
  static KeyService::Timing still() {
    KeyService::Timing timing;
    timing.retry_first = milliseconds(1);
    timing.retry_without_keys = milliseconds(2);
    timing.retry_with_keys = milliseconds(2);
    timing.fetch_timeout = milliseconds(2000);
    return timing;
  }
  static KeyService::Timing quick() {
    auto timing = still();
    timing.refresh = milliseconds(5);
    return timing;
  }

  [[nodiscard]] IssuerSettings settings(std::string name = "local") const {
    IssuerSettings out;
    out.name = std::move(name);
    out.issuer = provider_.issuer();
    out.audiences = {"api://gateway"};
    return out;
  }
  std::unique_ptr<KeyService> make(std::vector<IssuerSettings> issuers, KeyService::Timing timing) {
    auto service = std::make_unique<KeyService>(
        http::Refresher::Needs{fetcher_, clock_, entropy_, metrics_}, std::move(issuers),
        [this](SnapshotPtr snapshot) { listener_.publish(std::move(snapshot)); },
        [this](const KeyEvent& event) { listener_.event(event); }, timing);
    service->start();
    return service;
  }
  /// Waits until everything that was posted before has run on the fetch thread.
  void settle() {
    std::promise<void> done;
    fetcher_.post([&] { done.set_value(); });
    done.get_future().wait();
  }
  /// True if a refresh was granted; then waits for its end.
  bool refresh(KeyService& service, std::string_view key_id) {
    auto done = std::make_shared<std::promise<void>>();
    if (!service.refresh_for_unknown_key("local", key_id, [done] { done->set_value(); })) {
      return false;
    }
    EXPECT_EQ(done->get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    return true;
  }

  const std::string k1_ = TestKey::rsa().jwk("k1");
  const std::string k2_ = TestKey::p256().jwk("k2");
  FakeClock clock_;
  FakeEntropy entropy_;
  Metrics metrics_;
  TestProvider provider_;
  TestListener listener_;
  http::Fetcher fetcher_;
};

TEST_F(KeyServiceTest, PublishesAtOnceWithoutKeysAndThenWithThem) {
  provider_.publish({k1_});
  auto arrived = provider_.hold();
  auto service = make({settings()}, still());
  auto first = listener_.wait_for_snapshot([](const Snapshot&) { return true; });
  EXPECT_FALSE(first->any_ready(clock_.wall()));
  EXPECT_EQ(first->generation, 1u);
  arrived.wait();
  EXPECT_FALSE(service->health().at(0).ready);
  provider_.release();
  auto second = listener_.wait_for_keys({"k1"});
  EXPECT_TRUE(second->all_ready(clock_.wall()));
  EXPECT_EQ(second->generation, 1u);
  EXPECT_THAT(listener_.wait_for_event(Kind::kKeysChanged).added, ElementsAre("k1"));
  auto health = service->health().at(0);
  EXPECT_TRUE(health.ready);
  EXPECT_EQ(health.keys, 1u);
  EXPECT_EQ(health.last_success, clock_.wall());
  EXPECT_EQ(health.last_error, "");
}

TEST_F(KeyServiceTest, StartsWhileTheProviderIsDownAndTriesAgain) {
  provider_.answer_keys_with(TestServer::text("", "503 Service Unavailable"));
  auto service = make({settings()}, still());
  auto failed = listener_.wait_for_event(Kind::kFetchFailed);
  EXPECT_THAT(failed.message, testing::HasSubstr("503"));
  EXPECT_THAT(service->health().at(0).last_error, testing::HasSubstr("issuer local"));
  EXPECT_FALSE(service->health().at(0).ready);
  provider_.publish({k1_});
  provider_.answer_keys_well();
  listener_.wait_for_keys({"k1"});
  listener_.wait_for_event(Kind::kRecovered);
  EXPECT_EQ(listener_.count(Kind::kFetchFailed), 0u);  // said once, not at every retry
}

TEST_F(KeyServiceTest, RefreshesByTheClockAndTakesNewKeys) {
  provider_.publish({k1_});
  auto service = make({settings()}, quick());
  listener_.wait_for_keys({"k1"});
  provider_.publish({k1_, k2_});
  listener_.wait_for_keys({"k1", "k2"});
}

TEST_F(KeyServiceTest, K8DropsAWithdrawnKeyWithTheSecondFetchWithoutIt) {
  provider_.publish({k1_, k2_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1", "k2"});
  settle();
  provider_.publish({k2_});
  int before = provider_.key_fetches();
  ASSERT_TRUE(refresh(*service, "k9"));
  EXPECT_EQ(provider_.key_fetches(), before + 1);
  auto kept = listener_.wait_for_snapshot([](const Snapshot&) { return true; });
  EXPECT_NE(kept->issuers[0].keys->find("k1"), nullptr);
  clock_.advance(minutes(5));
  ASSERT_TRUE(refresh(*service, "k8"));
  auto dropped = listener_.wait_for_keys({"k2"});
  EXPECT_EQ(dropped->issuers[0].keys->find("k1"), nullptr);
}

TEST_F(KeyServiceTest, K8LooksAgainSoonWhenAKeySeemsWithdrawn) {
  provider_.publish({k1_, k2_});
  auto timing = still();
  timing.unknown_key = milliseconds(5);  // otherwise the next look would be in an hour
  auto service = make({settings()}, timing);
  listener_.wait_for_keys({"k1", "k2"});
  provider_.publish({k2_});
  clock_.advance(minutes(1));
  ASSERT_TRUE(refresh(*service, "k9"));
  listener_.wait_for_keys({"k2"});
}

TEST_F(KeyServiceTest, K1FetchesOnceForAnUnknownKeyAndNotAgainForFiveMinutes) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  provider_.publish({k1_, k2_});
  ASSERT_TRUE(refresh(*service, "k2"));
  listener_.wait_for_keys({"k1", "k2"});
  int fetches = provider_.key_fetches();
  EXPECT_FALSE(refresh(*service, "k3"));
  clock_.advance(minutes(5) - milliseconds(1));
  EXPECT_FALSE(refresh(*service, "k3"));
  EXPECT_EQ(provider_.key_fetches(), fetches);
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(refresh(*service, "k3"));
  EXPECT_EQ(provider_.key_fetches(), fetches + 1);
}

TEST_F(KeyServiceTest, K2AFloodOfUnknownKeysCausesOneFetch) {
  std::atomic<int> done{0};  // outlives the service, whose callbacks count here
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  int fetches = provider_.key_fetches();
  auto arrived = provider_.hold();
  ASSERT_TRUE(service->refresh_for_unknown_key("local", "x0", [&] { ++done; }));
  arrived.wait();
  int granted = 1;
  for (int i = 1; i < 10000; ++i) {
    granted += service->refresh_for_unknown_key("local", "x" + std::to_string(i), [&] { ++done; });
  }
  EXPECT_EQ(granted, 4096);  // those wait for the running one; the rest is told no at once
  provider_.release();
  listener_.wait_for_snapshot([&](const Snapshot&) { return provider_.key_fetches() > fetches; });
  settle();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(service->refresh_for_unknown_key("local", "y" + std::to_string(i), [] {}));
  }
  settle();
  EXPECT_EQ(provider_.key_fetches(), fetches + 1);
}

TEST_F(KeyServiceTest, AStaleKeyNameDoesNotUseUpEveryEarlyFetch) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  ASSERT_TRUE(refresh(*service, "stale"));
  clock_.advance(minutes(5));
  ASSERT_TRUE(refresh(*service, "stale"));  // perhaps one server of the provider was late
  clock_.advance(minutes(5));
  EXPECT_FALSE(refresh(*service, "stale"));  // now it waits ten minutes,
  provider_.publish({k1_, k2_});
  EXPECT_TRUE(refresh(*service, "k2"));  // and the new key need not wait for it
  listener_.wait_for_keys({"k1", "k2"});
}

TEST_F(KeyServiceTest, ARequestThatJoinsARunningFetchGetsOneOfItsOwnIfTheKeyDidNotCome) {
  provider_.publish({k1_, k2_});
  provider_.answer_once_with(TestServer::text(jwks({k1_})));
  auto arrived = provider_.hold();
  auto service = make({settings()}, still());
  arrived.wait();  // the hourly fetch is on its way and will bring k1 alone
  auto done = std::make_shared<std::promise<void>>();
  ASSERT_TRUE(service->refresh_for_unknown_key("local", "k2", [done] { done->set_value(); }));
  provider_.release();
  EXPECT_EQ(done->get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  listener_.wait_for_keys({"k1", "k2"});
  EXPECT_EQ(provider_.key_fetches(), 2);
}

TEST_F(KeyServiceTest, AKeyThatCameAMomentAgoIsWaitedForThoughNoFetchMayStart) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  provider_.publish({k1_, k2_});
  // While the fetch thread is still telling about k2, a worker that has not heard asks for it.
  std::promise<bool> asked;
  std::promise<void> second;
  ASSERT_TRUE(service->refresh_for_unknown_key("local", "k2", [&] {
    std::thread worker([&] {
      asked.set_value(service->refresh_for_unknown_key("local", "k2", [&] { second.set_value(); }));
    });
    worker.join();
  }));
  EXPECT_TRUE(asked.get_future().get());
  EXPECT_EQ(second.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_FALSE(service->refresh_for_unknown_key("local", "k3", [] {}));
}

TEST_F(KeyServiceTest, RefusesToFetchForAnIssuerOrANameThatCannotBe) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  EXPECT_FALSE(service->refresh_for_unknown_key("nobody", "k2", [] {}));
  EXPECT_FALSE(service->refresh_for_unknown_key("local", std::string(257, 'k'), [] {}));
}

TEST_F(KeyServiceTest, K9KeepsTheLastGoodSetThroughEveryBadAnswerAndExpiresAfterADay) {
  provider_.publish({k1_});
  auto service = make({settings()}, quick());
  listener_.wait_for_keys({"k1"});
  const std::vector<std::pair<TestServer::Answer, Kind>> kBad = {
      {TestServer::text("", "302 Found", "location: http://127.0.0.1:1/\r\n"), Kind::kFetchFailed},
      {TestServer::text("<html>sign in</html>"), Kind::kKeysRejected},
      {TestServer::text(std::string((1 << 20) + 1, ' ')), Kind::kFetchFailed},
      {TestServer::text(R"({"keys":[]})"), Kind::kKeysRejected},
      {TestServer::text("", "404 Not Found"), Kind::kFetchFailed},
      {{.bytes = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"}, Kind::kFetchFailed}};
  for (const auto& [answer, kind] : kBad) {
    provider_.answer_keys_with(answer);
    listener_.wait_for_event(kind);
    EXPECT_TRUE(service->health().at(0).ready);
  }
  clock_.advance(hours(24));
  auto expired = listener_.wait_for_event(Kind::kKeysExpired);
  EXPECT_THAT(expired.removed, ElementsAre("k1"));
  listener_.wait_for_snapshot([&](const Snapshot& one) { return !one.any_ready(clock_.wall()); });
  EXPECT_FALSE(service->health().at(0).ready);
  provider_.answer_keys_well();
  listener_.wait_for_keys({"k1"});
}

TEST_F(KeyServiceTest, RefusesADiscoveryDocumentOfAnotherIssuer) {
  provider_.publish({k1_});
  provider_.say_issuer("http://127.0.0.1:1/v2.0");
  auto service = make({settings()}, still());
  EXPECT_THAT(listener_.wait_for_event(Kind::kKeysRejected).message,
              testing::HasSubstr("is of issuer"));
  EXPECT_EQ(provider_.key_fetches(), 0);
}

TEST_F(KeyServiceTest, SaysWhichKeysItLeftOutAndSaysItOnce) {
  provider_.publish({k1_, R"({"kty":"oct","kid":"bad","k":"c2VjcmV0"})"});
  auto service = make({settings()}, quick());
  listener_.wait_for_keys({"k1"});
  EXPECT_THAT(listener_.wait_for_event(Kind::kKeysRejected).message,
              testing::HasSubstr("'bad': a symmetric key"));
  provider_.publish({k1_, k2_, R"({"kty":"oct","kid":"bad","k":"c2VjcmV0"})"});
  listener_.wait_for_keys({"k1", "k2"});
  EXPECT_EQ(listener_.count(Kind::kKeysRejected), 0u);
}

TEST_F(KeyServiceTest, ReadsAKeyFileInsteadAndSeesItsChange) {
  auto path = std::filesystem::path(testing::TempDir()) / "keys.json";
  auto write = [&](const std::string& text) {
    std::ofstream(path.string() + ".new") << text;
    std::filesystem::rename(path.string() + ".new", path);
  };
  write(jwks({k1_}));
  auto from_file = settings();
  from_file.issuer = "https://issuer.invalid";
  from_file.jwks_file = path;
  auto service = make({from_file}, quick());
  auto snapshot = listener_.wait_for_keys({"k1"});
  EXPECT_EQ(snapshot->issuers[0].keys_until, WallTime::max());
  write(jwks({k1_, k2_}));
  listener_.wait_for_keys({"k1", "k2"});
  EXPECT_EQ(provider_.key_fetches(), 0);
  std::filesystem::remove(path);
  listener_.wait_for_event(Kind::kFetchFailed);
  clock_.advance(hours(1000));
  EXPECT_TRUE(service->health().at(0).ready);  // a file has no age
}

TEST_F(KeyServiceTest, ReloadReadsAKeyFileAtOnceAndDropsWhatItNoLongerHas) {
  auto path = std::filesystem::path(testing::TempDir()) / "withdrawn.json";
  auto write = [&](const std::string& text) {
    std::ofstream(path.string() + ".new") << text;
    std::filesystem::rename(path.string() + ".new", path);
  };
  write(jwks({k1_, k2_}));
  auto from_file = settings();
  from_file.issuer = "https://issuer.invalid";
  from_file.jwks_file = path;
  auto service = make({from_file}, still());
  listener_.wait_for_keys({"k1", "k2"});
  write(jwks({k2_}));
  service->reload({from_file});
  auto now = listener_.wait_for_keys({"k2"});
  EXPECT_EQ(now->generation, 1u);  // no setting changed
}

TEST_F(KeyServiceTest, AnIssuersRefreshTimeShortensBothIntervals) {
  provider_.publish({k1_});
  auto often = settings();
  often.key_refresh = minutes(12);  // so one early fetch a minute
  auto service = make({often}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  ASSERT_TRUE(refresh(*service, "x1"));
  EXPECT_FALSE(refresh(*service, "x2"));
  clock_.advance(minutes(1));
  EXPECT_TRUE(refresh(*service, "x2"));
}

TEST_F(KeyServiceTest, AReloadWithAShorterRefreshTimeNeedsNoHourToCount) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  auto first = listener_.wait_for_keys({"k1"});
  provider_.publish({k1_, k2_});
  auto often = settings();
  often.key_refresh = milliseconds(5);
  service->reload({often});
  listener_.wait_for_keys({"k1", "k2"});
}

TEST_F(KeyServiceTest, ReloadKeepsTheKeysOfAnUnchangedSourceAndCountsTheGeneration) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  auto first = listener_.wait_for_keys({"k1"});
  service->reload({settings()});
  settle();
  auto same = listener_.wait_for_keys({"k1"});
  EXPECT_EQ(same->generation, 1u);

  auto changed = settings();
  changed.audiences = {"api://other"};
  auto added = settings("second");
  int fetches = provider_.key_fetches();
  service->reload({added, changed});
  auto both = listener_.wait_for_snapshot(
      [](const Snapshot& one) { return one.generation == 2 && one.issuers[0].keys != nullptr; });
  EXPECT_EQ(both->issuers[1].settings.audiences, changed.audiences);
  EXPECT_EQ(both->issuers[1].keys, first->issuers[0].keys);
  EXPECT_EQ(provider_.key_fetches(), fetches + 1);  // for the new one alone

  auto moved = changed;
  moved.issuer = "http://127.0.0.1:1/v2.0";
  service->reload({moved});
  auto without = listener_.wait_for_snapshot(
      [](const Snapshot& one) { return one.issuers.size() == 1 && one.generation == 3; });
  EXPECT_EQ(without->issuers[0].keys, nullptr);
}

TEST_F(KeyServiceTest, AReloadAsksAtOnceAgainWhereTheLastFetchFailed) {
  provider_.answer_keys_with(TestServer::text("", "503 Service Unavailable"));
  auto timing = still();
  timing.retry_first = timing.retry_without_keys = hours(1);
  auto service = make({settings()}, timing);
  listener_.wait_for_event(Kind::kFetchFailed);
  provider_.publish({k1_});
  provider_.answer_keys_well();
  service->reload({settings()});
  EXPECT_EQ(listener_.wait_for_keys({"k1"})->generation, 1u);
}

TEST_F(KeyServiceTest, ReloadReleasesRequestsThatWaitForAnIssuerThatIsGone) {
  provider_.publish({k1_});
  auto service = make({settings()}, still());
  listener_.wait_for_keys({"k1"});
  settle();
  auto arrived = provider_.hold();
  std::promise<void> done;
  ASSERT_TRUE(service->refresh_for_unknown_key("local", "k2", [&] { done.set_value(); }));
  arrived.wait();
  service->reload({});
  EXPECT_EQ(done.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  provider_.release();
}

TEST_F(KeyServiceTest, SaysNothingMoreOnceItIsGone) {
  provider_.publish({k1_});
  auto arrived = provider_.hold();
  auto service = make({settings()}, still());
  arrived.wait();
  service.reset();
  provider_.release();
  settle();
  EXPECT_EQ(listener_.count(Kind::kKeysChanged), 0u);
}

TEST_F(KeyServiceTest, GoesOnlyWhenACallbackThatRunsHasEnded) {
  provider_.publish({k1_});
  std::promise<void> inside;
  std::promise<void> go_on;
  std::atomic<bool> ended{false};
  std::atomic<bool> first{true};
  KeyService::Publish publish = [&](const SnapshotPtr&) {
    if (!first.exchange(false)) return;
    inside.set_value();
    go_on.get_future().wait();
    ended = true;
  };
  auto service = std::make_unique<KeyService>(
      http::Refresher::Needs{fetcher_, clock_, entropy_, metrics_},
      std::vector<IssuerSettings>{settings()}, publish, nullptr, still());
  service->start();
  inside.get_future().wait();
  std::thread other([&] { go_on.set_value(); });
  service.reset();
  EXPECT_TRUE(ended);
  other.join();
  settle();
}

TEST_F(KeyServiceTest, PublishesTheExtraHeadersOfAllIssuers) {
  provider_.publish({k1_});
  auto one = settings("one");
  one.header = "x-one";
  auto two = settings("two");
  two.header = "x-one";
  auto three = settings("three");
  three.header = "x-three";
  auto service = make({one, two, three}, still());
  auto snapshot = listener_.wait_for_snapshot([](const Snapshot&) { return true; });
  EXPECT_THAT(snapshot->extra_headers, ElementsAre("x-one", "x-three"));
}

}  // namespace
}  // namespace sallyport::identity
