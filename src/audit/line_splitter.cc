#include "audit/line_splitter.h"

#include <cstring>

namespace sallyport::audit {
namespace {

// Compares the bytes with themselves, one further on: a segment may end in megabytes of zeros.
bool all_zeros(std::string_view bytes) {
  if (bytes.empty()) return true;
  return bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

}  // namespace

LineSplitter::End LineSplitter::end() const {
  if (gap_) return End::kGap;
  if (too_long_) return End::kTooLong;
  return held_ || partial_.empty() ? End::kWhole : End::kTorn;
}

void LineSplitter::again() {
  partial_.clear();
  held_ = fill_ = gap_ = false;
}

// Gives the next complete line, or keeps what there is of it. Takes what it used off `bytes`.
bool LineSplitter::take_line_end(std::string_view& bytes, std::string_view& line) {
  if (held_) {
    partial_.clear();
    held_ = false;
  }
  if (fill_) {
    gap_ = !all_zeros(bytes);
    return false;
  }
  if (bytes.empty()) return false;
  const auto* newline = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  auto size = newline == nullptr ? bytes.size() : static_cast<std::size_t>(newline - bytes.data());
  auto part = bytes.substr(0, size);
  if (const void* zero = std::memchr(part.data(), '\0', part.size()); zero != nullptr) {
    auto written = static_cast<std::size_t>(static_cast<const char*>(zero) - part.data());
    partial_.append(part.substr(0, written));
    fill_ = true;
    gap_ = !all_zeros(bytes.substr(written));
    return false;
  }
  if (partial_.size() + part.size() > kMaxLineBytes) {
    too_long_ = true;
    return false;
  }
  if (newline == nullptr) {
    partial_.append(part);
    return false;
  }
  bytes.remove_prefix(size + 1);
  if (partial_.empty()) {
    line = part;
    return true;
  }
  partial_.append(part);
  held_ = true;
  line = partial_;
  return true;
}

}  // namespace sallyport::audit
