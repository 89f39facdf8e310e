#include "upstream/provider.h"

#include "base/check.h"

namespace sallyport::upstream {
namespace {

constexpr ProviderFacts kProviders[] = {
    {Provider::kFoundry, "foundry", "", "x-api-key", true},
    {Provider::kAnthropic, "anthropic", "https://api.anthropic.com", "x-api-key", false},
};

}  // namespace

const ProviderFacts& facts(Provider provider) {
  for (const auto& row : kProviders) {
    if (row.provider == provider) return row;
  }
  check_failed("a provider without a row", __FILE__, __LINE__);
}

}  // namespace sallyport::upstream
