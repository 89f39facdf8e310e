// A provider's stream, in whatever format its kind writes it, as the Messages API's event stream: what
// watches for secrets, edits and counts an answer reads nothing else. Pure; one a stream.
//
// Another format is a value of upstream::StreamFormat and a decoder of its own that this one chooses.
#pragma once

#include <string_view>

#include "base/check.h"
#include "upstream/provider.h"

namespace sallyport::gateway {

class StreamDecoder {
 public:
  explicit StreamDecoder(upstream::StreamFormat format) : format_(format) {}

  /// The view lives until the next call, or as long as `bytes`.
  [[nodiscard]] std::string_view feed(std::string_view bytes) {
    switch (format_) {
      case upstream::StreamFormat::kEvents:
        return bytes;
      case upstream::StreamFormat::kNone:
        break;
    }
    check_failed("a whole answer is read as a stream", __FILE__, __LINE__);
  }

 private:
  upstream::StreamFormat format_;
};

}  // namespace sallyport::gateway
