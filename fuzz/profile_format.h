// What every fuzz target of a profile format does: no crash, no hang; and what was read can be
// checked, written and read again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "profile/codec/codec.h"
#include "profile/rules.h"

inline int read_check_and_write(sallyport::profile::Format format, const std::uint8_t* data,
                                std::size_t size) {
  using namespace sallyport::profile;
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
