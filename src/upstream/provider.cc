#include "upstream/provider.h"

#include "base/check.h"

namespace sallyport::upstream {

// One file each.
const ProviderKind& foundry();
const ProviderKind& anthropic();
const ProviderKind& mantle();

namespace {

struct Row {
  Provider provider;
  const ProviderKind& (*kind)();
};

constexpr Row kKinds[] = {
    {Provider::kFoundry, foundry},
    {Provider::kAnthropic, anthropic},
    {Provider::kMantle, mantle},
};

// A provider that can be configured and is not here, or the other way round, does not compile.
static_assert(std::ranges::equal(kKinds, kProviderRules, {}, &Row::provider,
                                 &ProviderRules::provider));

}  // namespace

const ProviderKind& kind_of(Provider provider) {
  for (const auto& row : kKinds) {
    if (row.provider == provider) return row.kind();
  }
  check_failed("a provider without a kind", __FILE__, __LINE__);
}

}  // namespace sallyport::upstream
