// For tests: replaces operator new and delete of the whole program, so that base/failing_allocator.h
// counts. Included in exactly one file of a test program, and not under TSan, which brings one too
// and allows no second.
#pragma once

#include <cstdlib>

#include "base/failing_allocator.h"

#ifndef SALLYPORT_UNDER_TSAN
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // where only one of these is inlined
#endif
void* operator new(std::size_t size) {
  sallyport::count_allocation();
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) ++sallyport::allocations.freed;
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  ::operator delete(memory);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  sallyport::count_allocation();
  const auto unit = static_cast<std::size_t>(alignment);
  void* memory = std::aligned_alloc(unit, (size + unit - 1) / unit * unit);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory, std::align_val_t) noexcept {
  ::operator delete(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  ::operator delete(memory);
}
#endif
