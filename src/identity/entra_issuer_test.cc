#include "identity/entra_issuer.h"

#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

TEST(EntraIssuer, KnowsBothVersionsAndAllClouds) {
  constexpr std::string_view kTenant = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4";
  for (std::string_view host :
       {"https://login.microsoftonline.com", "https://login.microsoftonline.us",
        "https://login.partner.microsoftonline.cn", "https://contoso.ciamlogin.com",
        "http://127.0.0.1:4000"}) {
    auto found = parse_entra_issuer(std::string(host) + "/" + std::string(kTenant) + "/v2.0");
    ASSERT_TRUE(found) << host;
    EXPECT_EQ(found->tenant, kTenant);
    EXPECT_EQ(found->version, 2);
  }
  auto first = parse_entra_issuer("https://sts.windows.net/5B1F0E7A-3C52-4D8E-9A41-7D20C6E1B9F4/");
  ASSERT_TRUE(first);
  EXPECT_EQ(first->tenant, kTenant);
  EXPECT_EQ(first->version, 1);
}

TEST(EntraIssuer, LeavesOtherProvidersAlone) {
  for (std::string_view issuer :
       {"https://accounts.google.com", "https://example.okta.com/oauth2/default",
        "https://keycloak.example/realms/staff", "http://127.0.0.1:4000/v2.0",
        "https://contoso.b2clogin.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0/",
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/{tenantid}/v2.0",
        "https://host/a/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0",
        "https://other.example/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/", "", "/v2.0"}) {
    EXPECT_FALSE(parse_entra_issuer(issuer)) << issuer;
  }
}

}  // namespace
}  // namespace sallyport::identity
