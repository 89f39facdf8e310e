// One string for all streams of a worker, so that a waiting one holds no buffer of its own. Who
// leases it has it until the lease ends, before the coroutine waits: what one person's answer left
// in it must never be found by another's. The rule checks itself: a lease finds it empty and free,
// and leaves it so.
//
//   {
//     TurnBuffer::Lease out(worker.turn);
//     out.text() += event;
//     written = client.write(out.text());
//   }                                       // and only then: co_await ...
#pragma once

#include <string>

#include "base/check.h"

namespace sallyport::gateway {

class TurnBuffer {
 public:
  /// A burst may make it large; more than this is given back to the system.
  static constexpr std::size_t kKept = 256 << 10;

  class [[nodiscard]] Lease {
   public:
    explicit Lease(TurnBuffer& buffer) : buffer_(buffer) {
      SALLYPORT_CHECK(!buffer.leased_ && buffer.text_.empty());
      buffer.leased_ = true;
    }
    ~Lease() {
      buffer_.text_.clear();
      if (buffer_.text_.capacity() > kKept) std::string().swap(buffer_.text_);
      buffer_.leased_ = false;
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    [[nodiscard]] std::string& text() { return buffer_.text_; }

   private:
    TurnBuffer& buffer_;
  };

 private:
  std::string text_;
  bool leased_ = false;
};

}  // namespace sallyport::gateway
