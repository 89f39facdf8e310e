// The configuration that runs, key by key: what the file says and where, and the default of what it
// does not say. A secret is named by its source; what it is stands nowhere here. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/configuration.h"

namespace sallyport::config {

struct EffectiveKey {
  std::string key;                  ///< `issuers[0].audiences`
  std::vector<std::string> values;  ///< as the file has them: one, or those of a list
  bool is_list = false;
  bool is_default = false;
  bool is_secret = false;
  std::string note;  ///< without a value: what holds
  Place place;       ///< of the key; line 0: the file does not have it
};

/// In the order of the schema's table, entries of lists one after the other.
[[nodiscard]] std::vector<EffectiveKey> effective_keys(const Configuration& configuration);

struct KeyChange {
  std::string key;
  std::string before;  ///< values with ", " between them; empty: it had none
  std::string after;
};

/// Keys whose value differs. What a secret is may differ all the same: only its source is compared.
[[nodiscard]] std::vector<KeyChange> changed_keys(const Configuration& before,
                                                  const Configuration& after);

}  // namespace sallyport::config
