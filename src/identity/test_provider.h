// What the key service stands between, for unit tests: an identity provider that serves discovery
// and keys, and somebody who listens to what is published. Header-only and never part of the
// program.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/test_server.h"
#include "identity/key_service.h"
#include "identity/test_issuer.h"

namespace sallyport::identity {

/// An identity provider whose answers the test changes while it runs.
class TestProvider {
 public:
  TestProvider() : server_([this](const http::TestServer::Request& r) { return answer(r); }) {}

  [[nodiscard]] std::string issuer() const { return server_.url("/v2.0"); }
  void publish(const std::vector<std::string>& jwk) {
    std::lock_guard lock(mutex_);
    keys_ = jwks(jwk);
  }
  void answer_keys_with(http::TestServer::Answer answer) {
    std::lock_guard lock(mutex_);
    instead_ = std::move(answer);
  }
  void answer_keys_well() {
    std::lock_guard lock(mutex_);
    instead_.reset();
  }
  void answer_once_with(http::TestServer::Answer answer) {
    std::lock_guard lock(mutex_);
    once_ = std::move(answer);
  }
  void say_issuer(std::string issuer) {
    std::lock_guard lock(mutex_);
    said_issuer_ = std::move(issuer);
  }
  /// While held, a fetch of keys waits; the promise is kept when one arrives.
  std::shared_future<void> hold() {
    std::lock_guard lock(mutex_);
    gate_ = std::make_shared<std::promise<void>>();
    gate_future_ = gate_->get_future();
    arrived_ = std::make_shared<std::promise<void>>();
    return arrived_->get_future().share();
  }
  void release() {
    std::lock_guard lock(mutex_);
    gate_->set_value();
    gate_ = nullptr;
  }
  [[nodiscard]] int key_fetches() const { return key_fetches_; }

 private:
  http::TestServer::Answer answer(const http::TestServer::Request& request) {
    if (request.target.ends_with("/.well-known/openid-configuration")) {
      std::lock_guard lock(mutex_);
      std::string issuer = said_issuer_.empty() ? this->issuer() : said_issuer_;
      return http::TestServer::text(R"({"issuer":")" + issuer + R"(","jwks_uri":")" +
                                    server_.url("/keys") + "\"}");
    }
    ++key_fetches_;
    std::shared_future<void> wait;
    {
      std::lock_guard lock(mutex_);
      if (gate_ != nullptr) wait = gate_future_;
      if (arrived_ != nullptr) std::exchange(arrived_, nullptr)->set_value();
    }
    if (wait.valid()) wait.wait();
    std::lock_guard lock(mutex_);
    if (once_) return *std::exchange(once_, std::nullopt);
    return instead_ ? *instead_ : http::TestServer::text(keys_);
  }

  std::mutex mutex_;
  std::string keys_ = jwks({});
  std::string said_issuer_;
  std::optional<http::TestServer::Answer> instead_;
  std::optional<http::TestServer::Answer> once_;
  std::shared_ptr<std::promise<void>> gate_;
  std::shared_future<void> gate_future_;
  std::shared_ptr<std::promise<void>> arrived_;
  std::atomic<int> key_fetches_{0};
  http::TestServer server_;
};

/// Collects what the service says and lets the test wait for it.
class TestListener {
 public:
  void publish(SnapshotPtr snapshot) {
    std::lock_guard lock(mutex_);
    latest_ = std::move(snapshot);
    changed_.notify_all();
  }
  void event(const KeyEvent& event) {
    std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  template <typename Condition>
  SnapshotPtr wait_for_snapshot(Condition condition) {
    std::unique_lock lock(mutex_);
    bool seen = changed_.wait_for(lock, std::chrono::seconds(10),
                                  [&] { return latest_ != nullptr && condition(*latest_); });
    EXPECT_TRUE(seen) << "no such snapshot within ten seconds";
    return latest_;
  }
  SnapshotPtr wait_for_keys(const std::vector<std::string>& key_ids, std::size_t issuer = 0) {
    return wait_for_snapshot([&](const Snapshot& snapshot) {
      if (snapshot.issuers.size() <= issuer || !snapshot.issuers[issuer].keys) return false;
      std::vector<std::string> present;
      for (const auto& key : snapshot.issuers[issuer].keys->keys())
        present.push_back(key->key_id());
      return present == key_ids;
    });
  }
  KeyEvent wait_for_event(KeyEvent::Kind kind) {
    std::unique_lock lock(mutex_);
    auto find = [&] { return std::ranges::find(events_, kind, &KeyEvent::kind); };
    bool seen =
        changed_.wait_for(lock, std::chrono::seconds(10), [&] { return find() != events_.end(); });
    EXPECT_TRUE(seen) << "no event " << name_of(kind) << " within ten seconds";
    if (!seen) return {};
    KeyEvent event = *find();
    events_.erase(find());
    return event;
  }
  std::size_t count(KeyEvent::Kind kind) {
    std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(std::ranges::count(events_, kind, &KeyEvent::kind));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  SnapshotPtr latest_;
  std::deque<KeyEvent> events_;
};

}  // namespace sallyport::identity
