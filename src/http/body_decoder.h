// Takes the framing off a message's body (RFC 9112 6.3, 7.1): a length, chunks, or all that comes
// until the peer closes. Pure: bytes in, views of the body's pieces out, a few words of state.
//
//   BodyDecoder decoder;
//   decoder.start_chunked(BodyDecoder::Extras::kRefused);
//   auto used = decoder.feed(bytes, pieces);   // give what it did not use again
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "http/head_fault.h"

namespace sallyport::http {

class BodyDecoder {
 public:
  /// Chunk extensions and trailers: a request has none; of an answer they are read and dropped.
  enum class Extras : std::uint8_t { kRefused, kDropped };

  void start_none() { *this = {}; }
  void start_length(std::uint64_t length);
  void start_chunked(Extras extras);
  void start_until_close();

  /// Appends the body's pieces in `bytes` to `pieces` and returns how many bytes it took. A line of
  /// the framing is taken whole or not at all.
  [[nodiscard]] std::expected<std::size_t, HeadFault> feed(std::string_view bytes,
                                                           std::vector<std::string_view>& pieces);
  [[nodiscard]] bool done() const { return part_ == Part::kDone; }
  /// The peer closed: true if the body is whole.
  [[nodiscard]] bool finish();

 private:
  enum class Part : std::uint8_t {
    kDone,
    kSized,       ///< `left_` bytes of the message
    kUntilClose,  ///< everything
    kChunkSize,   ///< a line with a hexadecimal size
    kChunk,       ///< `left_` bytes of a chunk
    kChunkEnd,    ///< the CRLF behind them
    kTrailers,    ///< lines up to an empty one; `left_` bytes of them are still allowed
  };

  Part part_ = Part::kDone;
  Extras extras_ = Extras::kRefused;
  std::uint64_t left_ = 0;

  [[nodiscard]] bool read_size_line(std::string_view line);
  [[nodiscard]] bool read_trailer(std::string_view line);
};

}  // namespace sallyport::http
