// links: http
// A provider's bytes as an HTTP/1.1 response, also chunked and also without a length. A final
// answer that our parser takes, Boost.Beast's takes as well, with the same body.
#define BOOST_DISABLE_ASSERTS  // Beast asserts that a last chunk comes whole

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/message_parser.h"

namespace {

// Takes the interim answers off the front first: Beast reads one message at a time.
bool beast_reads(std::string_view bytes, bool to_head, int status, std::string_view body) {
  namespace http = boost::beast::http;
  for (;;) {
    http::response_parser<http::string_body> parser;
    parser.eager(true);
    parser.header_limit(sallyport::http::kMaxHead);
    parser.body_limit(boost::none);
    if (to_head) parser.skip(true);
    boost::beast::error_code error;
    while (!bytes.empty() && !parser.is_done()) {
      std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
      bytes.remove_prefix(used);
      if (error == http::error::need_more && used > 0) continue;
      if (error) break;  // in the trailers, which we drop: the body is whole all the same
    }
    if (!parser.is_header_done()) return false;
    if (parser.get().result_int() < 200) continue;
    return static_cast<int>(parser.get().result_int()) == status && parser.get().body() == body;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sallyport::http::ResponseParser parser;
  parser.reset(size % 2 == 0);
  std::size_t step = 1 + size % 13;
  std::string held;
  std::string body;
  while (!parser.done() && !bytes.empty()) {
    auto part = bytes.substr(0, step);
    bytes.remove_prefix(part.size());
    held += part;
    auto used = parser.feed(held);
    if (!used) return 0;
    SALLYPORT_CHECK(*used <= held.size());
    for (auto piece : parser.body()) body += piece;
    held.erase(0, *used);
  }
  if (parser.head_done()) {
    SALLYPORT_CHECK(parser.head().status >= 200);
    bool proper = parser.finish();
    SALLYPORT_CHECK(proper || !parser.done());
    // Beast is stricter about what stands behind a chunk's size, which we drop.
    std::string_view all(reinterpret_cast<const char*>(data), size);
    if (proper && !all.contains(';')) {
      SALLYPORT_CHECK(beast_reads(all, size % 2 == 0, parser.head().status, body));
    }
  }
  return 0;
}
