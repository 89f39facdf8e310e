// What cannot happen terminates the process, in every build, with the place and the condition.
#pragma once

namespace sallyport {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace sallyport

#define SALLYPORT_CHECK(condition)                               \
  do {                                                           \
    if (!(condition)) [[unlikely]]                               \
      ::sallyport::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
