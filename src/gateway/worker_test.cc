// A worker's life: its thread, its port, who is let in, what it is told while it runs, and its end.
#include "gateway/worker.h"

#include "gateway/test_worker.h"

namespace sallyport::gateway {
namespace {

using std::chrono::milliseconds;

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nhost: a\r\n\r\n";
}

std::string streaming() {
  return message("claude-sonnet-5", R"(,"stream":true)");
}

// A provider that has begun a stream and goes on when it is told to.
struct HalfStream {
  explicit HalfStream(House& house) {
    house.provider.on_connection({read_request(), say(stream_head() + chunk(message_start())),
                                  call([this] { go_on.get_future().wait(); }),
                                  say(chunk(message_end()) + "0\r\n\r\n"), hold()});
  }
  std::promise<void> go_on;
};

TEST(Worker, AnswersOnItsPortAndCountsIt) {
  WorkerHouse at;
  at.house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())), hold()});
  at.start();
  auto client = at.connect();
  client.say(at.request(message("claude-sonnet-5")));
  auto heard = client.hear("}}");
  EXPECT_TRUE(heard.starts_with("HTTP/1.1 200 ")) << heard;
  EXPECT_TRUE(heard.ends_with(whole_answer("claude-sonnet-5"))) << heard;
  EXPECT_EQ(at.worker->counters().connections(), 1U);
  client.leave();
  const auto& counters = at.worker->counters();
  while (counters.connections_closed.value() == 0) std::this_thread::yield();
  EXPECT_EQ(counters.connections_opened.value(), 1U);
  EXPECT_EQ(counters.complete.value(), 1U);
  EXPECT_EQ(counters.output_tokens.value(), 7U);
  EXPECT_EQ(counters.exchanges(), 0U);
  EXPECT_TRUE(at.stop());
  EXPECT_EQ(audit::count_of(at.lines(), R"("type":"opened")"), 1U);
  EXPECT_EQ(audit::count_of(at.lines(), R"("outcome":"complete")"), 1U);
}

TEST(Worker, AHeadThatIsNoneIsCountedAndAnswered) {
  WorkerHouse at;
  at.start();
  auto client = at.connect();
  client.say("nonsense\r\n\r\n");
  EXPECT_TRUE(client.hear().starts_with("HTTP/1.1 400 "));
  client.leave();
  EXPECT_EQ(at.worker->counters().refused_stranger.value(), 1U);
  EXPECT_TRUE(at.stop());
}

TEST(Worker, TakesANewSnapshotForTheNextRequest) {
  WorkerHouse at;
  at.start();
  auto client = at.connect();
  client.say(get("/readyz"));
  EXPECT_NE(client.hear("}").find("200 OK"), std::string::npos);
  at.worker->publish(identity::make_snapshot(2, {}));  // nobody's keys
  client.say(get("/readyz"));
  auto heard = client.hear("}");
  EXPECT_NE(heard.find("503 "), std::string::npos) << heard;
  at.worker->publish(at.house.worker.newest.identity);
  client.say(get("/readyz"));
  EXPECT_NE(client.hear("}").find("200 OK"), std::string::npos);
  EXPECT_TRUE(at.stop());
}

// A request that runs keeps what it began with; the next one sees the new routes.
TEST(Worker, ARunningRequestKeepsItsRoutesOverAReload) {
  WorkerHouse at;
  HalfStream stream(at.house);
  at.start();
  auto first = at.connect();
  first.say(at.request(streaming()));
  std::ignore = first.hear("\n\n\r\n");
  ListenSettings elsewhere;
  elsewhere.path_prefix = "/claude";
  auto routes = Routes::create(elsewhere, at.house.limits, {identity::entra_settings()}, {}, {});
  ASSERT_TRUE(routes);
  at.worker->publish(*routes);
  auto second = at.connect();
  second.say(get("/v1/models"));
  EXPECT_NE(second.hear("}").find("404 "), std::string::npos);
  stream.go_on.set_value();
  EXPECT_NE(first.hear("0\r\n\r\n").find("message_stop"), std::string::npos);
  EXPECT_TRUE(at.stop());
}

TEST(Worker, LetsInAsManyConnectionsAsThereMayBe) {
  WorkerHouse at;
  at.house.connections.set(2, 1);  // one of a source, and all of loopback are one
  at.start();
  auto first = at.connect();
  first.say(get("/healthz"));
  EXPECT_EQ(first.hear("ok\n").substr(0, 12), "HTTP/1.1 200");
  auto second = at.connect();
  EXPECT_EQ(second.hear(), "");
  EXPECT_EQ(at.worker->counters().connections_refused.value(), 1U);
  first.leave();
  while (at.worker->counters().connections_closed.value() == 0) std::this_thread::yield();
  auto third = at.connect();
  third.say(get("/healthz"));
  EXPECT_EQ(third.hear("ok\n").substr(0, 12), "HTTP/1.1 200");
  EXPECT_TRUE(at.stop());
}

TEST(Worker, TellsWhereItsChainEnds) {
  WorkerHouse at;
  at.start();
  std::promise<std::optional<audit::Head>> told;
  at.worker->ask_head([&](std::optional<audit::Head> head) { told.set_value(std::move(head)); });
  auto head = told.get_future().get();
  ASSERT_TRUE(head);
  EXPECT_EQ(head->chain, at.chain->name());
  EXPECT_EQ(head->sequence, 1U);
  EXPECT_TRUE(at.stop());
}

// ---- its end -----------------------------------------------------------------------------------

TEST(Worker, EndsWithoutAConnection) {
  WorkerHouse at;
  at.start();
  EXPECT_TRUE(at.stop());
  EXPECT_TRUE(at.ended);
  EXPECT_FALSE(at.connect().theirs);
}

TEST(Worker, AnIdleConnectionDoesNotHoldItsEnd) {
  WorkerHouse at;
  at.start();
  auto client = at.connect();
  client.say(get("/healthz"));
  std::ignore = client.hear("ok\n");
  EXPECT_TRUE(at.stop());
  EXPECT_EQ(client.hear(), "");
  EXPECT_TRUE(at.ended);
}

TEST(Worker, ADrainLetsARunningRequestComeToItsEnd) {
  WorkerHouse at;
  HalfStream stream(at.house);
  at.start();
  auto client = at.connect();
  client.say(at.request(streaming()));
  std::ignore = client.hear("\n\n\r\n");
  at.worker->drain();
  at.worker->drain();                 // told twice, it is the same
  at.on_its_thread([] {});            // the turn in which it was told,
  at.on_its_thread([] {});            // and one after that
  EXPECT_FALSE(at.connect().theirs);  // nobody new
  stream.go_on.set_value();
  auto rest = client.hear();  // to the end of the connection
  EXPECT_TRUE(rest.ends_with("0\r\n\r\n")) << rest;
  client.leave();
  EXPECT_TRUE(at.stop());
  EXPECT_TRUE(at.ended);
  EXPECT_EQ(audit::count_of(at.lines(), R"("outcome":"complete")"), 1U);
}

TEST(Worker, WhatStillRunsAfterTheDrainIsCutAndRecorded) {
  WorkerHouse at;
  at.house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  at.start();
  auto client = at.connect();
  client.say(at.request(streaming()));
  std::ignore = client.hear("\n\n\r\n");
  std::string rest;
  std::thread reader([&] {
    rest = client.hear();
    client.leave();
  });
  EXPECT_FALSE(at.stop(milliseconds(1)));
  reader.join();
  EXPECT_NE(rest.find("event: error\n"), std::string::npos) << rest;
  EXPECT_TRUE(at.ended);
  EXPECT_EQ(audit::count_of(at.lines(), "gateway.draining"), 1U);
  EXPECT_EQ(audit::count_of(at.lines(), R"("type":"closed")"), 1U);
}

TEST(Worker, ThatNeverStartedHasEnded) {
  WorkerHouse at;
  auto chain = audit::Chain::create(at.house.process.parts(), "2");
  ASSERT_TRUE(chain);
  const auto& newest = at.house.worker.newest;
  Worker worker(at.house.shared, **chain, newest.routes->routes, newest.identity);
  EXPECT_TRUE(worker.wait_until_done(std::chrono::steady_clock::now()));
  worker.join();
}

}  // namespace
}  // namespace sallyport::gateway
