// How many bytes of request bodies the process holds at once. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <tuple>

namespace sallyport::http {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit) : limit_(limit) {}
  /// Takes the bytes if they are there.
  [[nodiscard]] bool take(std::size_t bytes) {
    std::size_t used = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (used + bytes <= limit_) return true;
    used_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void give(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

/// A part of a budget that gives itself back.
class BudgetShare {
 public:
  explicit BudgetShare(ByteBudget& budget) : budget_(budget) {}
  BudgetShare(const BudgetShare&) = delete;
  BudgetShare& operator=(const BudgetShare&) = delete;
  ~BudgetShare() { reset(); }
  [[nodiscard]] bool take(std::size_t bytes) {
    if (!budget_.take(bytes)) return false;
    taken_ += bytes;
    return true;
  }
  /// Takes or gives back until it is so many; false: they are not there, and it stays as it was.
  [[nodiscard]] bool hold(std::size_t bytes) {
    if (bytes > taken_) return take(bytes - taken_);
    if (bytes < taken_) budget_.give(taken_ - bytes);
    taken_ = bytes;
    return true;
  }
  void reset() { std::ignore = hold(0); }

 private:
  ByteBudget& budget_;
  std::size_t taken_ = 0;
};

}  // namespace sallyport::http
