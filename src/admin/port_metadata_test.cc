#include "admin/port_metadata.h"

#include <gtest/gtest.h>

#include "signin/metadata.h"

namespace sallyport::admin {
namespace {

identity::SnapshotPtr two_issuers() {
  identity::IssuerSettings contoso;
  contoso.name = "contoso";
  contoso.issuer = "https://login.example/contoso";
  contoso.sign_in = identity::SignInSettings{"desk", {"api://gateway/Use"}, 0};
  identity::IssuerSettings other = contoso;
  other.name = "other";
  other.issuer = "https://login.example/other";
  return identity::make_snapshot(1, {identity::IssuerState(other), identity::IssuerState(contoso)});
}

Settings settings_of_port() {
  Settings settings;
  settings.public_url = "https://admin.example:8443";
  settings.tls_certificate = "cert.pem";
  settings.issuer = "contoso";
  settings.command_line = CommandSignIn{"command-line", {"api://admin/Gateway.Admin"}};
  return settings;
}

TEST(PortMetadata, IsWhatTheCommandReads) {
  auto metadata = port_metadata(settings_of_port(), *two_issuers());
  EXPECT_TRUE(metadata.answers("/.well-known/oauth-protected-resource"));
  auto targets = signin::parse_gateway_document(metadata.document("evil.example"),
                                                "https://admin.example:8443");
  ASSERT_TRUE(targets) << targets.error().text();
  ASSERT_EQ(targets->size(), 1u);
  EXPECT_EQ(targets->front().issuer, "https://login.example/contoso");
  EXPECT_EQ(targets->front().client, "command-line");
  EXPECT_EQ(targets->front().scopes, std::vector<std::string>{"api://admin/Gateway.Admin"});
  EXPECT_FALSE(targets->front().id_token);
}

TEST(PortMetadata, OnPlainLoopbackIsNamedAsItWasAsked) {
  auto settings = settings_of_port();
  settings.tls_certificate.clear();
  settings.public_url = "http://127.0.0.1:0";
  auto document = port_metadata(settings, *two_issuers()).document("127.0.0.1:4711");
  EXPECT_TRUE(document.starts_with(R"({"resource":"http://127.0.0.1:4711",)")) << document;
}

TEST(PortMetadata, SaysThatThereIsNoCommandLine) {
  auto settings = settings_of_port();
  settings.command_line.reset();
  auto targets = signin::parse_gateway_document(
      port_metadata(settings, *two_issuers()).document(""), "https://admin.example:8443");
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().code, "gateway.no_sign_in");
}

}  // namespace
}  // namespace sallyport::admin
