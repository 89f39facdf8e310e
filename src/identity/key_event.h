// What is told about the keys of an issuer: a value for the log and the audit record.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sallyport::identity {

/// What happened to an issuer's keys, for the log and the audit record's `event` lines.
struct KeyEvent {
  enum class Kind : std::uint8_t {
    kKeysChanged,   ///< keys came or went: `added`, `removed`
    kFetchFailed,   ///< `message` says why; said once a failure in a row of the same kind
    kRecovered,     ///< a fetch succeeded after failures
    kKeysRejected,  ///< the provider published something that must not be used: `message`
    kKeysExpired,   ///< nothing for 24 h: requests of this issuer get 503 from now on
  };
  Kind kind;
  std::string issuer;
  std::string message;
  std::vector<std::string> added;    ///< key ids
  std::vector<std::string> removed;  ///< key ids
};
[[nodiscard]] std::string_view name_of(KeyEvent::Kind kind);  ///< "keys.changed"

}  // namespace sallyport::identity
