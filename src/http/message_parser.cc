#include "http/message_parser.h"

#include <algorithm>
#include <charconv>

namespace sallyport::http {
namespace {

// Length of the head with its empty line, 0 if that has not come. `searched` is where the next
// search begins, so that a head that comes byte by byte is searched once.
std::expected<std::size_t, HeadFault> head_length(std::string_view bytes, std::size_t& searched) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  auto end = bytes.substr(0, kMaxHead).find(kEnd, searched);
  if (end != std::string_view::npos) {
    searched = 0;
    return end + kEnd.size();
  }
  if (bytes.size() >= kMaxHead) return std::unexpected(HeadFault::kTooLarge);
  searched = bytes.size() < kEnd.size() ? 0 : bytes.size() - kEnd.size() + 1;
  return 0;
}

// Reads the head at the front of `bytes` and returns its length; 0 if it has not all come. Nearly
// always it comes at once and is good, and then its end need not be looked for: no line holds CR or
// LF, so that the reading ends where the first empty line does. What cannot be read like that is
// read again when its end is there, since only then it is known to be wrong.
template <typename Read>
std::expected<std::size_t, HeadFault> whole_head(std::string_view bytes, std::size_t& searched,
                                                 Read read) {
  if (searched == 0) {
    std::string_view rest = bytes.substr(0, kMaxHead);
    const std::size_t all = rest.size();
    if (!read(rest)) return all - rest.size();
  }
  auto length = head_length(bytes, searched);
  if (!length || *length == 0) return length;
  std::string_view text = bytes.substr(0, *length);
  if (auto fault = read(text)) return std::unexpected(*fault);
  if (!text.empty()) return std::unexpected(HeadFault::kMalformed);
  return length;
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

// What the fields say about the message and the connection.
struct Framing {
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool close = false;
  bool keep_alive = false;
  std::size_t options = 0;  ///< of all Connection fields
};

// Connection (RFC 9110 7.6.1) is a list of tokens; empty places are allowed. A long one would make
// everybody who asks what it names work for nothing.
bool read_connection(std::string_view value, Framing& framing) {
  constexpr std::size_t kMostOptions = 16;
  while (!value.empty()) {
    if (++framing.options > kMostOptions) return false;
    auto option = take_element(value);
    if (!is_token(option)) return false;
    framing.close |= name_is(option, "close");
    framing.keep_alive |= name_is(option, "keep-alive");
  }
  return true;
}

std::optional<HeadFault> read_framing_field(const Field& field, Framing& framing) {
  switch (field.name.size()) {
    case std::string_view("connection").size():
    case std::string_view("proxy-connection").size():
      if (!name_is(field.name, "connection") && !name_is(field.name, "proxy-connection")) break;
      if (!read_connection(field.value, framing)) return HeadFault::kMalformed;
      break;
    case std::string_view("content-length").size(): {
      if (!name_is(field.name, "content-length")) break;
      auto length = parse_length(field.value);
      if (!length || framing.content_length || has_tab_around(field.value)) {
        return HeadFault::kBadLength;
      }
      framing.content_length = length;
      break;
    }
    case std::string_view("transfer-encoding").size():
      if (!name_is(field.name, "transfer-encoding")) break;
      if (framing.chunked) return HeadFault::kBadLength;
      if (!name_is(field.value, "chunked") || has_tab_around(field.value)) {
        return HeadFault::kBadEncoding;
      }
      framing.chunked = true;
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::expected<Framing, HeadFault> read_framing(Fields fields) {
  Framing framing;
  for (const auto& field : fields) {
    if (auto fault = read_framing_field(field, framing)) return std::unexpected(*fault);
  }
  if (framing.content_length && framing.chunked) return std::unexpected(HeadFault::kBadLength);
  return framing;
}

// RFC 9112 9.3: `close` decides, whatever the version and whatever stands beside it.
bool stays_open(const Framing& framing, int version) {
  return !framing.close && (version >= 11 || framing.keep_alive);
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

std::optional<HeadFault> check_host_and_expect(RequestHead& head) {
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
  return std::nullopt;
}

// The first byte of a request that could be one: a letter of the method. What is none (a TLS hello,
// say) is refused at once instead of waiting for the end of a head.
bool may_start_request(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// The list keeps its memory, but not what a block of one-byte chunks needed.
void clear_pieces(std::vector<std::string_view>& pieces) {
  constexpr std::size_t kKept = 64;
  if (pieces.capacity() > kKept) pieces = std::vector<std::string_view>();
  pieces.clear();
}

// For the next message; the list keeps its memory.
template <typename Head>
void renew(Head& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  head = {};
  head.fields = std::move(fields);
}

}  // namespace

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

void RequestParser::reset() {
  renew(head_);
  decoder_.start_none();
  clear_pieces(body_);
  searched_ = 0;
  head_done_ = false;
}

// Takes a head that stands whole at the front of `text`; else what is left of that means nothing.
std::optional<HeadFault> RequestParser::read_head(std::string_view& text) {
  renew(head_);
  auto line = take_request_line(text);
  if (!line) return line.error();
  head_.method = line->method;
  head_.target = line->target;
  head_.http10 = line->version == 10;
  if (auto fault = take_fields(text, head_.fields)) return fault;
  auto framing = read_framing(head_.fields);
  if (!framing) return framing.error();
  if (auto fault = check_host_and_expect(head_)) return fault;
  if (head_.http10 && framing->chunked) return HeadFault::kBadLength;
  if (!is_target(head_.target)) return HeadFault::kBadTarget;
  head_.path = head_.target.substr(0, head_.target.find('?'));
  head_.content_length = framing->content_length;
  head_.chunked = framing->chunked;
  head_.keep_alive = stays_open(*framing, line->version);
  if (head_.chunked) {
    decoder_.start_chunked(BodyDecoder::Extras::kRefused);
  } else {
    decoder_.start_length(head_.content_length.value_or(0));
  }
  return std::nullopt;
}

std::expected<std::size_t, HeadFault> RequestParser::take_head(std::string_view bytes) {
  return whole_head(bytes, searched_, [this](std::string_view& text) { return read_head(text); });
}

std::expected<std::size_t, HeadFault> RequestParser::feed(std::string_view bytes) {
  clear_pieces(body_);
  if (head_done_) return decoder_.feed(bytes, body_);
  if (!bytes.empty() && !may_start_request(bytes[0])) return std::unexpected(HeadFault::kMalformed);
  auto length = take_head(bytes);
  if (!length || *length == 0) return length;
  head_done_ = true;
  auto more = decoder_.feed(bytes.substr(*length), body_);
  if (!more) return more;
  return *length + *more;
}

void ResponseParser::reset(bool to_head) {
  renew(head_);
  decoder_.start_none();
  clear_pieces(body_);
  searched_ = 0;
  to_head_ = to_head;
  head_done_ = false;
}

bool ResponseParser::finish() {
  body_.clear();
  return head_done_ && decoder_.finish();
}

std::optional<HeadFault> ResponseParser::read_head(std::string_view& text) {
  renew(head_);  // an interim answer's, perhaps
  auto line = take_status_line(text);
  if (!line) return line.error();
  // To switch protocols was never asked for.
  if (line->status < 100 || line->status == 101) return HeadFault::kMalformed;
  head_.status = line->status;
  head_.reason = line->reason;
  if (auto fault = take_fields(text, head_.fields)) return fault;
  head_.text = {line->reason.begin(), text.begin()};
  auto framing = read_framing(head_.fields);
  if (!framing) return framing.error();
  head_.content_length = framing->content_length;
  head_.chunked = framing->chunked;
  head_.keep_alive = stays_open(*framing, line->version);
  if (to_head_ || head_.status < 200 || head_.status == 204 || head_.status == 304) {
    decoder_.start_none();  // whatever the fields say (RFC 9112 6.3)
  } else if (head_.chunked) {
    decoder_.start_chunked(BodyDecoder::Extras::kDropped);
  } else if (head_.content_length) {
    decoder_.start_length(*head_.content_length);
  } else {
    decoder_.start_until_close();
    head_.keep_alive = false;
  }
  return std::nullopt;
}

std::expected<std::size_t, HeadFault> ResponseParser::take_head(std::string_view bytes) {
  return whole_head(bytes, searched_, [this](std::string_view& text) { return read_head(text); });
}

std::expected<std::size_t, HeadFault> ResponseParser::feed(std::string_view bytes) {
  clear_pieces(body_);
  if (head_done_) return decoder_.feed(bytes, body_);
  std::size_t taken = 0;
  while (!head_done_) {
    auto length = take_head(bytes.substr(taken));
    if (!length) return length;
    if (*length == 0) return taken;
    taken += *length;
    head_done_ = head_.status >= 200;  // else the real one follows (RFC 9110 15.2)
  }
  auto more = decoder_.feed(bytes.substr(taken), body_);
  if (!more) return more;
  return taken + *more;
}

}  // namespace sallyport::http
