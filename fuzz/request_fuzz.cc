// links: http
// A stranger's bytes as an HTTP/1.1 request, head and body (also chunked): whatever they are, and
// wherever they are cut, the parser takes the same message or refuses, and ends.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/message_parser.h"

namespace {

struct Read {
  bool refused = false;
  bool done = false;
  std::string head;
  std::string body;
  friend bool operator==(const Read&, const Read&) = default;
};

// Feeds `step` bytes at a time, as a connection does: what was not taken is given again.
Read read_by(std::string_view bytes, std::size_t step) {
  sallyport::http::RequestParser parser;
  Read read;
  std::string held;
  while (!parser.done() && (!bytes.empty() || !held.empty())) {
    auto part = bytes.substr(0, step);
    bytes.remove_prefix(part.size());
    bool before = parser.head_done();
    held += part;
    auto used = parser.feed(held);
    if (!used) {
      read.refused = true;
      return read;
    }
    SALLYPORT_CHECK(*used <= held.size());
    if (!before && parser.head_done()) {
      const auto& head = parser.head();
      read.head.append(head.method).append(" ").append(head.target);
      for (const auto& field : head.fields) read.head.append(field.name).append(field.value);
    }
    for (auto piece : parser.body()) read.body += piece;
    held.erase(0, *used);
    if (part.empty() && *used == 0) break;
  }
  read.done = parser.done();
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Read whole = read_by(bytes, size + 1);
  Read pieces = read_by(bytes, 1 + size % 7);
  // A limit may be met earlier in one way than in the other; a message that both took is the same.
  if (whole.done && pieces.done) SALLYPORT_CHECK(whole == pieces);
  return 0;
}
