// links: signin
// Files of a vault and what may be in them: nothing opens but what was sealed, and a session that
// can be read is written the same way again.
#include <cstdlib>

#include "signin/sealed_file.h"
#include "signin/session.h"

using namespace sallyport;
using namespace sallyport::signin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const Secret key{std::string_view("0123456789abcdef0123456789abcdef")};
  if (auto header = read_header(input)) {
    if (header->passphrase && (header->log_n > 18 || header->r != 8 || header->p != 1))
      std::abort();
  }
  if (unseal(input, key, "fuzz")) std::abort();  // nobody forges a tag
  FakeEntropy entropy;
  if (size < 4096) {
    std::string sealed = seal(new_header(false, entropy), key, "fuzz", Secret(input), entropy);
    auto opened = unseal(sealed, key, "fuzz");
    if (!opened || opened->reveal() != input) std::abort();
    if (unseal(sealed, key, "other")) std::abort();
  }
  if (auto session = decode_session(input)) {
    auto again = decode_session(encode(*session).reveal());
    if (!again || encode(*again).reveal() != encode(*session).reveal()) std::abort();
  }
  return 0;
}
