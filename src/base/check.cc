#include "base/check.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sallyport {

void check_failed(const char* condition, const char* file, int line) noexcept {
  char text[512];
  int length = std::snprintf(text, sizeof text, "sallyport: check failed: %s (%s:%d)\n", condition,
                             file, line);
  if (length > 0) {
    auto written =
        ::write(2, text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1));
    (void)written;
  }
  std::abort();
}

}  // namespace sallyport
