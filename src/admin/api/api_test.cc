#include "admin/api/api.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "admin/door_server.h"
#include "admin/socket_client.h"
#include "admin/socket_door.h"
#include "admin/test_backends.h"
#include "http/listener.h"

namespace sallyport::admin {
namespace {

Caller caller_with(Roles roles) {
  Caller caller;
  caller.who = "contoso/t/ada";
  caller.roles = roles;
  return caller;
}

TEST(Table, EveryRouteIsHeldToItsRoles) {
  for (const auto& route : api_routes()) {
    EXPECT_FALSE(route.roles.empty()) << route.pattern;
    bool anybody = route.roles.is_any_caller();
    EXPECT_EQ(refuse_role(route, caller_with({})).has_value(), !anybody) << route.pattern;
    for (Role role : kRoles) {
      auto problem = refuse_role(route, caller_with({role}));
      EXPECT_EQ(problem.has_value(), !anybody && !route.roles.has(role))
          << route.method << " " << route.pattern << " for " << text(role);
      if (!problem) continue;
      EXPECT_EQ(problem->status, 403);
      EXPECT_NE(problem->error.message.find(text(route.roles.least())), std::string::npos);
    }
  }
}

TEST(Table, NothingIsForOneRoleLessThanAdministrator) {
  for (const auto& route : api_routes()) {
    if (route.roles.is_any_caller()) continue;
    EXPECT_TRUE(route.roles.has(Role::kAdministrator)) << route.pattern;
  }
}

TEST(Table, EveryRouteIsFoundByItsOwnPath) {
  for (const auto& route : api_routes()) {
    std::string path;
    for (char c : route.pattern) path += c == '{' || c == '}' ? 'x' : c;
    auto found = find_api_route(api_routes(), route.method, path);
    EXPECT_EQ(found.route, &route) << route.method << " " << route.pattern;
  }
}

TEST(Table, NoRouteStandsTwice) {
  std::vector<std::string> seen;
  for (const auto& route : api_routes()) {
    auto name = std::string(route.method) + " " + std::string(route.pattern);
    EXPECT_EQ(std::ranges::count(seen, name), 0) << name;
    seen.push_back(name);
  }
}

TEST(Table, PlacesAreDecodedAndNeverEmpty) {
  auto found = find_api_route(api_routes(), "GET", "/revocations/a%2Fb");
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.places, std::vector<std::string>{"a/b"});
  EXPECT_EQ(find_api_route(api_routes(), "GET", "/revocations/").route, nullptr);
  EXPECT_EQ(find_api_route(api_routes(), "GET", "/revocations/%ff").route, nullptr);
  EXPECT_EQ(find_api_route(api_routes(), "GET", "/revocations/a/b/c").route, nullptr);
  EXPECT_EQ(find_api_route(api_routes(), "DELETE", "/revocations").allow, "GET, HEAD, POST");
}

// The table behind a socket, asked as a command asks it.
class SocketApi : public testing::Test {
 protected:
  void SetUp() override {
    auto listener = http::listen_unix(path);
    ASSERT_TRUE(listener);
    server.add(std::move(*listener), door);
    server.start();
  }
  void TearDown() override { server.stop(); }

  SocketAnswer ask(const std::string& method, const std::string& target,
                   const std::string& body = {}) {
    auto answer = ask_socket(path, method, "/api/v1" + target, std::chrono::seconds{5}, body);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : SocketAnswer{};
  }

  TestBackends house;
  std::string path = (house.folder / "admin.sock").string();
  DoorServer server{"test", 0};
  Api api{api_routes(), *house.backends, {.waiting = 8, .waiting_of_one = 8}, house.clock};
  SocketDoor door{{.server = server,
                   .api = api,
                   .groups = [] { return std::vector<GroupRole>(); },
                   .metrics = [] { return std::string("metric 1\n"); },
                   .names = PeerNames(look_up_user, ::geteuid(), system_clock())}};
};

TEST_F(SocketApi, SaysWhoAsks) {
  auto answer = ask("GET", "/me");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.type, "application/json");
  EXPECT_NE(answer.body.find("\"roles\":[\"administrator\"]"), std::string::npos) << answer.body;
  EXPECT_NE(answer.body.find("\"way\":\"socket\""), std::string::npos);
}

TEST_F(SocketApi, APathThatIsNotThereIsAProblem) {
  auto answer = ask("GET", "/nothing");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.type, "application/problem+json");
  EXPECT_NE(answer.body.find("\"code\":\"api.no_route\""), std::string::npos);
  EXPECT_EQ(ask("DELETE", "/revocations").status, 405);
}

TEST_F(SocketApi, AWriteIsAnEventBeforeItIsAcknowledged) {
  auto answer = ask("POST", "/revocations", R"({"kind":"user","targets":["contoso/t/ada"]})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  auto events = house.written();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "admin");
  EXPECT_EQ(events[0].details[0].second, "POST /api/v1/revocations");
}

TEST_F(SocketApi, WhatCannotBeRecordedIsNotAcknowledged) {
  house.record_is_gone = true;
  auto answer = ask("POST", "/revocations", R"({"kind":"user","targets":["contoso/t/ada"]})");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("api.not_recorded"), std::string::npos);
}

TEST_F(SocketApi, AListComesInPages) {
  for (int i = 0; i < 3; ++i) {
    house.clock.advance(std::chrono::milliseconds(1));  // ids sort by time
    auto target = "\"contoso/t/" + std::to_string(i) + "\"";
    EXPECT_EQ(
        ask("POST", "/revocations", "{\"kind\":\"user\",\"targets\":[" + target + "]}").status,
        200);
  }
  auto first = ask("GET", "/revocations?limit=2");
  auto at = first.body.find("\"next_cursor\":\"");
  ASSERT_NE(at, std::string::npos) << first.body;
  auto cursor = first.body.substr(at + 15, first.body.find('"', at + 15) - at - 15);
  auto second = ask("GET", "/revocations?limit=2&cursor=" + cursor);
  EXPECT_EQ(second.body.find("next_cursor"), std::string::npos);
  EXPECT_NE(second.body.find("contoso//t/2"), std::string::npos) << second.body;
  EXPECT_EQ(second.body.find("contoso//t/1"), std::string::npos);
  EXPECT_EQ(ask("GET", "/revocations?cursor=nonsense").status, 400);
  EXPECT_EQ(ask("GET", "/revocations?limit=0").status, 400);
}

TEST_F(SocketApi, MetricsAreAtTheSocketToo) {
  auto answer = ask_socket(path, "GET", "/metrics");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "metric 1\n");
}

}  // namespace
}  // namespace sallyport::admin
