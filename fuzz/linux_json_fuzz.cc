// links: profile
//
// The flat JSON of /etc/claude-desktop/managed-settings.json.
#include "profile_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return read_check_and_write(sallyport::profile::Format::kLinuxJson, data, size);
}
