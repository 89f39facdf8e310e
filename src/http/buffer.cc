#include "http/buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace sallyport::http {
namespace {

constexpr std::align_val_t kPage{4096};

// The thread's free blocks of kBlock bytes. The last one given back is the first one taken, so that
// those at the bottom are the ones that nobody needs.
struct Blocks {
  std::vector<char*> free;
  std::size_t least = 0;  ///< that were free at once since the last give_back()
  std::size_t cold = 0;   ///< of them, from the bottom: their memory is the system's
  Blocks() = default;
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() {
    for (char* block : free) ::operator delete(block, kPage);
  }
};

thread_local Blocks blocks;

char* take_block(std::size_t size) {
  if (size != Buffer::kBlock || blocks.free.empty()) {
    return static_cast<char*>(::operator new(size, kPage));
  }
  char* block = blocks.free.back();
  blocks.free.pop_back();
  blocks.least = std::min(blocks.least, blocks.free.size());
  blocks.cold = std::min(blocks.cold, blocks.free.size());
  return block;
}

void give_block(char* block, std::size_t size) {
  if (size == Buffer::kBlock) {
    try {
      blocks.free.push_back(block);
      return;
    } catch (const std::bad_alloc&) {  // no room for the list
    }
  }
  ::operator delete(block, kPage);
}

}  // namespace

std::span<char> Buffer::room() {
  if (capacity_ == 0) {  // nothing yet, or parked
    char* block = take_block(kBlock);
    std::memcpy(block, few_, end_);
    data_ = block;
    capacity_ = kBlock;
  }
  if (begin_ == end_) begin_ = end_ = 0;
  return {data_ + end_, capacity_ - end_};
}

bool Buffer::grow(std::size_t limit) {
  if (capacity_ * 2 > limit) return false;
  char* bigger = take_block(capacity_ * 2);
  std::memcpy(bigger, data_ + begin_, end_ - begin_);
  give_block(data_, capacity_);
  data_ = bigger;
  capacity_ *= 2;
  end_ -= begin_;
  begin_ = 0;
  return true;
}

void Buffer::compact() {
  if (begin_ == 0) return;
  std::memmove(data_, data_ + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

void Buffer::park() {
  const std::size_t left = end_ - begin_;
  if (capacity_ == 0 || left > kFew) return;
  std::memcpy(few_, data_ + begin_, left);
  release();
  data_ = few_;
  end_ = left;
}

void Buffer::release() {
  if (capacity_ != 0) give_block(data_, capacity_);
  data_ = few_;
  capacity_ = begin_ = end_ = 0;
}

void Buffer::give_back_unused() {
  for (; blocks.cold < blocks.least; ++blocks.cold) {
    ::madvise(blocks.free[blocks.cold], kBlock, MADV_DONTNEED);  // at worst it stays
  }
  blocks.least = blocks.free.size();
}

}  // namespace sallyport::http
