#include "config/provider_words.h"

#include <gtest/gtest.h>

namespace sallyport::config {
namespace {

using upstream::CredentialKind;
using upstream::kProviderRules;
using upstream::ProviderRules;

constexpr CredentialKind kKey[] = {CredentialKind::kApiKey};
constexpr CredentialKind kTokens[] = {CredentialKind::kImds, CredentialKind::kClientSecret};

// Two of them share a key, and one takes no API keys.
constexpr ProviderRules kThree[] = {
    {.name = "one", .title = "One", .target_key = "region", .credentials = kKey},
    {.name = "two", .title = "Two", .target_key = "region", .credentials = kTokens},
    {.name = "three", .title = "Three", .target_key = "project", .credentials = kKey},
};

TEST(ProviderWords, OfATargetNameAllWhoHaveTheKey) {
  auto words = words_of_foreign_target(kThree, "region");
  EXPECT_EQ(words.message, "only One and Two have regions");
  EXPECT_EQ(words.next_step, "take it away, or set `provider: one` or `provider: two`");
  words = words_of_foreign_target(kProviderRules, "resource");
  EXPECT_EQ(words.message, "only Foundry has resources");
  EXPECT_EQ(words.next_step, "take it away, or set `provider: foundry`");
}

TEST(ProviderWords, OfACredentialSayWhatIsTakenAndByWhom) {
  auto words = words_of_unfit_credential(kThree, kThree[1], CredentialKind::kApiKey);
  EXPECT_EQ(words.message, "Two does not take API keys");
  EXPECT_EQ(words.next_step,
            "write `managed_identity` or `client_secret`, or set `provider: one` or "
            "`provider: three`");
  words = words_of_unfit_credential(kThree, kThree[0], CredentialKind::kWorkloadIdentity);
  EXPECT_EQ(words.next_step, "write `api_key`") << "nobody takes it";
  const auto& mantle = upstream::rules_of(upstream::Provider::kMantle);
  words = words_of_unfit_credential(kProviderRules, mantle, CredentialKind::kImds);
  EXPECT_EQ(words.message, "Mantle does not take Entra's tokens");
  EXPECT_EQ(words.next_step, "write `api_key`, or set `provider: foundry`");
}

TEST(CredentialKeys, HaveEachAProviderThatTakesThem) {
  for (const auto& key : credential_keys()) {
    EXPECT_TRUE(std::ranges::any_of(kProviderRules, [&](const auto& rules) {
      return takes(rules, key.kind);
    })) << key.name;
  }
}

}  // namespace
}  // namespace sallyport::config
