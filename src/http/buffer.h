// A block of bytes between a socket and a parser: filled at the end, consumed at the start. Blocks
// of kBlock bytes come from a free list a thread and go back as soon as a connection waits with
// next to nothing in hand (the line end behind a chunk, say), so that a waiting one holds none.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sallyport::http {

class Buffer {
 public:
  static constexpr std::size_t kBlock = 16 * 1024;
  static constexpr std::size_t kFew = 16;

  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  /// Room to read into; makes a block if there is none, moves the content to its start if that
  /// helps. Empty when the block is full.
  [[nodiscard]] std::span<char> room();
  void filled(std::size_t count) { end_ += count; }
  /// Doubles the block up to `limit`; false at the limit. Views into it die.
  [[nodiscard]] bool grow(std::size_t limit);

  [[nodiscard]] std::string_view content() const { return {data_ + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  /// Moves what is left to the start of the block, so that a whole message fits behind it.
  void compact();
  /// Gives the block back; what was in it is gone.
  void release();
  /// Once in a while: the system gets the memory of this thread's free blocks that were not needed
  /// since the last call. A burst of requests would leave 16 KiB for each behind.
  static void give_back_unused();
  /// Before a wait: gives the block back if what is in it fits into kFew bytes, which are kept.
  /// Views into it die.
  void park();

 private:
  char* data_ = few_;
  std::size_t capacity_ = 0;  ///< of the block; 0: there is none
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  char few_[kFew];  ///< what data_ points to while parked
};

}  // namespace sallyport::http
