// The life of a request from its head to its record: who is turned away where, and what stands in
// the record.
#include "gateway/exchange.h"

#include "gateway/test_house.h"

namespace sallyport::gateway {
namespace {

using http::ServerStream;

identity::RevocationPtr revocation_of(std::string_view person) {
  auto made = std::make_shared<identity::Revocation>();
  made->id = "r-1";
  made->kind = identity::RevocationKind::kUser;
  made->target = person;
  return made;
}

std::string her_key() {
  return "contoso/" + std::string(identity::kTestTenant) + "/" + std::string(identity::kTestPerson);
}

void revoke(House& house) {
  identity::RevocationChange change{
      identity::RevocationChange::What::kRevoked, revocation_of(her_key()), {}, {}, {}};
  std::ignore = house.lane.admissions().apply(change, house.process.clock.wall());
}

TEST(Exchange, PassesAnAnswerAndRecordsBothEnds) {
  House house;
  house.provider.on_connection(
      {read_request(),
       say(http_answer(200, whole_answer(), "application/json", "request-id: req_9\r\n")), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 200);
  EXPECT_EQ(house.client.got, whole_answer("claude-sonnet-5"));
  auto requests = house.provider.requests();
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_TRUE(requests[0].starts_with("POST /anthropic/v1/messages HTTP/1.1\r\n"));
  EXPECT_TRUE(requests[0].ends_with(message("sonnet-prod")));
  EXPECT_NE(requests[0].find("x-api-key: " + std::string(kProviderKey)), std::string::npos);
  EXPECT_EQ(requests[0].find(house.token), std::string::npos);
  EXPECT_EQ(house.lines_with(R"("type":"opened")"), 1U);
  auto closed = house.line_with(R"("type":"closed")");
  EXPECT_NE(closed.find("\"complete\""), std::string::npos) << closed;
  EXPECT_NE(closed.find("req_9"), std::string::npos) << closed;
  EXPECT_NE(closed.find("\"output\":7"), std::string::npos) << closed;
  EXPECT_EQ(house.worker.counters.complete.value(), 1U);
  EXPECT_EQ(house.worker.counters.exchanges(), 0U);
}

TEST(Exchange, WithoutATokenNothingIsReadOrRecorded) {
  House house;
  house.client.while_body_is_read = [] { ADD_FAILURE() << "the body of a stranger was read"; };
  house.ask_raw("POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n", "{}");
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_EQ(house.lines().size(), 1U);  // the chain's start
  EXPECT_EQ(house.worker.counters.refused_stranger.value(), 1U);
}

TEST(Exchange, ATokenInTheQueryIsRefused) {
  House house;
  auto token = house.token;
  house.ask(message("claude-sonnet-5"), "/v1/messages?t=" + token);
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_TRUE(house.provider.requests().empty());
}

TEST(Exchange, ABadTokenCountsAgainstItsSource) {
  House house;
  house.token = identity::signed_token(identity::entra_claims().with("exp", "1795219000"));
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_EQ(house.worker.counters.cache_misses.value(), 1U);
  EXPECT_EQ(house.names.remembered, 0);
}

TEST(Exchange, AKnownPersonWithoutHerRightStandsInTheRecord) {
  House house;
  auto settings = identity::entra_settings();
  settings.require_roles = {"Claude.Admin"};
  house.worker.adopt(identity::snapshot_of({settings}, 2));
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 403);
  auto line = house.line_with(R"("type":"refused")");
  EXPECT_NE(line.find("Claude.Admin"), std::string::npos) << line;
  EXPECT_EQ(house.worker.counters.refused_known.value(), 1U);
}

TEST(Exchange, WaitsForTheKeyOfATokenAndThenAsksOnceMore) {
  House house;
  auto header = identity::entra_header().with("kid", "\"k9\"");
  house.token = identity::signed_token(identity::entra_claims(), header);
  bool fetched = false;
  house.fetch_keys = [&](const std::function<void()>& done) {
    fetched = true;
    auto keys = identity::test_keys({identity::TestKey::rsa().jwk("k9")});
    std::vector<identity::IssuerState> states;
    states.emplace_back(identity::entra_settings(), keys);
    house.worker.adopt(identity::make_snapshot(1, std::move(states)));
    done();
    return true;
  };
  house.provider.on_connection({read_request(), say(http_answer(200, whole_answer())), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_TRUE(fetched);
  EXPECT_EQ(house.client.status(), 200);
}

TEST(Exchange, AKeyThatCannotBeFetchedIsARefusal) {
  House house;
  house.token = identity::signed_token(identity::entra_claims(),
                                       identity::entra_header().with("kid", "\"k9\""));
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
}

TEST(Exchange, WhoLeavesWhileKeysAreFetchedIsNotLetIn) {
  House house;
  house.token = identity::signed_token(identity::entra_claims(),
                                       identity::entra_header().with("kid", "\"k9\""));
  house.fetch_keys = [&](const std::function<void()>&) {
    house.loop.post([&] { house.client.leaves(); });
    return true;
  };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 0);
  EXPECT_EQ(house.lines_with(R"("type":"opened")"), 0U);
}

TEST(Exchange, WhoIsRevokedIsTurnedAwayAtTheDoor) {
  House house;
  house.lane.admissions().load(revocation_of(her_key()));
  house.client.while_body_is_read = [] { ADD_FAILURE() << "the body was read"; };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_NE(house.line_with(R"("type":"refused")").find("r-1"), std::string::npos);
  EXPECT_EQ(house.lines_with("first_refused"), 1U);
  EXPECT_EQ(house.worker.counters.refused_revoked.value(), 1U);
}

TEST(Exchange, WhoIsRevokedWhileTheBodyComesIsTurnedAwayThen) {
  House house;
  house.client.while_body_is_read = [&] { revoke(house); };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
  EXPECT_TRUE(house.client.closes);
  EXPECT_EQ(house.lines_with(R"("type":"opened")"), 0U);
  EXPECT_TRUE(house.provider.requests().empty());
}

TEST(Exchange, WhoIsRevokedWhileTheProviderThinksGetsTheSameAnswer) {
  House house;
  house.provider.on_connection({read_request(), hold()});
  house.limits.first_byte = std::chrono::seconds(10);
  house.configure();
  house.loop.every_second([] {});
  house.client.while_body_is_read = [&] {
    // Two turns later: the record is open by then, and the request on its way.
    house.loop.post([&] { house.loop.post([&] { house.loop.post([&] { revoke(house); }); }); });
  };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 401);
  auto closed = house.line_with(R"("type":"closed")");
  EXPECT_NE(closed.find("cut_by_revocation"), std::string::npos) << closed;
  EXPECT_NE(closed.find("r-1"), std::string::npos) << closed;
  EXPECT_EQ(house.worker.counters.cut.value(), 1U);
}

struct UnreadBody {
  ServerStream::BodyRead read;
  int status;
};

TEST(Exchange, EveryEndOfABodyHasItsAnswer) {
  using Read = ServerStream::BodyRead;
  constexpr UnreadBody kEnds[] = {
      {Read::kTooLarge, 413}, {Read::kNoRoom, 503}, {Read::kSlow, 408}, {Read::kFault, 400}};
  for (const auto& end : kEnds) {
    House house;
    house.client.reads = end.read;
    house.ask(message("claude-sonnet-5"));
    EXPECT_EQ(house.client.status(), end.status);
    EXPECT_EQ(house.lines_with(R"("type":"refused")"), 1U);
    EXPECT_TRUE(house.provider.requests().empty());
  }
}

TEST(Exchange, WhoLeavesWithinTheBodyIsNotAnswered) {
  House house;
  house.client.while_body_is_read = [&] { house.client.leaves(); };
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.answers, 0);
  EXPECT_TRUE(house.client.gave_up);
  EXPECT_EQ(house.lines().size(), 1U);
}

TEST(Exchange, ABodyThatIsNoneSaysWhere) {
  House house;
  house.ask(R"({"model":"claude-sonnet-5","model":"claude-opus-5"})");
  EXPECT_EQ(house.client.status(), 400);
  EXPECT_NE(house.line_with(R"("type":"refused")").find("at byte"), std::string::npos);
}

TEST(Exchange, AnEncodedBodyIsNotRead) {
  House house;
  house.client.while_body_is_read = [] { ADD_FAILURE() << "the body was read"; };
  house.ask_raw(
      "POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\n"
      "authorization: Bearer " +
          house.token + "\r\ncontent-length: 2\r\n\r\n",
      "{}");
  EXPECT_EQ(house.client.status(), 415);
}

TEST(Exchange, ARecordThatTakesNothingLetsNothingThrough) {
  House house;
  house.process.disk.write_error = ENOSPC;
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 503);
  EXPECT_TRUE(house.provider.requests().empty());
  EXPECT_EQ(house.worker.counters.record_failed.value(), 1U);
  // The queue keeps both ends until the disk takes them.
  house.process.disk.write_error = 0;
  house.process.clock.advance(std::chrono::seconds(1));
  house.worker.record.write();
  EXPECT_EQ(house.lines_with(R"("type":"opened")"), 1U);
  EXPECT_NE(house.line_with(R"("type":"closed")").find("record_failed"), std::string::npos);
}

TEST(Exchange, WithSyncEachNoByteLeavesBeforeTheDiskHasTheLine) {
  House house;
  house.sync_each = true;
  house.process.disk.sync_error = EIO;  // the chain without a sync thread syncs itself
  house.provider.on_connection(
      {read_request(),
       say(http_answer(200, whole_answer(), "application/json", "request-id: req_7\r\n")), hold()});
  house.ask(message("claude-sonnet-5"));
  EXPECT_NE(house.line_with(R"("type":"closed")").find("req_7"), std::string::npos);
  EXPECT_EQ(house.client.status(), 503);
  EXPECT_EQ(house.client.got.find("msg_1"), std::string::npos);
  EXPECT_NE(house.line_with(R"("type":"closed")").find("record_failed"), std::string::npos);
}

TEST(Exchange, WithoutACredentialItWaitsAndThenSaysSo) {
  House house;
  house.credential.kind = upstream::CredentialKind::kImds;
  house.configure();
  house.ask(message("claude-sonnet-5"));
  EXPECT_EQ(house.client.status(), 503);
  EXPECT_NE(house.line_with(R"("type":"refused")").find("upstream.no_credential"),
            std::string::npos);
}

TEST(Exchange, TheModelsAreListedAndTheListingStandsInTheRecord) {
  House house;
  house.ask_raw("GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer " + house.token +
                "\r\n\r\n");
  EXPECT_EQ(house.client.status(), 200);
  EXPECT_NE(house.client.got.find("claude-haiku-5"), std::string::npos);
  EXPECT_EQ(house.lines_with(R"("type":"answered")"), 1U);
}

// A handler that needs a person cannot be called without one, and no other fits a route that needs
// one: neither of these would compile.
static_assert(!std::is_constructible_v<PublicRoute, std::string_view, std::string_view,
                                       http::Guarded<http::Guard::kPerson>,
                                       Task<void> (*)(Exchange&), std::string_view>);
static_assert(!std::is_constructible_v<PublicRoute, std::string_view, std::string_view,
                                       http::Guarded<http::Guard::kPublic>,
                                       Task<void> (*)(Admitted), std::string_view>);
static_assert(!std::is_constructible_v<Admitted, Exchange&>);

TEST(Exchange, EveryRouteThatNeedsAPersonTurnsAwayWhoShowsNone) {
  int asked = 0;
  for (const auto& route : public_routes()) {
    if (route.guard != http::Guard::kPerson) continue;
    House house;
    house.ask_raw(std::string(route.method) + " " + std::string(route.path) +
                      " HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n",
                  "{}");
    EXPECT_EQ(house.client.status(), 401) << route.path;
    EXPECT_EQ(house.lines().size(), 1U) << route.path;
    ++asked;
  }
  EXPECT_EQ(asked, 3);
}

TEST(Exchange, ProbesNeedNobody) {
  for (const auto* path : {"/healthz", "/readyz", "/api/hello"}) {
    House house;
    house.ask_raw("GET " + std::string(path) + " HTTP/1.1\r\nhost: a\r\n\r\n");
    EXPECT_LT(house.client.status(), 300) << path;
    EXPECT_GE(house.client.status(), 200) << path;
    EXPECT_EQ(house.lines().size(), 1U);
  }
}

TEST(Exchange, WhatIsNotThereIsSaidWithoutARecord) {
  House house;
  house.ask_raw("GET /v1/messages HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(house.client.status(), 405);
  EXPECT_NE(house.client.fields().find("allow: POST\r\n"), std::string::npos);
  House other;
  other.ask_raw("GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n");
  EXPECT_EQ(other.client.status(), 404);
  EXPECT_EQ(other.lines().size(), 1U);
}

}  // namespace
}  // namespace sallyport::gateway
