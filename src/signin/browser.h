// Opens a page in the person's browser. Linux: xdg-open. Windows and macOS get a function each.
#pragma once

#include <string>

namespace sallyport::signin {

class Browser {
 public:
  virtual ~Browser() = default;
  /// False when there is none: the caller prints the address instead.
  [[nodiscard]] virtual bool open(const std::string& url) = 0;
};

/// xdg-open, in a session of its own and without our output. False without a display.
[[nodiscard]] Browser& system_browser();

}  // namespace sallyport::signin
