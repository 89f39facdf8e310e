// links: profile
//
// Windows registration files, UTF-16 and UTF-8.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "profile/codec/codec.h"
#include "profile/rules.h"

// Whatever comes in: no crash, no hang; and what was read can be checked, written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sallyport::profile;
  auto decoded = decode(Format::kRegistry, {reinterpret_cast<const char*>(data), size});
  if (!decoded) return 0;
  (void)check(decoded->values, {});
  Profile profile;
  profile.name = "fuzz";
  profile.id = "fuzz";
  profile.values = decoded->values;
  auto encoded = encode(Format::kRegistry, profile, {});
  if (!encoded) return 0;
  SALLYPORT_CHECK(decode(Format::kRegistry, encoded->files.back().bytes).has_value());
  return 0;
}
