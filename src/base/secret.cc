#include "base/secret.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace sallyport {

void wipe(void* data, std::size_t size) noexcept {
  ::explicit_bzero(data, size);
}

void wipe(std::string& text) noexcept {
  // capacity, not size: a shortened string still holds what it held.
  text.resize_and_overwrite(text.capacity(), [](char* data, std::size_t size) {
    ::explicit_bzero(data, size);
    return std::size_t{0};
  });
}

Secret::Secret(std::string&& text) : text_(text) {
  wipe(text);
}

// What is on the heap is handed over: a copy would want memory, and there may be none. A short text
// is copied by std::string itself and stays where it was until it is wiped.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  wipe(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_ = std::move(other.text_);
    wipe(other.text_);
  }
  return *this;
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sallyport
