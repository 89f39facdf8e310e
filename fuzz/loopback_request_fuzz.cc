// links: signin
// Whatever knocks at the loopback address: only a GET of /callback for our host, with a state and
// with either a code or an error, is taken.
#include <cstdlib>

#include "signin/loopback_request.h"

using namespace sallyport::signin;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  auto callback = parse_loopback_request(input, "127.0.0.1:4711");
  if (!callback) return 0;
  if (!input.starts_with("GET /callback?")) std::abort();
  if (input.find("127.0.0.1:4711") == std::string_view::npos) std::abort();
  if (callback->state.empty()) std::abort();
  if (callback->code.empty() == callback->error.empty()) std::abort();
  return 0;
}
