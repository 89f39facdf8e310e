// What becomes of an answer: every end of a provider, of a client and of the gateway itself.
#include "gateway/relay.h"

#include "gateway/test_house.h"

namespace sallyport::gateway {
namespace {

std::string streaming() {
  return message("claude-sonnet-5", R"(,"stream":true)");
}

void expect_closed(House& house, std::string_view what) {
  auto closed = house.line_with(R"("type":"closed")");
  EXPECT_NE(closed.find(what), std::string::npos) << closed;
  EXPECT_EQ(house.lines_with(R"("type":"closed")"), 1U);
}

// ---- attempts ----------------------------------------------------------------------------------

TEST(Attempts, NobodyListens) {
  House house;
  house.provider.goes();
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.unreachable");
  EXPECT_EQ(house.worker.counters.upstream_connect_failures.value(), 1U);
}

TEST(Attempts, TheProviderClosesWithoutAWord) {
  House house;
  house.provider.on_connection({read_request()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.died");
}

TEST(Attempts, TheProviderSpeaksSomethingElse) {
  House house;
  house.provider.on_connection({read_request(), say("SSH-2.0-OpenSSH\r\n\r\n"), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.bad_answer");
}

TEST(Attempts, TheFirstByteDoesNotCome) {
  House house;
  house.provider.on_connection({read_request(), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 504);
  expect_closed(house, "upstream.first_byte_timeout");
}

TEST(Attempts, TheClientLeavesBeforeAnAnswer) {
  House house;
  house.provider.on_connection({read_request(), hold()});
  house.client.while_body_is_read = [&] {
    house.loop.post([&] { house.loop.post([&] { house.client.leaves(); }); });
  };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.answers, 0);
  expect_closed(house, "aborted_by_client");
}

TEST(Attempts, AreCutWhenTheGatewayEnds) {
  House house;
  house.provider.on_connection({read_request(), hold()});
  house.client.while_body_is_read = [&] {
    house.loop.post([&] { house.loop.post([&] { house.client.signal().raise(kCut); }); });
  };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.answers, 0);
  expect_closed(house, "gateway.draining");
}

TEST(Attempts, AKeptConnectionThatDiesIsTriedAnewOnce) {
  House house;
  house.provider.on_connection(
      {read_request(), say(http_answer(200, whole_answer())), read_request()});
  house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())), hold()});
  house.ask(message("claude-sonnet-5"));
  ASSERT_EQ(house.client.status(), 200);
  FakeStream again(house.loop);
  auto body = message("claude-sonnet-5");
  again.asks("POST /v1/messages HTTP/1.1\r\nhost: a\r\nauthorization: Bearer " + house.token +
                 "\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n",
             body);
  auto run = [&]() -> Task<void> {
    co_await answer_request(house.worker, again, house.peer);
    house.loop.stop();
  };
  house.loop.post([&] { spawn(run()); });
  house.loop.run();
  house.worker.record.write();
  EXPECT_EQ(again.status(), 200);
  EXPECT_EQ(house.provider.requests().size(), 3U);
  auto closed = house.line_with(R"("type":"closed")");
  EXPECT_NE(closed.find("upstream.died"), std::string::npos) << closed;
  EXPECT_NE(closed.find("\"complete\""), std::string::npos) << closed;
}

upstream::CredentialsPtr with_credential(std::uint64_t id, std::string_view token,
                                         std::uint64_t serial) {
  auto all = std::make_shared<upstream::Credentials>();
  all->add(id, std::make_shared<const upstream::Credential>("authorization", token, serial,
                                                            WallTime{}, WallTime::max()));
  return all;
}

TEST(Attempts, ARefusedTokenIsRenewedOnce) {
  House house;
  house.credential.kind = upstream::CredentialKind::kImds;
  house.configure();
  const auto id = house.worker.newest.routes->routes->upstreams[0]->credential_id();
  house.worker.adopt(with_credential(id, "old-token", 1));
  house.renew_credential = [&](const std::function<void()>& done) {
    house.worker.adopt(with_credential(id, "new-token", 2));
    done();
    return true;
  };
  house.provider.on_connection({read_request(), say(http_answer(401, "{}")), hold()});
  house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 200);
  auto requests = house.provider.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_NE(requests[0].find("Bearer old-token"), std::string::npos);
  EXPECT_NE(requests[1].find("Bearer new-token"), std::string::npos);
}

TEST(Attempts, ATokenThatCannotBeRenewedIsOurFault) {
  House house;
  house.credential.kind = upstream::CredentialKind::kImds;
  house.configure();
  const auto id = house.worker.newest.routes->routes->upstreams[0]->credential_id();
  house.worker.adopt(with_credential(id, "old-token", 1));
  house.provider.on_connection({read_request(), say(http_answer(401, "{}")), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  EXPECT_EQ(house.refused_credentials, std::vector<int>{401});
  expect_closed(house, "upstream.credential_refused");
}

// ---- whole answers -----------------------------------------------------------------------------

TEST(WholeRelay, AnErrorInAnthropicsWordsPasses) {
  const std::string body =
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
  House house;
  house.provider.on_connection({read_request(), say(http_answer(529, body)), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 529);
  EXPECT_EQ(house.client.got, body);
  expect_closed(house, "upstream_error");
}

TEST(WholeRelay, AnythingElseThatIsNoSuccessIsReplaced) {
  House house;
  house.provider.on_connection(
      {read_request(), say(http_answer(403, "<html>", "text/html")), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.credential_refused");
}

TEST(WholeRelay, AnAnswerInPiecesIsGathered) {
  const std::string answer = whole_answer();
  House house;
  house.provider.on_connection({read_request(),
                                say("HTTP/1.1 200 OK\r\ncontent-type: "
                                    "application/json\r\ntransfer-encoding: chunked\r\n\r\n"),
                                say(chunk(answer.substr(0, 20))),
                                say(chunk(answer.substr(20)) + "0\r\n\r\n"), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.got, whole_answer("claude-sonnet-5"));
  expect_closed(house, "\"complete\"");
}

TEST(WholeRelay, AnAnswerThatDiesIsNoAnswer) {
  House house;
  house.provider.on_connection(
      {read_request(), say(http_answer(200, whole_answer()).substr(0, 90))});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.died");
}

TEST(WholeRelay, ASilentAnswerIsGivenUp) {
  House house;
  house.provider.on_connection(
      {read_request(), say(http_answer(200, whole_answer()).substr(0, 90)), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 504);
  expect_closed(house, "upstream.first_byte_timeout");
}

TEST(WholeRelay, OneThatDoesNotFitTheBudgetIsRefused) {
  House house;
  const std::string huge(2 << 20, ' ');
  house.provider.on_connection({read_request(), say(http_answer(200, huge)), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 502);
  expect_closed(house, "upstream.bad_answer");
  EXPECT_EQ(house.bodies.used(), 0U);
}

TEST(WholeRelay, OneThatRepeatsOurKeyStaysHere) {
  for (const std::string& place :
       {http_answer(200, R"({"model":"x","k":")" + std::string(kProviderKey) + "\"}"),
        http_answer(200, R"({"k":"provider\u002dkey-0123456789"})"),
        http_answer(400, "no such key: " + std::string(kProviderKey), "text/plain"),
        http_answer(200, "{}", "application/json",
                    "x-echo: " + std::string(kProviderKey) + "\r\n")}) {
    House house;
    house.provider.on_connection({read_request(), say(place), hold()});
    house.ask(message("claude-sonnet-5"));
    EXPECT_GE(house.client.status(), 400);
    EXPECT_EQ(house.client.got.find("0123456789"), std::string::npos) << house.client.got;
    EXPECT_EQ(house.client.fields().find("0123456789"), std::string::npos);
    EXPECT_EQ(house.line_with(R"("type":"closed")").find("0123456789"), std::string::npos);
  }
}

// ---- streams -----------------------------------------------------------------------------------

TEST(StreamRelay, PassesEventsAndGivesTheModelItsNameBack) {
  House house;
  house.provider.on_connection({read_request(), say(stream_head()), say(chunk(message_start())),
                                say(chunk(message_end()) + "0\r\n\r\n"), hold()});
  house.ask(streaming());
  EXPECT_TRUE(house.client.ended);
  std::string expected = message_start() + message_end();
  expected.replace(expected.find("sonnet-prod"), 11, "claude-sonnet-5");
  EXPECT_EQ(house.client.got, expected);
  EXPECT_NE(house.client.fields().find("request-id: req_1\r\n"), std::string::npos);
  expect_closed(house, "\"complete\"");
  EXPECT_NE(house.line_with(R"("type":"closed")").find("\"output\":7"), std::string::npos);
}

TEST(StreamRelay, OneThatDiesEndsWithAnErrorEvent) {
  House house;
  house.provider.on_connection({read_request(), say(stream_head() + chunk(message_start()))});
  house.ask(streaming());
  EXPECT_TRUE(house.client.ended);
  EXPECT_NE(house.client.got.find("event: error\ndata: "), std::string::npos);
  expect_closed(house, "upstream.died");
}

TEST(StreamRelay, OneThatGoesSilentEndsWithAnErrorEvent) {
  House house;
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.ask(streaming());
  EXPECT_NE(house.client.got.find("event: error\ndata: "), std::string::npos);
  expect_closed(house, "upstream.silent");
}

TEST(StreamRelay, PingsWhileTheProviderIsSilent) {
  House house;
  house.limits.ping = std::chrono::milliseconds(1);
  house.limits.silence = std::chrono::milliseconds(200);
  house.configure();
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.ask(streaming());
  EXPECT_NE(house.client.got.find("event: ping\n"), std::string::npos);
  EXPECT_GE(house.worker.counters.pings.value(), 1U);
  expect_closed(house, "upstream.silent");
}

TEST(StreamRelay, AClientThatLeavesEndsIt) {
  House house;
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.client.when_written = [&] { house.client.leaves(); };
  house.ask(streaming());
  EXPECT_TRUE(house.client.gave_up);
  expect_closed(house, "aborted_by_client");
  EXPECT_NE(house.line_with(R"("type":"closed")").find("\"exact\":false"), std::string::npos);
}

TEST(StreamRelay, ASlowClientIsWaitedFor) {
  House house;
  house.client.takes = 10;
  house.provider.on_connection({read_request(), say(stream_head()), say(chunk(message_start())),
                                say(chunk(message_end()) + "0\r\n\r\n"), hold()});
  house.ask(streaming());
  EXPECT_TRUE(house.client.ended);
  EXPECT_TRUE(house.client.got.ends_with(message_end()));
  expect_closed(house, "\"complete\"");
}

TEST(StreamRelay, ARevocationCutsItWithItsReason) {
  House house;
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.client.when_written = [&, cut = false]() mutable {
    if (std::exchange(cut, true)) return;
    auto revocation = std::make_shared<identity::Revocation>();
    revocation->id = "r-2";
    revocation->kind = identity::RevocationKind::kAll;
    std::ignore = house.lane.admissions().apply(
        {identity::RevocationChange::What::kRevoked, revocation, {}, {}, {}},
        house.process.clock.wall());
  };
  house.ask(streaming());
  EXPECT_TRUE(house.client.ended);
  EXPECT_NE(house.client.got.find("ended all sign-ins"), std::string::npos) << house.client.got;
  EXPECT_TRUE(house.client.closes);
  expect_closed(house, "cut_by_revocation");
}

TEST(StreamRelay, ACutClientThatTakesNothingHoldsNothing) {
  House house;
  house.client.takes = 1;
  house.client.flushes = false;
  house.provider.on_connection(
      {read_request(), say(stream_head() + chunk(message_start())), hold()});
  house.client.when_written = [&, cut = false]() mutable {
    if (std::exchange(cut, true)) return;
    auto revocation = std::make_shared<identity::Revocation>();
    revocation->kind = identity::RevocationKind::kAll;
    std::ignore = house.lane.admissions().apply(
        {identity::RevocationChange::What::kRevoked, revocation, {}, {}, {}},
        house.process.clock.wall());
  };
  house.ask(streaming());
  EXPECT_FALSE(house.client.ended);
  expect_closed(house, "cut_by_revocation");
}

TEST(StreamRelay, OneThatRepeatsOurKeyIsBroken) {
  for (const std::string& data :
       {std::string(kProviderKey), std::string(R"(provider\u002dkey-0123456789)")}) {
    House house;
    house.provider.on_connection({read_request(), say(stream_head()), say(chunk(message_start())),
                                  say(chunk(event("x", R"({"type":"x","k":")" + data + "\"}"))),
                                  hold()});
    house.ask(streaming());
    EXPECT_EQ(house.client.got.find("0123456789"), std::string::npos) << house.client.got;
    EXPECT_NE(house.client.got.find("event: error\ndata: "), std::string::npos);
    expect_closed(house, "upstream.bad_answer");
  }
}

TEST(StreamRelay, ManyLargeUnfinishedEventsAreBudgeted) {
  House house(100 << 10);
  const std::string begin =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"x\":\"";
  house.provider.on_connection({read_request(), say(stream_head()),
                                say(chunk(begin + std::string(200 << 10, 'y'))), hold()});
  house.ask(streaming());
  expect_closed(house, "upstream.bad_answer");
  EXPECT_EQ(house.bodies.used(), 0U);
}

}  // namespace
}  // namespace sallyport::gateway
