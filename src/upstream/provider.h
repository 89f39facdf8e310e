// What differs between the model providers: one row a kind, in one visible table. A new provider of
// the native event-stream family is one row; others bring a file of their own. Pure.
#pragma once

#include <string_view>

#include "upstream/settings.h"

namespace sallyport::upstream {

struct ProviderFacts {
  Provider provider;
  std::string_view name;               ///< in the configuration
  std::string_view default_base_url;   ///< empty: none
  std::string_view credential_header;  ///< where the API key goes by default
  bool azure_errors;                   ///< its front answers {"error":{"code":..}} (facts: Foundry)
};

[[nodiscard]] const ProviderFacts& facts(Provider provider);

}  // namespace sallyport::upstream
