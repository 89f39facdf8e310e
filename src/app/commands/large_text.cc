#include "app/commands/large_text.h"

#include <cstdint>

namespace sallyport::app {
namespace {

// Five rows of four dots each, the first row in the highest bits.
struct Glyph {
  char character;
  std::uint32_t dots;
};
constexpr Glyph kGlyphs[] = {
    {'A', 0x69f99}, {'B', 0xe9e9e}, {'C', 0x78887}, {'D', 0xe999e}, {'E', 0xf8e8f}, {'F', 0xf8e88},
    {'G', 0x78b97}, {'H', 0x99f99}, {'I', 0xe444e}, {'J', 0x31196}, {'K', 0x9aca9}, {'L', 0x8888f},
    {'M', 0x9ff99}, {'N', 0x9db99}, {'O', 0x69996}, {'P', 0xe9e88}, {'Q', 0x699b7}, {'R', 0xe9ea9},
    {'S', 0x7861e}, {'T', 0xe4444}, {'U', 0x99996}, {'V', 0x99966}, {'W', 0x99ff9}, {'X', 0x99699},
    {'Y', 0xaa444}, {'Z', 0xf168f}, {'0', 0x6bd96}, {'1', 0x4c44e}, {'2', 0xe168f}, {'3', 0xe161e},
    {'4', 0x99f11}, {'5', 0xf8e1e}, {'6', 0x68e96}, {'7', 0xf1244}, {'8', 0x69696}, {'9', 0x69716},
    {'-', 0x00e00}};

std::uint32_t dots_of(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  for (const auto& glyph : kGlyphs) {
    if (glyph.character == c) return glyph.dots;
  }
  return 0;
}

}  // namespace

std::string large_text(std::string_view text) {
  std::string out;
  for (unsigned row = 0; row < 5; ++row) {
    out += "  ";
    for (char c : text) {
      for (unsigned column = 0; column < 4; ++column) {
        out.push_back((dots_of(c) >> (19 - row * 4 - column)) & 1 ? '#' : ' ');
      }
      out += "  ";
    }
    while (out.ends_with(' ')) out.pop_back();
    out.push_back('\n');
  }
  return out;
}

}  // namespace sallyport::app
