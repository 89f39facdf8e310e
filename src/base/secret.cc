#include "base/secret.h"

#include <openssl/crypto.h>

namespace sallyport {

void wipe(void* data, std::size_t size) noexcept {
  OPENSSL_cleanse(data, size);
}

void wipe(std::string& text) noexcept {
  // capacity, not size: a shortened string still holds what it held.
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string&& text) : text_(text) {
  wipe(text);
}

Secret::Secret(Secret&& other) noexcept : text_(other.text_) {
  wipe(other.text_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(text_);
    text_ = other.text_;
    wipe(other.text_);
  }
  return *this;
}

bool equal_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sallyport
