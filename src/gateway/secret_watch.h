// Lets a stream through unless it holds a secret: looks for it wherever the chunks are cut, and
// holds back the end of what came as long as that may be the secret's beginning, so that not even a
// part of it gets by. What passes is the input, byte for byte.
//
//   for (auto part : watch.feed(chunk)) send(part);      // while !watch.found()
//   send(watch.finish());
//
// Pure; belongs to one stream and one thread.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace sallyport::gateway {

class SecretWatch {
 public:
  /// `secret` outlives this; empty: nothing is looked for. It holds no line end.
  explicit SecretWatch(std::string_view secret);

  /// What may go on after this chunk, in order; nothing once the secret was found. The views point
  /// into the chunk and the secret.
  [[nodiscard]] std::span<const std::string_view> feed(std::string_view chunk);
  /// The stream ended: what was held back.
  [[nodiscard]] std::string_view finish() const { return secret_.substr(0, begun_); }
  [[nodiscard]] bool found() const { return found_; }

 private:
  [[nodiscard]] bool is_in(std::string_view text) const;
  [[nodiscard]] std::size_t begun_at_end_of(std::string_view text) const;

  std::string_view secret_;
  std::size_t rare_ = 0;   ///< the place in the secret of a character that texts seldom hold
  std::size_t begun_ = 0;  ///< so many bytes at the end of the stream are the secret's first ones
  bool found_ = false;
  std::array<std::string_view, 2> parts_;
};

}  // namespace sallyport::gateway
