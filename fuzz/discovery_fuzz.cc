// links: identity
// Discovery documents of any shape: what is accepted names our issuer and leads to https alone.
#include <cstdlib>

#include "identity/discovery.h"

using namespace sallyport;
using namespace sallyport::identity;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  for (std::string_view issuer : {"https://issuer.example/a", "http://127.0.0.1:4000/v2.0"}) {
    auto found = parse_discovery(input, issuer);
    if (!found) {
      if (found.error().message.size() > 2000) std::abort();
      continue;
    }
    if (found->issuer != issuer) std::abort();
    bool local = issuer.starts_with("http:");
    if (!found->jwks_uri.starts_with("https://") && !(local && is_loopback_http(found->jwks_uri))) {
      std::abort();
    }
  }
  return 0;
}
