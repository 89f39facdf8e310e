#include "base/ascii.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport {
namespace {

std::string all_in(bool (*is_in_class)(char)) {
  std::string in;
  for (int c = 0; c < 256; ++c) {
    if (is_in_class(static_cast<char>(c))) in += static_cast<char>(c);
  }
  return in;
}

TEST(Ascii, HasTheDigitsAndLettersAndNothingElse) {
  const std::string digits = "0123456789";
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  EXPECT_EQ(all_in(is_digit), digits);
  EXPECT_EQ(all_in(is_letter), letters);
  EXPECT_EQ(all_in(is_letter_or_digit), digits + letters);
}

}  // namespace
}  // namespace sallyport
