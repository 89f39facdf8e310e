// A gateway's insides for the tests of its steps: a worker's state on a loop of the test's thread, a
// client that is no socket, and a provider that says what the test wrote down, on a thread of its
// own. Header-only, never part of the program.
//
//   House house;
//   house.provider.answers({say(whole_answer()), hold()});
//   house.ask(request("claude-sonnet-5"));
//   EXPECT_EQ(house.client.status(), 200);
//   EXPECT_EQ(house.outcome(), "complete");
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "audit/chain_fixture.h"
#include "base/test_folder.h"
#include "gateway/endpoints.h"
#include "gateway/exchange.h"
#include "gateway/revocation_fanout.h"
#include "gateway/test_provider.h"
#include "identity/test_tokens.h"

namespace sallyport::gateway {

// ---- the client --------------------------------------------------------------------------------

/// A client of whom the test says what it sends, takes and when it leaves.
class FakeStream final : public http::ServerStream {
 public:
  explicit FakeStream(EventLoop& loop) : loop_(loop), signal_(loop) {
    signal_.keep(http::kPeerGone | kCut);
  }

  /// The next request: a head with its empty line, and what read_body() will find.
  void asks(std::string head, std::string body) {
    text_ = std::move(head);
    body_ = std::move(body);
    parser_.reset();
    auto used = parser_.feed(text_);
    ASSERT_TRUE(used && parser_.head_done()) << text_;
  }
  void leaves() {
    there_ = false;
    signal_.raise(http::kPeerGone);
  }

  BodyRead reads = BodyRead::kDone;
  std::function<void()> while_body_is_read = [] {};
  std::size_t takes = ~std::size_t{0};  ///< bytes of a stream until it is slow
  bool flushes = true;                  ///< a slow one takes the rest after all
  std::function<void()> when_written = [] {};
  std::function<bool()> takes_answer = [] { return true; };  ///< a whole one

  // What it got.
  [[nodiscard]] int status() const { return head_ ? head_->status() : 0; }
  [[nodiscard]] std::string fields() const { return head_ ? std::string(head_->lines()) : ""; }
  std::string got;
  bool ended = false;  ///< a whole answer, or a stream to its last byte
  bool gave_up = false;
  bool closes = false;
  int answers = 0;

  [[nodiscard]] const http::RequestHead& head() const override { return parser_.head(); }
  [[nodiscard]] Task<BodyRead> read_body(std::size_t /*limit*/,
                                         http::BudgetShare& /*budget*/) override {
    co_await loop_.next_turn();
    while_body_is_read();
    co_return there_ ? reads : BodyRead::kClientGone;
  }
  [[nodiscard]] std::string_view body() const override { return body_; }
  [[nodiscard]] http::HeadFault fault() const override { return http::HeadFault::kBadChunk; }
  void release_request(bool /*for_long*/) override {}
  [[nodiscard]] Task<bool> send(const http::AnswerHead& head,
                                std::span<const std::string_view> body) override {
    ++answers;
    if (!there_ || !takes_answer()) co_return false;
    head_.emplace(head);
    for (auto piece : body) got += piece;
    sent_ = static_cast<std::int64_t>(got.size());
    ended = true;
    when_written();
    co_return true;
  }
  void begin(const http::AnswerHead& head) override {
    ++answers;
    head_.emplace(head);
  }
  [[nodiscard]] Written write(std::span<const std::string_view> pieces, bool last) override {
    std::string all;
    for (auto piece : pieces) all += piece;
    if (!there_) return Written::kGone;
    if (got.size() + pending_.size() + all.size() > takes) {
      pending_ += all;
      last_pending_ = last_pending_ || last;
      when_written();
      return Written::kLater;
    }
    got += all;
    sent_ = static_cast<std::int64_t>(got.size());
    ended = ended || last;
    when_written();
    return Written::kAll;
  }
  [[nodiscard]] Task<bool> flush() override {
    if (!flushes) {
      std::ignore = co_await signal_.wait(abort_);
      co_return false;
    }
    co_await loop_.next_turn();
    if (signal_.is_raised(abort_) || !there_) co_return false;
    got += pending_;
    pending_.clear();
    ended = ended || last_pending_;
    takes = ~std::size_t{0};
    co_return true;
  }
  [[nodiscard]] std::int64_t bytes_sent() const override { return sent_; }
  void give_up() override { gave_up = true; }
  void close_after_answer() override { closes = true; }
  void abort_on(std::uint32_t bits) override { abort_ = bits; }
  [[nodiscard]] bool client_there() const override { return there_; }
  [[nodiscard]] Signal& signal() override { return signal_; }

 private:
  EventLoop& loop_;
  Signal signal_;
  http::RequestParser parser_;
  std::string text_, body_, pending_;
  std::optional<http::AnswerHead> head_;
  std::uint32_t abort_ = kCut;
  std::int64_t sent_ = 0;
  bool there_ = true;
  bool last_pending_ = false;
};

// ---- the house ---------------------------------------------------------------------------------

class NoNames final : public audit::NameTable {
 public:
  void remember(std::string_view, const audit::Sighting&, WallTime) override { ++remembered; }
  [[nodiscard]] Result<bool> erase(std::string_view) override { return false; }
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> find(std::string_view,
                                                             std::size_t) override {
    return std::vector<audit::KnownPerson>();
  }
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> search(std::string_view, std::string_view,
                                                               std::size_t) override {
    return std::vector<audit::KnownPerson>();
  }
  [[nodiscard]] Result<std::optional<audit::KnownPerson>> look_up(std::string_view) override {
    return std::nullopt;
  }
  [[nodiscard]] Result<unsigned> marks(std::string_view, std::string_view) override { return 0U; }
  int remembered = 0;
};

class House {
 public:
  explicit House(std::size_t body_budget = 1 << 20)
      : bodies(body_budget),
        process(folder.path()),
        chain(make_chain()),
        side(*audit::SideJournal::open(folder.path(), process.clock, process.instruments)),
        shared(
            process.clock, process.entropy, *side, names, resolver, bodies, connections, failures,
            Sha256{7}, sync_each,
            [this](std::string_view, std::string_view, std::function<void()> done) {
              return fetch_keys(std::move(done));
            },
            [this](std::uint64_t, std::uint64_t, std::function<void()> done) {
              return renew_credential(std::move(done));
            },
            [this](std::uint64_t, int status) { refused_credentials.push_back(status); }),
        lane(loop, process.clock),
        worker(shared, loop, *chain, lane.admissions()),
        client(loop) {
    limits.connect = limits.first_byte = limits.first_byte_stream = limits.silence = kShort;
    limits.ping = std::chrono::seconds(10);
    configure();
    worker.adopt(identity::snapshot_of({identity::entra_settings()}));
  }
  ~House() {
    worker.newest.routes->pools.clear();
    provider.stop();
    resolver.stop();
  }

  /// Routes by `limits` and `upstreams`; two models of one provider, one of another.
  void configure() {
    std::vector<upstream::UpstreamSettings> upstreams(2);
    upstreams[0].name = "foundry";
    upstreams[1].name = "other";
    for (auto& one : upstreams) {
      one.base_url = "http://127.0.0.1:" + std::to_string(provider.port) + "/anthropic";
      one.credential = credential;
      if (one.credential.kind == upstream::CredentialKind::kApiKey) {
        one.credential.secret = std::make_shared<const Secret>(std::string(kProviderKey));
      }
    }
    std::vector<upstream::ModelSettings> models{{"claude-sonnet-5", "", "foundry", "sonnet-prod"},
                                                {"claude-opus-5", "", "foundry", "opus-prod"},
                                                {"claude-opus-latest", "", "foundry", "opus-prod"},
                                                {"claude-haiku-5", "", "other", "haiku-prod"}};
    auto routes = Routes::create({}, limits, {identity::entra_settings()}, upstreams, models);
    ASSERT_TRUE(routes) << routes.error().text();
    worker.adopt(*routes);
  }

  /// One request from its head to its record.
  void ask(std::string body, std::string_view path = "/v1/messages") {
    auto head = fmt::format(
        "POST {} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n"
        "content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        path, token, body.size());
    ask_raw(std::move(head), std::move(body));
  }
  void ask_raw(std::string head, std::string body = {}) {
    client.asks(std::move(head), std::move(body));
    provider.start();
    loop.post([this] { spawn(run_one()); });
    loop.run();
    worker.record.write();
  }

  // The record as it lies on the disk.
  [[nodiscard]] std::vector<std::string> lines() { return audit::lines_of(folder.path(), *chain); }
  [[nodiscard]] std::size_t lines_with(std::string_view what) {
    return audit::count_of(lines(), what);
  }
  /// The last line that holds `what`.
  [[nodiscard]] std::string line_with(std::string_view what) {
    std::string found;
    for (auto& line : lines()) {
      if (line.find(what) != std::string::npos) found = line;
    }
    return found;
  }

  static constexpr std::chrono::milliseconds kShort{60};

  http::ByteBudget bodies;
  TestFolder folder;
  audit::Process process;
  std::unique_ptr<audit::Chain> chain;
  std::unique_ptr<audit::SideJournal> side;
  NoNames names;
  http::Resolver resolver;
  ConnectionLimits connections{100, 100};
  identity::FailureLimiter failures{{}, 1};
  EventLoop loop;
  Limits limits;
  upstream::CredentialSettings credential;
  std::function<bool(std::function<void()>)> fetch_keys = [](const auto&) { return false; };
  std::function<bool(std::function<void()>)> renew_credential = [](const auto&) { return false; };
  std::atomic<bool> sync_each{false};
  std::vector<int> refused_credentials;
  FakeProvider provider;
  Shared shared;
  RevocationLane lane;
  WorkerState worker;
  FakeStream client;
  std::string token = identity::signed_token(identity::entra_claims());
  Source peer{{}, "203.0.113.9", {}};

 private:
  Task<void> run_one() {
    co_await answer_request(worker, client, peer);
    loop.stop();
  }
  std::unique_ptr<audit::Chain> make_chain() {
    SALLYPORT_CHECK(process.directory.has_value());
    auto made = audit::Chain::create(process.parts(), "0");
    SALLYPORT_CHECK(made.has_value());
    return std::move(*made);
  }
};

}  // namespace sallyport::gateway
