#include "base/encoding.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>

#include "base/check.h"

namespace sallyport {
namespace {

constexpr char kUrlAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> make_reverse(const char* alphabet) {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table) entry = -1;
  for (int i = 0; i < 64; ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

constexpr auto kUrlReverse = make_reverse(kUrlAlphabet);
constexpr auto kReverse = make_reverse(kAlphabet);

std::string encode(std::string_view bytes, const char* alphabet) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(alphabet[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(alphabet[bits << (6 - count) & 63]);
  return out;
}

std::optional<std::string> decode(std::string_view text,
                                  const std::array<std::int8_t, 256>& table) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out(text.size() * 3 / 4, '\0');
  const auto value_at = [&](std::size_t at) {
    return static_cast<std::int32_t>(table[static_cast<unsigned char>(text[at])]);
  };
  char* to = out.data();
  std::size_t at = 0;
  // A foreign character is -1: its sign is kept and looked at once, at the end.
  std::int32_t sign = 0;
  for (; at + 4 <= text.size(); at += 4) {
    const std::int32_t a = value_at(at), b = value_at(at + 1), c = value_at(at + 2),
                       d = value_at(at + 3);
    sign |= a | b | c | d;
    const auto bits = static_cast<std::uint32_t>(a) << 18 | static_cast<std::uint32_t>(b) << 12 |
                      static_cast<std::uint32_t>(c) << 6 | static_cast<std::uint32_t>(d);
    *to++ = static_cast<char>(bits >> 16);
    *to++ = static_cast<char>(bits >> 8);
    *to++ = static_cast<char>(bits);
  }
  std::uint32_t bits = 0;
  int count = 0;
  for (; at < text.size(); ++at) {
    const std::int32_t value = value_at(at);
    sign |= value;
    bits = bits << 6 | static_cast<std::uint32_t>(value & 63);
    count += 6;
    if (count >= 8) {
      count -= 8;
      *to++ = static_cast<char>(bits >> count & 255);
    }
  }
  if (sign < 0) return std::nullopt;
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;  // unused bits must be zero
  return out;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return digest;
}

Sha256 hmac_sha256(std::span<const std::uint8_t> key, std::string_view bytes) {
  Sha256 digest;
  unsigned int size = 0;
  SALLYPORT_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       digest.data(), &size) != nullptr);
  return digest;
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (auto byte : bytes) {
    out.push_back(kHexDigits[byte >> 4]);
    out.push_back(kHexDigits[byte & 15]);
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]);
    int low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

std::string to_base64url(std::string_view bytes) {
  return encode(bytes, kUrlAlphabet);
}

std::optional<std::string> from_base64url(std::string_view text) {
  return decode(text, kUrlReverse);
}

std::string to_base64(std::string_view bytes) {
  std::string out = encode(bytes, kAlphabet);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  return decode(text, kReverse);
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {  // most text is ASCII: eight at a time
      std::uint64_t word = 0;
      while (end - p >= 8 && (std::memcpy(&word, p, 8), (word & 0x8080808080808080) == 0)) p += 8;
      while (p < end && *p < 0x80) ++p;
      continue;
    }
    int extra = *p >= 0xc2 && *p <= 0xdf   ? 1
                : (*p & 0xf0) == 0xe0      ? 2
                : *p >= 0xf0 && *p <= 0xf4 ? 3
                                           : 0;
    if (extra == 0 || end - p <= extra) return false;
    for (int i = 1; i <= extra; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
    }
    if (*p == 0xe0 && p[1] < 0xa0) return false;
    if (*p == 0xed && p[1] > 0x9f) return false;
    if (*p == 0xf0 && p[1] < 0x90) return false;
    if (*p == 0xf4 && p[1] > 0x8f) return false;
    p += extra + 1;
  }
  return true;
}

}  // namespace sallyport
