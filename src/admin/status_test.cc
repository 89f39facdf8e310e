#include "admin/status.h"

#include <gtest/gtest.h>

namespace sallyport::admin {
namespace {

using std::chrono::minutes;

const WallTime kStart = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

Status sample() {
  Status status;
  status.version = "0.1.0";
  status.instance = "01939f3c";
  status.pid = 4711;
  status.started = kStart;
  status.configuration_path = "/etc/sallyport/sallyport.yaml";
  status.configuration_sha256 = std::string(64, 'a');
  status.listen_address = "0.0.0.0:8443";
  status.public_url = "https://claude.contoso.example";
  status.ready = true;
  status.issuers = {{"contoso", "https://id.example", true, 5, kStart + minutes{50}, ""},
                    {"fabrikam", "https://id2.example", false, 0, std::nullopt, "timed out"}};
  auto& key = status.upstreams.emplace_back();
  key.name = key.provider = "foundry";
  key.host = "contoso-ai.services.ai.azure.com";
  key.credential = "file /etc/sallyport/foundry-key";
  key.source = "api_key";
  key.ready = true;
  auto& token = status.upstreams.emplace_back(key);
  token.name = "second";
  token.credential = "managed identity (IMDS)";
  token.source = "managed_identity.imds";
  token.obtained = kStart + minutes{60};
  token.expires = kStart + minutes{180};
  token.problem = "timed out";
  token.refused = kStart + minutes{120};
  token.refused_status = 403;
  auto& none = status.upstreams.emplace_back(token);
  none.name = "third";
  none.ready = false;
  none.refused = none.obtained = none.expires = std::nullopt;
  status.workers = {{12, 1, 400, {{"complete", 100}, {"refused", 3}}}, {1, 0, 0, {}}};
  status.audit = {"/var/lib/sallyport/audit",
                  "100ms",
                  64 << 20,
                  {{0, 1234, 7, "01939f3c-0", std::string(64, 'b')}, {1, 1, 0, "01939f3c-1", {}}}};
  status.revocations = {3, 4, 5, {}};
  return status;
}

TEST(StatusPage, IsReadableByAPerson) {
  EXPECT_EQ(status_text(sample(), kStart + minutes{125}),
            R"(sallyport 0.1.0 is ready, pid 4711, up 2h 5m

listen    0.0.0.0:8443, known as https://claude.contoso.example
config    /etc/sallyport/sallyport.yaml (sha256 aaaaaaaaaaaaaaaa)
instance  01939f3c, started 2026-11-21T00:00:00.000000Z
issuer    contoso: ready, 5 keys, refreshed 1h 15m ago
          https://id.example
issuer    fabrikam: NOT READY, 0 keys
          https://id2.example
          last problem: timed out
upstream  foundry (foundry): contoso-ai.services.ai.azure.com, key from file /etc/sallyport/foundry-key
upstream  second (foundry): contoso-ai.services.ai.azure.com, managed identity (IMDS)
          credential obtained 1h 5m ago, ends in 55m
          the provider refused it 5m ago (403): run `sallyport upstream check`
          last problem: timed out
upstream  third (foundry): contoso-ai.services.ai.azure.com, managed identity (IMDS)
          NO CREDENTIAL
          last problem: timed out
worker 0  12 connections, 1 request running, 400 tokens cached
          since the start: complete 100, refused 3
worker 1  1 connection, 0 requests running, 0 tokens cached
record    /var/lib/sallyport/audit, on the disk every 100ms
          chain 01939f3c-0: 1234 lines, 7 not on the disk yet
          head bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
          chain 01939f3c-1: 1 line, 0 not on the disk yet
          its end is not known now
revoked   3 in force; since the start 4 changes, 5 running requests cut
)");
}

TEST(StatusPage, SaysWhyItIsNotReady) {
  auto status = sample();
  status.ready = false;
  status.reason = "keys.unavailable";
  EXPECT_TRUE(
      status_text(status, kStart)
          .starts_with("sallyport 0.1.0 is NOT READY (keys.unavailable), pid 4711, up 0s\n"));
}

TEST(StatusPage, SaysThatNothingCanBeRevoked) {
  auto status = sample();
  status.revocations.problem = "store.gone: the store is gone";
  EXPECT_NE(status_text(status, kStart).find("NOTHING CAN BE REVOKED: store.gone"),
            std::string::npos);
}

TEST(StatusPage, CannotSteerATerminal) {
  auto status = sample();
  status.issuers[1].problem = "\x1b[2J";
  EXPECT_EQ(status_text(status, kStart).find('\x1b'), std::string::npos);
}

TEST(StatusJson, ComesBackAsItWas) {
  auto sent = sample();
  sent.reason = "keys.unavailable";
  sent.ready = false;
  auto text = status_json(sent);
  auto read = parse_status(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(status_json(*read), text);
  EXPECT_EQ(read->started, kStart);
  EXPECT_EQ(read->issuers[0].refreshed, kStart + minutes{50});
  EXPECT_FALSE(read->issuers[1].refreshed);
  EXPECT_EQ(read->workers[0].requests, sent.workers[0].requests);
  EXPECT_EQ(read->audit.segment_bytes, sent.audit.segment_bytes);
  EXPECT_EQ(read->audit.chains[0].unsynced, sent.audit.chains[0].unsynced);
  EXPECT_EQ(status_text(*read, kStart), status_text(sent, kStart));
}

TEST(StatusJson, ANewerGatewayIsUnderstoodAsFarAsPossible) {
  auto read = parse_status(R"({"program": "sallyport", "version": "9.0", "pid": "many",
      "started": "soon", "issuers": [1, {"name": "a", "keys": -1, "colour": "red"}],
      "workers": {"0": {}}, "audit": null, "new": [[]]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->version, "9.0");
  EXPECT_EQ(read->pid, 0);
  ASSERT_EQ(read->issuers.size(), 1u);
  EXPECT_EQ(read->issuers[0].name, "a");
  EXPECT_EQ(read->issuers[0].keys, 0u);
  EXPECT_TRUE(read->workers.empty());
}

TEST(StatusJson, WhatIsNoStatusIsAnError) {
  for (const char* text : {"", "{", "[]", "{}", "<html>", R"({"program": "nginx"})", "null",
                           R"({"program": "sallyport"} x)"}) {
    auto read = parse_status(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, "status.not_understood");
  }
}

}  // namespace
}  // namespace sallyport::admin
