// links: http
// A provider's bytes as an HTTP/1.1 response, also chunked and also without a length.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/message_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sallyport::http::ResponseParser parser;
  parser.reset(size % 2 == 0);
  std::size_t step = 1 + size % 13;
  std::string held;
  while (!parser.done() && !bytes.empty()) {
    auto part = bytes.substr(0, step);
    bytes.remove_prefix(part.size());
    held += part;
    auto used = parser.feed(held);
    if (!used) return 0;
    SALLYPORT_CHECK(*used <= held.size());
    held.erase(0, *used);
  }
  if (parser.head_done()) {
    SALLYPORT_CHECK(parser.head().status >= 200);
    bool proper = parser.finish();
    SALLYPORT_CHECK(proper || !parser.done());
  }
  return 0;
}
