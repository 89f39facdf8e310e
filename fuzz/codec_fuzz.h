// The body of a fuzz target of one format. Whatever comes in: no crash, no hang; and what was read
// can be checked, written and read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "profile/codec/codec.h"
#include "profile/rules.h"

namespace sallyport::profile {

inline int fuzz_codec(const Format& format, const std::uint8_t* data, std::size_t size) {
  auto decoded = decode(format, {reinterpret_cast<const char*>(data), size});
  if (!decoded) return 0;
  (void)check(decoded->values, {});
  Profile profile;
  profile.name = "fuzz";
  profile.id = "fuzz";
  profile.values = decoded->values;
  auto encoded = encode(format, profile, {});
  if (!encoded) return 0;
  SALLYPORT_CHECK(decode(format, encoded->files.back().bytes).has_value());
  return 0;
}

}  // namespace sallyport::profile

#define SALLYPORT_FUZZ_CODEC(format)                                                  \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    return sallyport::profile::fuzz_codec(sallyport::profile::format, data, size);    \
  }
