// links: http
// A stranger's bytes as an HTTP/1.1 request, head and body (also chunked): whatever they are, and
// wherever they are cut, the parser takes the same message or refuses, and ends. What it takes,
// Boost.Beast's parser takes as well and reads in the same way: ours is the stricter of the two.
#define BOOST_DISABLE_ASSERTS  // Beast asserts that a last chunk comes whole

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/message_parser.h"

namespace {

struct Read {
  bool refused = false;
  bool done = false;
  bool keep_alive = false;
  bool http10 = false;
  std::string head;
  std::string body;
  friend bool operator==(const Read&, const Read&) = default;
};

void add(std::string& head, std::string_view text) {
  head.append(text).append("\n");
}

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
      add(read.head, head.method);
      add(read.head, head.target);
      for (const auto& field : head.fields) {
        add(read.head, field.name);
        add(read.head, field.value);
      }
      read.keep_alive = head.keep_alive;
      read.http10 = head.http10;
    }
    for (auto piece : parser.body()) read.body += piece;
    held.erase(0, *used);
    if (part.empty() && *used == 0) break;
  }
  read.done = parser.done();
  return read;
}

Read read_by_beast(std::string_view bytes) {
  namespace http = boost::beast::http;
  http::request_parser<http::string_body> parser;
  parser.eager(true);
  parser.header_limit(sallyport::http::kMaxHead);
  parser.body_limit(boost::none);
  boost::beast::error_code error;
  Read read;
  while (!bytes.empty() && !parser.is_done()) {
    std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    bytes.remove_prefix(used);
    if (error == http::error::need_more && used > 0) continue;
    if (error) {
      read.refused = true;
      return read;
    }
  }
  const auto& message = parser.get();
  add(read.head, std::string_view(message.method_string().data(), message.method_string().size()));
  add(read.head, std::string_view(message.target().data(), message.target().size()));
  for (const auto& field : message) {
    add(read.head, std::string_view(field.name_string().data(), field.name_string().size()));
    add(read.head, std::string_view(field.value().data(), field.value().size()));
  }
  read.keep_alive = message.keep_alive();
  read.body = message.body();
  read.done = parser.is_done();
  return read;
}

// Beast's list of fields puts those of one name beside each other.
std::string sorted_lines(const std::string& head) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < head.size();) {
    auto end = head.find('\n', at);
    lines.push_back(head.substr(at, end - at));
    at = end + 1;
  }
  std::ranges::sort(lines);
  std::string all;
  for (const auto& line : lines) add(all, line);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Read whole = read_by(bytes, size + 1);
  Read pieces = read_by(bytes, 1 + size % 7);
  // A limit may be met earlier in one way than in the other; a message that both took is the same.
  if (whole.done && pieces.done) SALLYPORT_CHECK(whole == pieces);
  if (whole.done) {
    Read beast = read_by_beast(bytes);
    SALLYPORT_CHECK(beast.done && beast.body == whole.body);
    // Beast keeps HTTP/1.0 open where `close` stands beside `keep-alive`.
    bool closes_alone = whole.http10 && !whole.keep_alive;
    SALLYPORT_CHECK(beast.keep_alive == whole.keep_alive || closes_alone);
    SALLYPORT_CHECK(sorted_lines(beast.head) == sorted_lines(whole.head));
  }
  return 0;
}
