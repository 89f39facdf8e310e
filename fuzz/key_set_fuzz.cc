// links: identity
// Key sets of any shape: what is taken must be findable by its name, strong and countable.
#include <cstdlib>

#include "identity/key_set.h"
#include "identity/signature.h"

using namespace sallyport;
using namespace sallyport::identity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto keys = parse_key_set(
      input, "https://login.microsoftonline.com/5b1f0e7a-3c52-4d8e-9a41-7d20c6e1b9f4/v2.0");
  if (!keys) return 0;
  if ((*keys)->size() == 0 || (*keys)->size() > kKeySetKeys) std::abort();
  for (const auto& key : (*keys)->keys()) {
    if ((*keys)->find(key->key_id()) != key.get() || key->pkey() == nullptr) std::abort();
    for (std::size_t i = 0; i < kAlgorithmCount; ++i) {
      auto algorithm = static_cast<Algorithm>(i);
      if (verify_signature(*key, algorithm, "input", std::string(64, 's'))) std::abort();
    }
  }
  return 0;
}
