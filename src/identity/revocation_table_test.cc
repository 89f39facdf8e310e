#include "identity/revocation_table.h"

#include <gtest/gtest.h>

namespace sallyport::identity {
namespace {

using enum RevocationKind;

constexpr WallTime kNow = WallTime(std::chrono::seconds(1795219200));
constexpr std::int64_t kSecond = 1795219200;

Principal ada() {
  static constexpr std::string_view kGroups[] = {"staff", "research"};
  Principal person;
  person.issuer = "contoso";
  person.tenant = "t";
  person.object_id = "ada";
  person.key = "contoso/t/ada";
  person.session_id = "session-1";
  person.token_id = "token-1";
  person.client = "desktop";
  person.groups = kGroups;
  person.issued_at = kSecond - 10;
  person.signed_in_at = kSecond - 3600;
  return person;
}

Revocation revocation(RevocationKind kind, std::string target) {
  static int count = 0;
  Revocation made;
  made.id = "id-" + std::to_string(++count);
  made.kind = kind;
  made.target = std::move(target);
  made.at = kNow;
  return made;
}

RevocationPtr shared(Revocation from) {
  return std::make_shared<const Revocation>(std::move(from));
}

// One revocation alone, asked about one person.
bool refuses(Revocation one, const Principal& person, WallTime now = kNow) {
  RevocationTable table;
  table.add(shared(std::move(one)));
  return table.find(person, now) != nullptr;
}

TEST(RevocationTable, LetsEverybodyInWhenNothingIsRevoked) {
  RevocationTable table;
  EXPECT_EQ(table.find(ada(), kNow), nullptr);
}

TEST(RevocationTable, RefusesAUserWhateverTheToken) {
  auto person = ada();
  EXPECT_TRUE(refuses(revocation(kUser, "contoso/t/ada"), person));
  person.signed_in_at = kSecond + 100;
  person.session_id = person.token_id = "another";
  EXPECT_TRUE(refuses(revocation(kUser, "contoso/t/ada"), person));
  EXPECT_FALSE(refuses(revocation(kUser, "contoso/t/bob"), person));
  EXPECT_FALSE(refuses(revocation(kUser, "fabrikam/t/ada"), person));
}

TEST(RevocationTable, ARevocationWithAnEndEnds) {
  auto one = revocation(kUser, "contoso/t/ada");
  one.until = kNow + std::chrono::seconds(5);
  EXPECT_TRUE(refuses(one, ada(), kNow + std::chrono::seconds(4)));
  EXPECT_FALSE(refuses(one, ada(), kNow + std::chrono::seconds(5)));
}

TEST(RevocationTable, OnlyASignInAfterTheMomentHealsSignIns) {
  for (auto kind : {kSignIns, kAll}) {
    auto one = revocation(kind, kind == kAll ? "" : "contoso/t/ada");
    one.not_before = kSecond;
    auto person = ada();
    EXPECT_TRUE(refuses(one, person));
    person.issued_at = kSecond + 60;  // a silent refresh
    EXPECT_TRUE(refuses(one, person));
    person.signed_in_at = kSecond;  // within the very second
    EXPECT_TRUE(refuses(one, person));
    person.signed_in_at = kSecond + 1;
    EXPECT_FALSE(refuses(one, person));
    person.signed_in_at = 0;  // a token without auth_time
    EXPECT_TRUE(refuses(one, person));
  }
}

TEST(RevocationTable, RefusesASessionWithinItsScopeAlone) {
  auto one = revocation(kSession, "session-1");
  one.issuer = "contoso";
  EXPECT_TRUE(refuses(one, ada()));
  one.issuer = "fabrikam";
  EXPECT_FALSE(refuses(one, ada()));
  one.issuer = "";
  one.person = "contoso/t/ada";
  EXPECT_TRUE(refuses(one, ada()));
  one.person = "contoso/t/bob";
  EXPECT_FALSE(refuses(one, ada()));
  auto person = ada();
  person.session_id = "";
  one.target = "";
  one.person = "";
  EXPECT_FALSE(refuses(one, person)) << "no sid is no session";
}

TEST(RevocationTable, RefusesTokensClientsAndGroups) {
  EXPECT_TRUE(refuses(revocation(kToken, "token-1"), ada()));
  EXPECT_FALSE(refuses(revocation(kToken, "token-2"), ada()));
  EXPECT_TRUE(refuses(revocation(kClient, "desktop"), ada()));
  EXPECT_FALSE(refuses(revocation(kClient, "terminal"), ada()));
  EXPECT_TRUE(refuses(revocation(kGroup, "research"), ada()));
  EXPECT_FALSE(refuses(revocation(kGroup, "board"), ada()));
  auto elsewhere = revocation(kGroup, "research");
  elsewhere.issuer = "fabrikam";
  EXPECT_FALSE(refuses(elsewhere, ada()));
}

TEST(RevocationTable, WhoseGroupsAreNotListedIsInEveryGroup) {
  auto person = ada();
  person.groups = {};
  person.groups_overage = true;
  EXPECT_TRUE(refuses(revocation(kGroup, "board"), person));
  EXPECT_FALSE(refuses(revocation(kUser, "contoso/t/bob"), person));
}

TEST(RevocationTable, LiftingOneLeavesTheOthers) {
  RevocationTable table;
  auto first = shared(revocation(kUser, "contoso/t/ada"));
  auto second = shared(revocation(kUser, "contoso/t/ada"));
  table.add(first);
  table.add(second);
  table.add(second);  // twice is once
  EXPECT_EQ(table.size(), 2U);
  table.remove(first->id);
  EXPECT_EQ(table.find(ada(), kNow), second);
  table.remove("id-unknown");
  table.apply({RevocationChange::What::kLifted, second, kNow, {}, {}});
  EXPECT_EQ(table.find(ada(), kNow), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(RevocationTable, FindsAmongTenThousand) {
  RevocationTable table;
  for (int i = 0; i < 10'000; ++i) {
    auto kind = static_cast<RevocationKind>(i % 6);
    auto one = revocation(kind, "contoso/t/" + std::to_string(i));
    one.not_before = kSecond;
    table.add(shared(std::move(one)));
  }
  EXPECT_EQ(table.find(ada(), kNow), nullptr);
  table.add(shared(revocation(kToken, "token-1")));
  EXPECT_NE(table.find(ada(), kNow), nullptr);
}

TEST(RevocationKind, IsReadAsItIsWritten) {
  for (std::size_t i = 0; i < kRevocationKinds; ++i) {
    auto kind = static_cast<RevocationKind>(i);
    EXPECT_EQ(revocation_kind(text(kind)), kind);
  }
  EXPECT_EQ(revocation_kind("everything"), std::nullopt);
}

}  // namespace
}  // namespace sallyport::identity
