#include "identity/principal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

PrincipalDraft draft() {
  PrincipalDraft made;
  made.issuer = "contoso";
  made.tenant = "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4";
  made.object_id = "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77";
  made.subject = "pairwise";
  made.key = made.issuer + "/" + made.tenant + "/" + made.object_id;
  made.client = "desktop";
  made.token_id = "token";
  made.session_id = "session";
  made.key_id = "k1";
  made.groups = {"staff", "", "research"};
  made.roles = {"Claude.User"};
  made.name = "Rina Okafor";
  made.mail = "rina@example.com";
  made.kind = TokenKind::kIdToken;
  made.app_only = made.guest = made.groups_overage = made.claims_challenge = true;
  made.issued_at = 1;
  made.not_before = 2;
  made.expires_at = 3;
  made.auth_time = 4;
  made.signed_in_at = 5;
  made.skew = 6;
  return made;
}

TEST(Principal, KeepsWhatTheDraftSaysWithoutTheDraft) {
  PrincipalPtr who;
  {
    auto gone = draft();
    std::string record = R"({"issuer":"contoso"})";
    who = keep(gone, record);
    for (auto* text : {&gone.issuer, &gone.key, &gone.groups[0], &record}) text->assign("other");
  }
  EXPECT_EQ(who->issuer, "contoso");
  EXPECT_EQ(who->tenant, "5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4");
  EXPECT_EQ(who->object_id, "9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77");
  EXPECT_EQ(who->subject, "pairwise");
  EXPECT_EQ(who->key,
            "contoso/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/9e107d9d-372b-4a81-a0f0-2c1c4f6f1a77");
  EXPECT_EQ(who->client, "desktop");
  EXPECT_EQ(who->token_id, "token");
  EXPECT_EQ(who->session_id, "session");
  EXPECT_EQ(who->key_id, "k1");
  EXPECT_EQ(who->record, R"({"issuer":"contoso"})");
  EXPECT_THAT(who->groups, ElementsAre("staff", "", "research"));
  EXPECT_THAT(who->roles, ElementsAre("Claude.User"));
  EXPECT_THAT(who->scopes, IsEmpty());
  EXPECT_EQ(who->kind, TokenKind::kIdToken);
  EXPECT_TRUE(who->app_only && who->guest && who->groups_overage && who->claims_challenge);
  EXPECT_EQ(who->issued_at, 1);
  EXPECT_EQ(who->not_before, 2);
  EXPECT_EQ(who->expires_at, 3);
  EXPECT_EQ(who->auth_time, 4);
  EXPECT_EQ(who->signed_in_at, 5);
  EXPECT_EQ(who->skew, 6);
}

TEST(Principal, MayBeEmpty) {
  auto who = keep({});
  EXPECT_EQ(who->key, "");
  EXPECT_EQ(who->record, "");
  EXPECT_THAT(who->groups, IsEmpty());
}

TEST(Principal, HasItsTextsInTheSameBlock) {
  auto who = keep(draft(), "record");
  auto* begin = reinterpret_cast<const char*>(who.get());
  for (auto text : {who->record, who->key, who->key_id, who->groups[2], who->roles[0]}) {
    EXPECT_GT(text.data(), begin);
    EXPECT_LT(text.data(), begin + 1024);
  }
}

}  // namespace
}  // namespace sallyport::identity
