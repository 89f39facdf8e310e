// Failure is data: Result<T> is a value or an Error that somebody can act on.
//
//   Result<Config> load(path);
//   auto config = load(path);
//   if (!config) return fail(std::move(config.error()), "while reading the configuration");
//
// An Error carries a stable code ("config.unknown_key"), a sentence for the operator and the next
// step. It never carries a token, a key or a secret. Hot paths return an enum of reasons instead
// and build sentences only where somebody reads them.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace sallyport {

struct Error {
  std::string_view code;  ///< stable, a string literal: folder.reason
  std::string message;    ///< one sentence for the operator, without the final full stop
  std::string next_step;  ///< what to do now; may be empty

  /// "code: message; next step" on one line, as it is printed to stderr.
  [[nodiscard]] std::string text() const;
};

template <typename T>
using Result = std::expected<T, Error>;

/// Makes the failure value: `return fail("keys.unavailable", "...", "...")`.
[[nodiscard]] inline std::unexpected<Error> fail(std::string_view code, std::string message,
                                                 std::string next_step = {}) {
  return std::unexpected(Error{code, std::move(message), std::move(next_step)});
}

/// Passes a failure up with what was being done: "while fetching the keys of issuer contoso".
[[nodiscard]] std::unexpected<Error> fail(Error error, std::string_view while_doing);

}  // namespace sallyport
