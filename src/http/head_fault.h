// Why bytes are no HTTP/1.1 message for us.
#pragma once

#include <cstdint>
#include <string_view>

namespace sallyport::http {

enum class HeadFault : std::uint8_t {
  kMalformed,    ///< 400
  kTooLarge,     ///< 431: more than kMaxHead bytes or kMaxFields fields
  kBadLength,    ///< 400: Content-Length and Transfer-Encoding rules
  kBadHost,      ///< 400
  kBadTarget,    ///< 400
  kBadVersion,   ///< 505
  kBadEncoding,  ///< 501: a transfer encoding that is not chunked
  kBadChunk,     ///< 400: in the body
};
/// http.malformed and so on: stable text codes.
[[nodiscard]] std::string_view code(HeadFault fault);

}  // namespace sallyport::http
