#include "signin/session.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/test_folder.h"
#include "signin/sign_in_book.h"
#include "signin/test_parts.h"

namespace sallyport::signin {
namespace {

TEST(Session, ComesBackFromTheVaultAsItWentIn) {
  Session session{.target = {.gateway = "https://g.example/c",
                             .name = "contoso",
                             .issuer = "https://i.example",
                             .client = "desk",
                             .scopes = {"a", "b"},
                             .id_token = true,
                             .redirect_port = 8400,
                             .ca_file = "/etc/ca.pem"},
                  .machine = {"/s", "/c", "/k", "/f"},
                  .token_endpoint = "https://i.example/token",
                  .revocation_endpoint = "https://i.example/revoke"};
  session.access_token = Secret(std::string_view("access"));
  session.id_token = Secret(std::string_view("id"));
  session.refresh_token = Secret(std::string_view("refresh \" \\ odd"));
  session.obtained_at = 100;
  session.expires_at = 200;
  session.person = "Ada \"the first\" Byron";
  session.subject = "o-1";
  session.refused_at = 150;
  session.refused = "no";
  auto back = decode_session(encode(session).reveal());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(encode(*back).reveal(), encode(session).reveal());
  EXPECT_EQ(back->refresh_token.reveal(), session.refresh_token.reveal());
  EXPECT_EQ(back->target.scopes, session.target.scopes);
  EXPECT_EQ(back->machine.federated_token_file, "/f");
  EXPECT_EQ(&back->token(), &back->id_token);
}

TEST(Session, WhatIsNotOursIsDamaged) {
  for (const char* text : {"", "{}", "[]", R"({"version":2})", R"({"version":1})", "probe"}) {
    auto session = decode_session(text);
    ASSERT_FALSE(session) << text;
    EXPECT_EQ(session.error().code, "vault.damaged");
  }
}

TEST(Session, TheLifeOfAnIdTokenIsItsOwnAndNotTheAccessTokens) {
  FakeClock clock;
  std::int64_t now = unix_seconds(clock.wall());
  Session session;
  session.target.id_token = true;
  Tokens tokens;
  tokens.id_token =
      Secret(token_of(R"({"iss":"i","sub":"s","exp":)" + std::to_string(now + 600) + "}"));
  tokens.access_token = Secret(std::string_view("a"));
  tokens.expires_in = 86400;
  ASSERT_TRUE(take_tokens(session, std::move(tokens), clock.wall()));
  EXPECT_EQ(session.seconds_left(clock.wall()), 600);
}

class SignInBookTest : public testing::Test {
 protected:
  void SetUp() override { ::setenv("XDG_STATE_HOME", folder_.c_str(), 1); }
  void TearDown() override { ::unsetenv("XDG_STATE_HOME"); }
  static BookEntry entry(const std::string& gateway) {
    Target target{.gateway = gateway, .issuer = "https://i.example", .client = "c"};
    return {id_of(target), gateway, target.issuer, target.client, VaultKind::kKernel, ""};
  }
  TestFolder test_folder_;
  std::filesystem::path folder_ = test_folder_.path();
};

TEST_F(SignInBookTest, RemembersEachGatewayAndTheLastOne) {
  auto book = SignInBook::open(true);
  ASSERT_TRUE(book);
  EXPECT_EQ(book->choose("").error().code, "sign_in.none");
  ASSERT_TRUE(book->put(entry("https://one.example")));
  ASSERT_TRUE(book->put(entry("https://two.example")));
  ASSERT_TRUE(book->put(entry("https://two.example")));
  auto again = SignInBook::open(false);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->entries().size(), 2U);
  EXPECT_EQ(again->choose("")->gateway, "https://two.example");
  EXPECT_EQ(again->choose("https://one.example")->gateway, "https://one.example");
  EXPECT_EQ(again->choose("https://three.example").error().code, "sign_in.none");
  ASSERT_TRUE(again->remove(again->current()));
  EXPECT_EQ(again->choose("")->gateway, "https://one.example");
}

TEST_F(SignInBookTest, TwoCommandsAtOnceLoseNothing) {
  auto one = SignInBook::open(true);
  auto two = SignInBook::open(true);
  ASSERT_TRUE(one->put(entry("https://one.example")));
  ASSERT_TRUE(two->put(entry("https://two.example")));
  EXPECT_EQ(SignInBook::open(false)->entries().size(), 2U);
}

TEST_F(SignInBookTest, TheFolderIsClosedToOthers) {
  std::filesystem::create_directories(folder_ / "sallyport");
  std::filesystem::permissions(folder_ / "sallyport", std::filesystem::perms(0755));
  ASSERT_TRUE(SignInBook::open(true));
  EXPECT_EQ(std::filesystem::status(folder_ / "sallyport").permissions(),
            std::filesystem::perms(0700));
}

TEST_F(SignInBookTest, ABookThatLeadsElsewhereIsDamaged) {
  std::filesystem::create_directories(folder_ / "sallyport");
  std::string path = folder_ / "sallyport" / "sign-ins.json";
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs(R"({"version":1,"current":"","sign_ins":[{"id":"../../../etc/xx","gateway":"",)"
             R"("issuer":"","client":"","vault":"kernel","passphrase_file":""}]})",
             file);
  std::fclose(file);
  EXPECT_EQ(SignInBook::open(false).error().code, "book.damaged");
}

Target target_of_server(const std::string& server, const std::string& client = "admin") {
  Target target;
  target.server = server;
  target.issuer = "https://i.example";
  target.client = client;
  return target;
}

BookEntry entry_of_server(const Target& target) {
  return {id_of(target), "", target.issuer, target.client, VaultKind::kKernel, "", target.server};
}

TEST(Session, IsBoundToItsServer) {
  Session session{.target = target_of_server("https://admin.example")};
  auto back = decode_session(encode(session).reveal());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->target.server, "https://admin.example");
  EXPECT_TRUE(back->target.gateway.empty());
}

TEST_F(SignInBookTest, ASignInOfAServerIsForThatServerAlone) {
  auto book = SignInBook::open(true);
  ASSERT_TRUE(book);
  const std::string server = "https://admin.example";
  ASSERT_TRUE(book->put(entry_of_server(target_of_server(server))));
  auto again = SignInBook::open(false);
  ASSERT_TRUE(again);
  ASSERT_TRUE(again->choose_server(server));
  EXPECT_EQ(again->choose_server(server)->server, server);
  EXPECT_EQ(again->choose_server("https://evil.example").error().code, "sign_in.none");
  EXPECT_EQ(again->choose_server("").error().code, "sign_in.none");
  // Not for a gateway, not even one of the same URL, nor for who names none.
  EXPECT_EQ(again->choose(server).error().code, "sign_in.of_server");
  EXPECT_EQ(again->choose("").error().code, "sign_in.of_server");
  EXPECT_NE(again->choose(server).error().message.find(server), std::string::npos);
  EXPECT_EQ(again->choose("https://other.example").error().code, "sign_in.none");
}

TEST_F(SignInBookTest, ASignInOfAServerIsNeverTheCurrentOne) {
  auto book = SignInBook::open(true);
  ASSERT_TRUE(book);
  const std::string url = "https://one.example";
  ASSERT_TRUE(book->put(entry(url)));
  ASSERT_TRUE(book->put(entry_of_server(target_of_server(url))));
  EXPECT_EQ(book->entries().size(), 2U) << "the same URL, but not the same sign-in";
  EXPECT_EQ(book->choose("")->gateway, url);
  EXPECT_TRUE(book->choose_server(url)->gateway.empty());
  EXPECT_TRUE(book->choose(url)->server.empty());
  ASSERT_TRUE(book->remove(book->current()));
  EXPECT_TRUE(book->current().empty());
  EXPECT_EQ(book->choose("").error().code, "sign_in.of_server");
}

TEST_F(SignInBookTest, AServerGetsNoTokenOfAnotherSignInsApplication) {
  auto book = SignInBook::open(true);
  ASSERT_TRUE(book);
  ASSERT_TRUE(book->put(entry("https://gateway.example")));  // with the client "c"
  const auto target = target_of_server("https://admin.example");
  ASSERT_TRUE(book->check_server(target));
  ASSERT_TRUE(book->put(entry_of_server(target)));
  EXPECT_TRUE(book->check_server(target)) << "the same server again";
  for (const char* client : {"c", "admin"}) {
    auto evil = book->check_server(target_of_server("https://evil.example", client));
    ASSERT_FALSE(evil) << client;
    EXPECT_EQ(evil.error().code, "server.same_application");
  }
  EXPECT_TRUE(book->check_server(target_of_server("https://evil.example", "its own")));
}

TEST_F(SignInBookTest, AnEntryForAGatewayAndAServerIsDamaged) {
  std::filesystem::create_directories(folder_ / "sallyport");
  std::string path = folder_ / "sallyport" / "sign-ins.json";
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs(R"({"version":1,"current":"","sign_ins":[{"id":"0123456789abcdef",)"
             R"("gateway":"https://g.example","issuer":"","client":"","vault":"kernel",)"
             R"("passphrase_file":"","server":"https://s.example"}]})",
             file);
  std::fclose(file);
  EXPECT_EQ(SignInBook::open(false).error().code, "book.damaged");
}

}  // namespace
}  // namespace sallyport::signin
