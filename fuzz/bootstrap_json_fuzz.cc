// links: profile
//
// The nested JSON of bootstrap answers, local entries and the app's export.
#include "profile_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return read_check_and_write(sallyport::profile::Format::kBootstrap, data, size);
}
