#include "audit/chain_room.h"

#include "audit/record.h"
#include "base/check.h"

namespace sallyport::audit {
namespace {

// A line that begins a new segment comes behind one more line than was thought when it was
// measured, so that its sequence may have one digit more.
constexpr std::uint64_t kOneMoreDigit = 1;

// Lines of full length. A segment holds whole lines: what is left at its end is lost to them.
std::uint64_t closed_lines_in(std::uint64_t bytes) {
  return bytes / kClosedLineBytes;
}

std::uint64_t usable(std::uint64_t spare) {
  return spare > kSegmentLineBytes ? spare - kSegmentLineBytes : 0;
}

}  // namespace

ChainRoom::Where ChainRoom::place(std::uint64_t bytes, std::uint64_t owed) const {
  const std::uint64_t behind = usable(spare_);
  if (bytes <= left_) {
    const auto lines = closed_lines_in(left_ - bytes) + closed_lines_in(behind);
    return lines >= owed ? Where::kHere : Where::kNowhere;
  }
  if (bytes + kOneMoreDigit > behind) return Where::kNowhere;
  const auto lines = closed_lines_in(behind - bytes - kOneMoreDigit);
  return lines >= owed ? Where::kNext : Where::kNowhere;
}

bool ChainRoom::needs_spare(std::uint64_t bytes, std::uint64_t owed) const {
  return spare_ == 0 && place(bytes, owed) != Where::kHere;
}

bool ChainRoom::low() const {
  return spare_ == 0 && (left_ < size_ / 2 || owed_ > closed_lines_in(left_) / 2);
}

void ChainRoom::begin_segment(std::uint64_t bytes) {
  SALLYPORT_CHECK(bytes <= kSegmentLineBytes && bytes <= spare_);
  size_ = spare_;
  left_ = spare_ - bytes;
  spare_ = 0;
}

void ChainRoom::take(std::uint64_t bytes) {
  SALLYPORT_CHECK(bytes <= left_);
  left_ -= bytes;
}

void ChainRoom::settle() {
  SALLYPORT_CHECK(owed_ > 0);
  --owed_;
}

void ChainRoom::set_current(std::uint64_t left, std::uint64_t size) {
  left_ = left;
  size_ = size;
}

}  // namespace sallyport::audit
