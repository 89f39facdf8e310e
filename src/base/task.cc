#include "base/task.h"

#include <array>
#include <new>

namespace sallyport {
namespace {

constexpr std::size_t kStep = 32;  // a waiting stream holds some ten frames
constexpr std::size_t kClasses = 128;
constexpr std::size_t kKeepPerClass = 512;

// Under AddressSanitizer every frame comes from the heap, so that a use after free is seen.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
  FreeFrame* next;
};

struct FreeLists {
  std::array<FreeFrame*, kClasses> heads{};
  std::array<std::size_t, kClasses> counts{};
  FreeLists() = default;
  FreeLists(const FreeLists&) = delete;
  FreeLists& operator=(const FreeLists&) = delete;
  ~FreeLists() {
    for (auto* head : heads) {
      while (head != nullptr) ::operator delete(std::exchange(head, head->next));
    }
  }
};

thread_local FreeLists lists;

}  // namespace

void* FramePool::allocate(std::size_t size) {
  std::size_t index = (size - 1) / kStep;
  if (!kPooled || index >= kClasses) return ::operator new(size);
  if (FreeFrame* frame = lists.heads[index]) {
    lists.heads[index] = frame->next;
    --lists.counts[index];
    return frame;
  }
  return ::operator new((index + 1) * kStep);
}

void FramePool::release(void* frame, std::size_t size) noexcept {
  std::size_t index = (size - 1) / kStep;
  if (!kPooled || index >= kClasses || lists.counts[index] >= kKeepPerClass) {
    ::operator delete(frame);
    return;
  }
  auto* free = static_cast<FreeFrame*>(frame);
  free->next = lists.heads[index];
  lists.heads[index] = free;
  ++lists.counts[index];
}

}  // namespace sallyport
