#include "http/buffer.h"

#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace sallyport::http {
namespace {

constexpr std::size_t kKeepBlocks = 256;

struct Blocks {
  std::vector<char*> free;
  Blocks() { free.reserve(kKeepBlocks); }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() {
    for (char* block : free) ::operator delete(block);
  }
};

thread_local Blocks blocks;

char* take_block(std::size_t size) {
  if (size == Buffer::kBlock && !blocks.free.empty()) {
    char* block = blocks.free.back();
    blocks.free.pop_back();
    return block;
  }
  return static_cast<char*>(::operator new(size));
}

void give_block(char* block, std::size_t size) {
  if (size == Buffer::kBlock && blocks.free.size() < kKeepBlocks) {
    blocks.free.push_back(block);
  } else {
    ::operator delete(block);
  }
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

}  // namespace sallyport::http
