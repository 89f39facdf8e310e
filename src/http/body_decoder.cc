#include "http/body_decoder.h"

#include <algorithm>
#include <charconv>

#include "http/head_reader.h"

namespace sallyport::http {
namespace {

// A size line or trailers that do not end are none.
constexpr std::size_t kMaxFraming = 8192;
// More than anybody sends, and no sum of ours overflows.
constexpr std::uint64_t kMaxChunk = std::uint64_t{1} << 60;
// Leading zeros without end would be bytes that no limit counts.
constexpr std::ptrdiff_t kMaxDigits = 16;

}  // namespace

void BodyDecoder::start_length(std::uint64_t length) {
  *this = {};
  if (length == 0) return;
  part_ = Part::kSized;
  left_ = length;
}

void BodyDecoder::start_chunked(Extras extras) {
  *this = {};
  part_ = Part::kChunkSize;
  extras_ = extras;
}

void BodyDecoder::start_until_close() {
  *this = {};
  part_ = Part::kUntilClose;
}

bool BodyDecoder::finish() {
  if (part_ == Part::kUntilClose) part_ = Part::kDone;
  return done();
}

// chunk-size [ chunk-ext ], without its CRLF.
bool BodyDecoder::read_size_line(std::string_view line) {
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
  bool padded = end - line.data() > kMaxDigits;
  if (error != std::errc() || padded || left_ > kMaxChunk) return false;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.empty()) {
    auto extension = line.find_first_not_of(" \t");
    if (extras_ == Extras::kRefused || extension == std::string_view::npos ||
        line[extension] != ';' || !is_field_text(line)) {
      return false;
    }
  }
  part_ = left_ > 0 ? Part::kChunk : Part::kTrailers;
  if (left_ == 0) left_ = kMaxFraming;
  return true;
}

bool BodyDecoder::read_trailer(std::string_view line) {
  if (line.empty()) {
    part_ = Part::kDone;
    return true;
  }
  if (extras_ == Extras::kRefused || line.size() + 2 > left_) return false;
  left_ -= line.size() + 2;
  return take_field(line) && line.empty();
}

std::expected<std::size_t, HeadFault> BodyDecoder::feed(std::string_view bytes,
                                                        std::vector<std::string_view>& pieces) {
  std::string_view rest = bytes;
  while (!rest.empty() && !done()) {
    switch (part_) {
      case Part::kDone:
        break;
      case Part::kUntilClose:
        pieces.push_back(rest);
        return bytes.size();
      case Part::kSized:
      case Part::kChunk: {
        auto piece =
            rest.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size())));
        pieces.push_back(piece);
        rest.remove_prefix(piece.size());
        left_ -= piece.size();
        if (left_ == 0) part_ = part_ == Part::kSized ? Part::kDone : Part::kChunkEnd;
        break;
      }
      case Part::kChunkEnd:
        if (rest[0] != '\r' || (rest.size() > 1 && rest[1] != '\n')) {
          return std::unexpected(HeadFault::kBadChunk);
        }
        if (rest.size() == 1) return bytes.size() - 1;
        rest.remove_prefix(2);
        part_ = Part::kChunkSize;
        break;
      case Part::kChunkSize:
      case Part::kTrailers: {
        auto lf = rest.substr(0, kMaxFraming).find('\n');
        if (lf == std::string_view::npos) {
          if (rest.size() >= kMaxFraming) return std::unexpected(HeadFault::kBadChunk);
          return bytes.size() - rest.size();
        }
        if (lf == 0 || rest[lf - 1] != '\r') return std::unexpected(HeadFault::kBadChunk);
        auto line = rest.substr(0, lf - 1);
        if (part_ == Part::kChunkSize ? !read_size_line(line) : !read_trailer(line)) {
          return std::unexpected(HeadFault::kBadChunk);
        }
        rest.remove_prefix(lf + 1);
        break;
      }
    }
  }
  return bytes.size() - rest.size();
}

}  // namespace sallyport::http
