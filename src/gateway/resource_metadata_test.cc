#include "gateway/resource_metadata.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

identity::IssuerSettings contoso() {
  identity::IssuerSettings issuer;
  issuer.name = "contoso";
  issuer.issuer = "https://i.example/v2.0";
  issuer.sign_in = identity::SignInSettings{"desk", {"api://g/Use", "offline_access"}, 0};
  return issuer;
}

TEST(ResourceMetadata, SaysWhereAndHowPeopleSignIn) {
  identity::IssuerSettings silent;
  silent.name = "other";
  silent.issuer = "https://o.example";
  ListenSettings listen;
  listen.public_url = "https://g.example";
  ResourceMetadata metadata(listen, {contoso(), silent});
  EXPECT_EQ(metadata.document("whatever"),
            R"({"resource":"https://g.example",)"
            R"("authorization_servers":["https://i.example/v2.0","https://o.example"],)"
            R"("scopes_supported":["api://g/Use","offline_access"],)"
            R"("bearer_methods_supported":["header"],)"
            R"("sallyport_sign_in":[{"name":"contoso","issuer":"https://i.example/v2.0",)"
            R"("client":"desk","scopes":["api://g/Use","offline_access"],)"
            R"("token":"access_token"}]})");
}

TEST(ResourceMetadata, StandsBetweenHostAndPrefixAndBelowThePrefix) {
  ListenSettings listen;
  listen.public_url = "https://g.example/claude";
  listen.path_prefix = "/claude";
  ResourceMetadata metadata(listen, {contoso()});
  EXPECT_TRUE(metadata.answers("/.well-known/oauth-protected-resource/claude"));
  EXPECT_TRUE(metadata.answers("/claude/.well-known/oauth-protected-resource"));
  EXPECT_FALSE(metadata.answers("/.well-known/oauth-protected-resource"));
  EXPECT_FALSE(metadata.answers("/.well-known/oauth-protected-resource/claude/x"));
  EXPECT_TRUE(
      ResourceMetadata(ListenSettings{}, {}).answers("/.well-known/oauth-protected-resource"));
}

TEST(ResourceMetadata, WithoutAPublicUrlTheResourceIsWhatTheClientCalledIt) {
  ResourceMetadata metadata(ListenSettings{}, {contoso()});
  EXPECT_TRUE(
      metadata.document("127.0.0.1:8443").starts_with(R"({"resource":"http://127.0.0.1:8443",)"));
  EXPECT_TRUE(metadata.document("a\"b").starts_with(R"({"resource":"http://a\"b",)"));
}

}  // namespace
}  // namespace sallyport::gateway
