// Beast asserts that a last chunk comes with at least five bytes; it comes as the peer sends it,
// and the code behind the assertion reads no further than what is there (fuzz/request_fuzz).
#define BOOST_DISABLE_ASSERTS

#include "http/message_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>
#include <cstring>

namespace sallyport::http {
namespace {

namespace beast = boost::beast::http;
using boost::beast::string_view;
using Error = boost::beast::error_code;

std::string_view view(string_view text) {
  return {text.data(), text.size()};
}

// Length of the head with its empty line, 0 if that has not come.
std::size_t head_length(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  return end == std::string_view::npos ? 0 : end + 4;
}

// What Beast forgives and we do not: bare CR or LF, NUL, folded lines.
bool lines_are_strict(std::string_view head) {
  if (std::memchr(head.data(), '\0', head.size()) != nullptr) return false;
  for (std::size_t at = 0; at < head.size();) {
    auto* lf = static_cast<const char*>(std::memchr(head.data() + at, '\n', head.size() - at));
    if (lf == nullptr) return false;
    auto end = static_cast<std::size_t>(lf - head.data());
    if (end == at || head[end - 1] != '\r') return false;
    if (std::memchr(head.data() + at, '\r', end - 1 - at) != nullptr) return false;
    if (at != 0 && (head[at] == ' ' || head[at] == '\t')) return false;
    at = end + 1;
  }
  return true;
}

std::optional<std::uint64_t> parse_length(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 18) {
    return std::nullopt;
  }
  return value;
}

// Tabs around a value are allowed (RFC 9110 5.6.3), but nginx takes them for a part of it: where
// the value says how long the message is, nobody may read it otherwise than we do.
bool has_tab_around(std::string_view value) {
  const char* before = value.data() - 1;
  while (*before == ' ') --before;
  const char* behind = value.data() + value.size();
  while (*behind == ' ') ++behind;
  return *before == '\t' || *behind == '\t';
}

// The fields that frame a message, with our rules; Beast applies its own as well.
template <typename Head>
std::optional<HeadFault> read_framing(Head& head) {
  bool length_seen = false;
  for (const auto& field : head.fields) {
    if (name_is(field.name, "content-length")) {
      auto length = parse_length(field.value);
      if (!length || length_seen || has_tab_around(field.value)) return HeadFault::kBadLength;
      length_seen = true;
      head.content_length = length;
    } else if (name_is(field.name, "transfer-encoding")) {
      if (head.chunked) return HeadFault::kBadLength;
      if (!name_is(field.value, "chunked") || has_tab_around(field.value)) {
        return HeadFault::kBadEncoding;
      }
      head.chunked = true;
    }
  }
  if (length_seen && head.chunked) return HeadFault::kBadLength;
  return std::nullopt;
}

bool is_port(std::string_view text) {
  unsigned value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= 5 &&
         value <= 65535;
}

// A name or an address, with a port or without (RFC 9110 7.2). No user, no percent sign.
bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  bool bracket = host.front() == '[';
  std::size_t end = bracket ? host.find(']') : host.find(':');
  if (bracket && end == std::string_view::npos) return false;
  auto name = bracket ? host.substr(1, end - 1) : host.substr(0, end);
  auto rest = host.substr(std::min(host.size(), bracket ? end + 1 : end));
  if (name.empty() || (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1))))) return false;
  return std::ranges::all_of(name, [&](char c) {
    if (bracket && c == ':') return true;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           (!bracket && (c == '-' || c == '_'));
  });
}

bool is_target(std::string_view target) {
  if (!target.starts_with('/') || target.size() > 8192) return false;
  for (char c : target) {
    if (c <= 0x20 || c == 0x7f || c == '#' || c == '\\') return false;  // also all bytes >= 0x80
  }
  return true;
}

std::optional<HeadFault> check_request(RequestHead& head) {
  if (auto fault = read_framing(head)) return fault;
  int hosts = 0;
  for (const auto& field : head.fields) {
    if (name_is(field.name, "host")) {
      ++hosts;
      if (!is_host(field.value)) return HeadFault::kBadHost;
    } else if (name_is(field.name, "expect")) {
      head.expect_continue = name_is(field.value, "100-continue") && !head.http10;
    }
  }
  if (hosts > 1 || (hosts == 0 && !head.http10)) return HeadFault::kBadHost;
  if (head.http10 && head.chunked) return HeadFault::kBadLength;
  if (!is_target(head.target)) return HeadFault::kBadTarget;
  head.path = head.target.substr(0, head.target.find('?'));
  return std::nullopt;
}

template <bool kIsRequest>
struct Beast : beast::basic_parser<kIsRequest> {
  std::vector<Field>* fields = nullptr;
  std::vector<std::string_view> body;
  std::string_view method, target, reason;
  int status = 0;
  int version = 0;
  bool trailers = false;

  Beast() {
    this->eager(true);
    this->header_limit(kMaxHead);
    this->body_limit(boost::none);
  }

  void on_request_impl(beast::verb, string_view name, string_view to, int http_version,
                       Error&) override {
    method = view(name);
    target = view(to);
    version = http_version;
  }
  void on_response_impl(int code, string_view text, int http_version, Error&) override {
    status = code;
    reason = view(text);
    version = http_version;
  }
  void on_field_impl(beast::field, string_view name, string_view value, Error& error) override {
    if (trailers) {  // of an answer: read and dropped; no client of ours sends any
      if (kIsRequest) error = beast::error::bad_field;
      return;
    }
    if (fields->size() >= kMaxFields) {
      error = beast::error::header_limit;
      return;
    }
    fields->push_back({view(name), view(value)});
  }
  void on_header_impl(Error&) override { trailers = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const&, Error&) override {}
  std::size_t on_body_impl(string_view bytes, Error&) override {
    if (!bytes.empty()) body.push_back(view(bytes));
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view extensions, Error& error) override {
    if (kIsRequest && !extensions.empty()) error = beast::error::bad_chunk_extension;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, Error&) override {
    if (!bytes.empty()) body.push_back(view(bytes));
    return bytes.size();
  }
  void on_finish_impl(Error&) override {}
};

HeadFault fault_of(const Error& error) {
  if (error == beast::error::header_limit || error == beast::error::buffer_overflow) {
    return HeadFault::kTooLarge;
  }
  if (error == beast::error::bad_version) return HeadFault::kBadVersion;
  if (error == beast::error::bad_target) return HeadFault::kBadTarget;
  if (error == beast::error::bad_content_length || error == beast::error::multiple_content_length ||
      error == beast::error::bad_transfer_encoding) {
    return HeadFault::kBadLength;
  }
  if (error == beast::error::bad_chunk || error == beast::error::bad_chunk_extension) {
    return HeadFault::kBadChunk;
  }
  return HeadFault::kMalformed;
}

// Gives the bytes to Beast. Before the head is done: only a whole head that passed the gate.
template <typename Parser>
std::expected<std::size_t, HeadFault> give(Parser& parser, std::string_view bytes, bool in_body) {
  Error error;
  std::size_t used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
  if (error && error != beast::error::need_more) {
    auto fault = fault_of(error);
    return std::unexpected(in_body ? HeadFault::kBadChunk : fault);
  }
  return used;
}

// A chunk's size line or a trailer section that does not end is no chunk.
constexpr std::size_t kMaxChunkLine = 8192;

// The first byte of a request that could be one: a letter of the method. What is none (a TLS hello,
// say) is refused at once instead of waiting for the end of a head.
bool may_start_request(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

template <typename Parser>
std::expected<std::size_t, HeadFault> give_body(Parser& parser, std::string_view bytes) {
  auto used = give(parser, bytes, true);
  if (used && !parser.is_done() && bytes.size() - *used > kMaxChunkLine) {
    return std::unexpected(HeadFault::kBadChunk);
  }
  return used;
}

// A parser for the next message; the lists keep their memory.
template <typename Parser>
void renew(std::optional<Parser>& parser, std::vector<Field>& fields) {
  std::vector<std::string_view> body;
  if (parser) body.swap(parser->body);
  body.clear();
  parser.emplace().body.swap(body);
  parser->fields = &fields;
  fields.clear();
}

}  // namespace

namespace detail {
struct BeastRequest {
  std::optional<Beast<true>> parser;
};
struct BeastResponse {
  std::optional<Beast<false>> parser;
};
}  // namespace detail

std::string_view code(HeadFault fault) {
  switch (fault) {
    case HeadFault::kMalformed:
      return "http.malformed";
    case HeadFault::kTooLarge:
      return "http.head_too_large";
    case HeadFault::kBadLength:
      return "http.bad_length";
    case HeadFault::kBadHost:
      return "http.bad_host";
    case HeadFault::kBadTarget:
      return "http.bad_target";
    case HeadFault::kBadVersion:
      return "http.bad_version";
    case HeadFault::kBadEncoding:
      return "http.bad_transfer_encoding";
    case HeadFault::kBadChunk:
      return "http.bad_chunk";
  }
  return "http.malformed";
}

RequestParser::RequestParser() : beast_(std::make_unique<detail::BeastRequest>()) {
  reset();
}
RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  renew(beast_->parser, head_.fields);
  head_.content_length.reset();
  head_.chunked = head_.keep_alive = head_.http10 = head_.expect_continue = false;
  head_done_ = false;
}

bool RequestParser::done() const {
  return head_done_ && beast_->parser->is_done();
}

std::span<const std::string_view> RequestParser::body() const {
  return beast_->parser->body;
}

std::expected<std::size_t, HeadFault> RequestParser::feed(std::string_view bytes) {
  auto& parser = *beast_->parser;
  parser.body.clear();
  if (head_done_) return parser.is_done() ? 0 : give_body(parser, bytes);
  if (!bytes.empty() && !may_start_request(bytes[0])) return std::unexpected(HeadFault::kMalformed);
  std::size_t length = head_length(bytes.substr(0, kMaxHead));
  if (length == 0) {
    if (bytes.size() >= kMaxHead) return std::unexpected(HeadFault::kTooLarge);
    return 0;
  }
  if (!lines_are_strict(bytes.substr(0, length))) return std::unexpected(HeadFault::kMalformed);
  auto used = give(parser, bytes.substr(0, length), false);
  if (!used) return used;
  if (!parser.is_header_done()) return std::unexpected(HeadFault::kMalformed);
  head_.method = parser.method;
  head_.target = parser.target;
  head_.http10 = parser.version == 10;
  head_.keep_alive = parser.keep_alive();
  if (parser.version != 10 && parser.version != 11) return std::unexpected(HeadFault::kBadVersion);
  if (auto fault = check_request(head_)) return std::unexpected(*fault);
  head_done_ = true;
  if (length == bytes.size() || parser.is_done()) return length;
  auto more = give_body(parser, bytes.substr(length));
  if (!more) return more;
  return length + *more;
}

ResponseParser::ResponseParser() : beast_(std::make_unique<detail::BeastResponse>()) {
  reset();
}
ResponseParser::~ResponseParser() = default;

void ResponseParser::reset(bool to_head) {
  renew(beast_->parser, head_.fields);
  if (to_head) beast_->parser->skip(true);
  to_head_ = to_head;
  head_.content_length.reset();
  head_.chunked = head_.keep_alive = false;
  head_done_ = false;
}

bool ResponseParser::done() const {
  return head_done_ && beast_->parser->is_done();
}

std::span<const std::string_view> ResponseParser::body() const {
  return beast_->parser->body;
}

bool ResponseParser::finish() {
  if (!head_done_ || beast_->parser->is_done()) return head_done_;
  Error error;
  beast_->parser->body.clear();
  beast_->parser->put_eof(error);
  return !error;
}

std::expected<std::size_t, HeadFault> ResponseParser::feed(std::string_view bytes) {
  auto& parser = *beast_->parser;
  parser.body.clear();
  if (head_done_) return parser.is_done() ? 0 : give_body(parser, bytes);
  std::size_t length = head_length(bytes.substr(0, kMaxHead));
  if (length == 0) {
    if (bytes.size() >= kMaxHead) return std::unexpected(HeadFault::kTooLarge);
    return 0;
  }
  if (!lines_are_strict(bytes.substr(0, length))) return std::unexpected(HeadFault::kMalformed);
  auto used = give(parser, bytes.substr(0, length), false);
  if (!used) return used;
  if (!parser.is_header_done()) return std::unexpected(HeadFault::kMalformed);
  head_.status = parser.status;
  head_.reason = parser.reason;
  if (auto fault = read_framing(head_)) return std::unexpected(*fault);
  head_.keep_alive = parser.keep_alive();
  if (head_.status < 100) return std::unexpected(HeadFault::kMalformed);
  if (head_.status < 200) {
    if (head_.status == 101) return std::unexpected(HeadFault::kMalformed);  // never asked for
    reset(to_head_);  // an interim answer (RFC 9110 15.2): the real one follows
    auto rest = feed(bytes.substr(length));
    if (!rest) return rest;
    return length + *rest;
  }
  head_done_ = true;
  if (length == bytes.size() || parser.is_done()) return length;
  auto more = give_body(parser, bytes.substr(length));
  if (!more) return more;
  return length + *more;
}

}  // namespace sallyport::http
