// links: profile
//
// Configuration profiles and property lists, XML and binary, signed and not.
#include "profile_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return read_check_and_write(sallyport::profile::Format::kMobileconfig, data, size);
}
