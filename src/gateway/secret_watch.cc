#include "gateway/secret_watch.h"

#include <algorithm>
#include <string>

#include "base/secret.h"

namespace sallyport::gateway {

SecretWatch::SecretWatch(std::string_view secret) : secret_(secret) {
  // Event streams are JSON around a person's language: capitals and digits are few.
  auto seldom = std::ranges::find_if(
      secret, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '9'); });
  if (seldom != secret.end()) rare_ = static_cast<std::size_t>(seldom - secret.begin());
}

bool SecretWatch::is_in(std::string_view text) const {
  for (std::size_t at = text.find(secret_[rare_], rare_); at != std::string_view::npos;
       at = text.find(secret_[rare_], at + 1)) {
    if (text.substr(at - rare_).starts_with(secret_)) return true;
  }
  return false;
}

// The length of the longest beginning of the secret, short of all of it, that ends the text.
std::size_t SecretWatch::begun_at_end_of(std::string_view text) const {
  if (text.empty() || text.back() == '\n') return 0;  // nearly every chunk ends with an event
  for (std::size_t size = std::min(secret_.size() - 1, text.size()); size > 0; --size) {
    if (secret_[size - 1] == text.back() && text.ends_with(secret_.substr(0, size))) return size;
  }
  return 0;
}

std::span<const std::string_view> SecretWatch::feed(std::string_view chunk) {
  if (secret_.empty()) {
    parts_[0] = chunk;
    return std::span(parts_).first(1);
  }
  std::size_t before = begun_;
  std::string joined;  // where the secret may lie across the cut; rare
  if (before > 0) {
    joined = secret_.substr(0, before);
    joined += chunk.substr(0, secret_.size());
  }
  found_ = found_ || is_in(chunk) || (before > 0 && is_in(joined));
  begun_ = before > 0 && chunk.size() < secret_.size() ? begun_at_end_of(joined)
                                                       : begun_at_end_of(chunk);
  wipe(joined);
  if (found_) {
    begun_ = 0;
    return {};
  }
  // Of the `before` bytes and the chunk everything goes on but the last `begun_`.
  parts_[0] = secret_.substr(0, std::min(before, before + chunk.size() - begun_));
  parts_[1] = chunk.substr(0, chunk.size() - std::min(chunk.size(), begun_));
  return std::span(parts_).subspan(before == 0 ? 1 : 0);
}

}  // namespace sallyport::gateway
