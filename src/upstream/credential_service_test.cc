#include "upstream/credential_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>

#include "http/test_server.h"

namespace sallyport::upstream {
namespace {

using http::TestServer;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = CredentialEvent::Kind;

class CredentialServiceTest : public testing::Test {
 protected:
  CredentialServiceTest() : server_([this](const TestServer::Request&) { return answer(); }) {}

  UpstreamSettings settings(const std::string& name = "foundry") {
    UpstreamSettings out;
    out.name = name;
    out.base_url = "https://foundry.example/anthropic";
    out.credential.kind = CredentialKind::kImds;
    out.credential.endpoint = server_.url("/token");
    return out;
  }
  UpstreamSettings with_key(std::string_view key) {
    auto out = settings();
    out.credential.kind = CredentialKind::kApiKey;
    out.credential.secret = std::make_shared<Secret>(key);
    return out;
  }
  /// Nothing happens by time alone, but retries at once.
  static CredentialService::Timing still() {
    CredentialService::Timing timing;
    timing.retries = {milliseconds(1), milliseconds(2)};
    timing.lasting = milliseconds(2);
    timing.fetch_timeout = milliseconds(2000);
    return timing;
  }
  std::unique_ptr<CredentialService> make(const std::vector<UpstreamSettings>& upstreams,
                                          CredentialService::Timing timing) {
    auto service = std::make_unique<CredentialService>(
        http::Refresher::Needs{fetcher_, clock_, entropy_, metrics_}, upstreams,
        [this](CredentialsPtr snapshot) {
          std::lock_guard lock(mutex_);
          latest_ = std::move(snapshot);
          changed_.notify_all();
        },
        [this](const CredentialEvent& event) {
          std::lock_guard lock(mutex_);
          events_.push_back(event);
          changed_.notify_all();
        },
        std::move(timing));
    service->start();
    return service;
  }

  template <typename Condition>
  void wait(Condition condition, const char* what) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds(10), condition)) << what;
  }
  /// Waits until the snapshot holds exactly this header line (empty: none).
  CredentialPtr wait_for(const UpstreamSettings& upstream, const std::string& line) {
    std::uint64_t id = credential_id(upstream);
    wait(
        [&] {
          if (latest_ == nullptr) return false;
          const auto& now = latest_->find(id);
          return line.empty() ? now == nullptr : now != nullptr && now->line() == line;
        },
        line.c_str());
    return latest_->find(id);
  }
  CredentialEvent wait_for_event(Kind kind) {
    CredentialEvent found{};
    wait(
        [&] {
          auto at = std::ranges::find(events_, kind, &CredentialEvent::kind);
          if (at == events_.end()) return false;
          found = *at;
          events_.erase(at);
          return true;
        },
        std::string(name_of(kind)).c_str());
    return found;
  }
  std::size_t count(Kind kind) {
    std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(events_, kind, &CredentialEvent::kind));
  }
  /// True if a renewal was granted; then waits for its end.
  bool renew(CredentialService& service, const UpstreamSettings& upstream, std::uint64_t serial) {
    auto done = std::make_shared<std::promise<void>>();
    if (!service.renew(credential_id(upstream), serial, [done] { done->set_value(); })) {
      return false;
    }
    EXPECT_EQ(done->get_future().wait_for(seconds(10)), std::future_status::ready);
    return true;
  }
  void token(const std::string& text, int life = 86400) {
    std::lock_guard lock(mutex_);
    answer_ = TestServer::text(R"({"access_token":")" + text + R"(","expires_in":)" +
                               std::to_string(life) + "}");
  }
  void fault(std::string_view status) {
    std::lock_guard lock(mutex_);
    answer_ = TestServer::text("", status);
  }
  /// While held, answers wait; true once a request is there.
  void hold() {
    std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  void wait_for_requests(int wanted) {
    wait([&] { return asked_ >= wanted; }, "a request");
  }
  int asked() {
    std::lock_guard lock(mutex_);
    return asked_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  TestServer::Answer answer_;
  bool held_ = false;
  int asked_ = 0;
  CredentialsPtr latest_;
  std::deque<CredentialEvent> events_;
  FakeClock clock_;
  FakeEntropy entropy_;
  Metrics metrics_;
  TestServer server_;
  http::Fetcher fetcher_;

 private:
  TestServer::Answer answer() {
    std::unique_lock lock(mutex_);
    ++asked_;
    changed_.notify_all();
    changed_.wait_for(lock, seconds(10), [&] { return !held_; });
    return answer_;
  }
};

TEST(RenewalDelay, IsAheadOfTheEndWithJitter) {
  EXPECT_EQ(renewal_delay(hours(24), 0), hours(12));
  EXPECT_EQ(renewal_delay(hours(2), 0), hours(1));
  EXPECT_EQ(renewal_delay(minutes(60), 0), minutes(55));
  EXPECT_EQ(renewal_delay(minutes(8), 0), minutes(4));
  EXPECT_EQ(renewal_delay(seconds(2), 0), seconds(1));
  for (int chance = 0; chance < 256; ++chance) {
    auto delay = renewal_delay(minutes(60), static_cast<std::uint8_t>(chance));
    EXPECT_GT(delay, minutes(49));
    EXPECT_LE(delay, minutes(55));
  }
}

TEST(CredentialId, IsTheSameForRotatedSecretsAndForNothingElse) {
  UpstreamSettings a;
  a.name = "foundry";
  a.base_url = "https://a.example";
  a.credential.kind = CredentialKind::kClientSecret;
  a.credential.endpoint = "https://login.example/t/token";
  a.credential.client_id = "client";
  a.credential.secret = std::make_shared<Secret>(std::string_view("one"));
  auto b = a;
  b.credential.secret = std::make_shared<Secret>(std::string_view("two"));
  EXPECT_EQ(credential_id(a), credential_id(b));
  EXPECT_FALSE(same_credential(a.credential, b.credential));
  for (auto change : std::vector<void (*)(UpstreamSettings&)>{
           [](UpstreamSettings& s) { s.name += "x"; },
           [](UpstreamSettings& s) { s.base_url += "x"; },
           [](UpstreamSettings& s) { s.credential.endpoint += "x"; },
           [](UpstreamSettings& s) { s.credential.client_id += "x"; },
           [](UpstreamSettings& s) { s.credential.scope += "x"; },
           [](UpstreamSettings& s) { s.credential.object_id += "x"; },
           [](UpstreamSettings& s) { s.credential.resource_id += "x"; },
           [](UpstreamSettings& s) { s.credential.kind = CredentialKind::kImds; }}) {
    auto c = a;
    change(c);
    EXPECT_NE(credential_id(a), credential_id(c));
  }
}

TEST(CredentialText, IsOneHeaderLineAndKnowsItself) {
  Credential key("x-api-key", "abc", 1, {}, WallTime::max());
  EXPECT_EQ(key.line(), "x-api-key: abc\r\n");
  Credential token("authorization", "t.o.k", 2, {}, {});
  EXPECT_EQ(token.line(), "authorization: Bearer t.o.k\r\n");
  EXPECT_TRUE(token.revealed_in("said t.o.k here"));
  EXPECT_FALSE(token.revealed_in("said t.o. here"));
  EXPECT_TRUE(token.holds("t.o.k"));
  EXPECT_FALSE(Credential("x-api-key", "", 3, {}, {}).revealed_in("anything"));
}

TEST_F(CredentialServiceTest, PublishesAtOnceAndThenWithTheToken) {
  token("first");
  hold();
  auto upstream = settings();
  auto service = make({upstream}, still());
  wait_for(upstream, "");
  EXPECT_FALSE(service->health().at(0).ready);
  release();
  auto credential = wait_for(upstream, "authorization: Bearer first\r\n");
  EXPECT_EQ(credential->expires(), clock_.wall() + hours(24));
  auto event = wait_for_event(Kind::kObtained);
  EXPECT_EQ(event.source, "managed_identity.imds");
  EXPECT_EQ(event.expires, credential->expires());
  auto health = service->health().at(0);
  EXPECT_TRUE(health.ready);
  EXPECT_EQ(health.obtained, clock_.wall());
  EXPECT_EQ(health.last_error, "");
  auto page = metrics_.render();
  EXPECT_THAT(page,
              testing::HasSubstr("sallyport_upstream_credential_ready{upstream=\"foundry\"} 1"));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("first")));
}

TEST_F(CredentialServiceTest, RenewsAheadOfTheEnd) {
  token("first", 2);
  auto upstream = settings();
  auto service = make({upstream}, still());
  wait_for(upstream, "authorization: Bearer first\r\n");
  token("second", 86400);
  wait_for(upstream, "authorization: Bearer second\r\n");
  EXPECT_EQ(asked(), 2);
}

TEST_F(CredentialServiceTest, KeepsTheOldOneWhileRenewalFailsUntilItsEnd) {
  token("first", 2);
  auto upstream = settings();
  auto service = make({upstream}, still());
  wait_for(upstream, "authorization: Bearer first\r\n");
  fault("503 Service Unavailable");
  EXPECT_THAT(wait_for_event(Kind::kFetchFailed).message, testing::HasSubstr("503"));
  auto before = asked();
  wait_for_requests(before + 3);
  wait_for(upstream, "authorization: Bearer first\r\n");
  EXPECT_TRUE(service->health().at(0).ready);
  EXPECT_THAT(service->health().at(0).last_error, testing::HasSubstr("upstream foundry"));
  EXPECT_EQ(count(Kind::kFetchFailed), 0u) << "said once a failure in a row";
  clock_.advance(seconds(3));
  wait_for(upstream, "");
  wait_for_event(Kind::kExpired);
  token("second");
  wait_for(upstream, "authorization: Bearer second\r\n");
  wait_for_event(Kind::kRecovered);
}

TEST_F(CredentialServiceTest, AsksOnceForAnyNumberOfRefusedRequests) {
  token("first");
  auto upstream = settings();
  auto service = make({upstream}, still());
  auto old = wait_for(upstream, "authorization: Bearer first\r\n");
  token("second");
  hold();
  std::atomic<int> done = 0;
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(service->renew(credential_id(upstream), old->serial(), [&] { ++done; }));
  }
  wait_for_requests(2);
  EXPECT_EQ(done, 0);
  release();
  wait_for(upstream, "authorization: Bearer second\r\n");
  EXPECT_TRUE(renew(*service, upstream, old->serial())) << "a newer one is there: no request";
  EXPECT_EQ(done, 200);
  EXPECT_EQ(asked(), 2);
  EXPECT_EQ(count(Kind::kRefused), 1u);
}

TEST_F(CredentialServiceTest, IsNotMadeToAskByAProviderThatRefusesEverything) {
  token("first");
  auto upstream = settings();
  auto service = make({upstream}, still());
  auto first = wait_for(upstream, "authorization: Bearer first\r\n");
  token("second");
  ASSERT_TRUE(renew(*service, upstream, first->serial()));
  auto second = wait_for(upstream, "authorization: Bearer second\r\n");
  EXPECT_FALSE(renew(*service, upstream, second->serial()));
  clock_.advance(seconds(29));
  EXPECT_FALSE(renew(*service, upstream, second->serial()));
  clock_.advance(seconds(2));
  EXPECT_TRUE(renew(*service, upstream, second->serial()));
  EXPECT_EQ(asked(), 3);
}

TEST_F(CredentialServiceTest, ATokenThatThePlatformKeptIsNoNewerOne) {
  token("kept");
  auto upstream = settings();
  auto service = make({upstream}, still());
  auto first = wait_for(upstream, "authorization: Bearer kept\r\n");
  ASSERT_TRUE(renew(*service, upstream, first->serial()));
  EXPECT_EQ(wait_for(upstream, "authorization: Bearer kept\r\n")->serial(), first->serial());
}

TEST_F(CredentialServiceTest, GrantsNothingWithoutACredentialButJoinsTheRunningRequest) {
  fault("403 Forbidden");
  auto upstream = settings();
  auto timing = still();
  timing.lasting = hours(1);
  auto service = make({upstream}, timing);
  wait_for_event(Kind::kFetchFailed);
  EXPECT_FALSE(renew(*service, upstream, 0)) << "it is backing off";
  EXPECT_FALSE(service->renew(4711, 0, [] {})) << "nobody knows this one";
  token("first");
  hold();
  service->reload({upstream});  // the administrator has mended something
  wait_for_requests(2);
  auto joined = std::async(std::launch::async, [&] { return renew(*service, upstream, 0); });
  release();
  EXPECT_TRUE(joined.get());
  wait_for(upstream, "authorization: Bearer first\r\n");
}

TEST_F(CredentialServiceTest, ARotatedSecretIsTriedAtOnceAndTheOldTokenStaysMeanwhile) {
  token("first");
  auto upstream = settings();
  auto service = make({upstream}, still());
  auto first = wait_for(upstream, "authorization: Bearer first\r\n");
  fault("401 Unauthorized");
  auto next = upstream;
  next.credential.secret = std::make_shared<Secret>(std::string_view("rotated"));
  service->reload({next});
  wait_for_event(Kind::kRotated);
  wait_for_event(Kind::kFetchFailed);
  EXPECT_EQ(wait_for(upstream, "authorization: Bearer first\r\n")->serial(), first->serial());
  token("second");
  wait_for(upstream, "authorization: Bearer second\r\n");
}

TEST_F(CredentialServiceTest, WhatIsGoneStaysForRequestsThatBeganBefore) {
  token("first");
  auto old = settings();
  auto service = make({old}, still());
  wait_for(old, "authorization: Bearer first\r\n");
  auto next = settings("second");
  token("second");
  service->reload({next});
  wait_for(next, "authorization: Bearer second\r\n");
  wait_for(old, "authorization: Bearer first\r\n");
  EXPECT_EQ(service->health().size(), 1u);
  service->reload({next});
  wait_for(old, "");
}

TEST_F(CredentialServiceTest, AKeyIsHeldAsItIs) {
  auto upstream = with_key("key-one");
  auto service = make({upstream}, still());
  auto held = wait_for(upstream, "x-api-key: key-one\r\n");
  EXPECT_FALSE(renew(*service, upstream, held->serial()));
  service->note_refused(credential_id(upstream), 403);
  auto health = service->health().at(0);
  EXPECT_EQ(health.source, "api_key");
  EXPECT_TRUE(health.ready);
  EXPECT_FALSE(health.expires);
  EXPECT_EQ(health.refused_status, 403);
  auto next = with_key("key-two");
  service->reload({next});
  wait_for(next, "x-api-key: key-two\r\n");
  wait_for_event(Kind::kRotated);
  service->reload({next});
  EXPECT_EQ(asked(), 0);
  EXPECT_EQ(count(Kind::kRotated), 0u) << "nothing changed";
}

}  // namespace
}  // namespace sallyport::upstream
