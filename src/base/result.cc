#include "base/result.h"

#include <fmt/format.h>

namespace sallyport {

std::string Error::text() const {
  if (next_step.empty()) return fmt::format("{}: {}", code, message);
  return fmt::format("{}: {}; {}", code, message, next_step);
}

std::unexpected<Error> fail(Error error, std::string_view while_doing) {
  error.message = fmt::format("{} ({})", error.message, while_doing);
  return std::unexpected(std::move(error));
}

}  // namespace sallyport
