// links: profile
//
// Windows registration files, UTF-16 and UTF-8.
#include "profile_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return read_check_and_write(sallyport::profile::Format::kRegistry, data, size);
}
