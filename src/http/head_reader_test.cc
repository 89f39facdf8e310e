#include "http/head_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace sallyport::http {
namespace {

bool is_tchar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").contains(c));
}

bool is_text(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// Names and values are looked at sixteen and 64 bytes at a time.
TEST(HeadReader, KnowsEveryByteOfANameWhereverItStands) {
  for (std::size_t size : {1U, 15U, 16U, 17U, 33U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name(size, 'n');
        name[at] = static_cast<char>(byte);
        ASSERT_EQ(is_token(name), is_tchar(name[at])) << size << " " << at << " " << byte;
        std::string line = name + ": v\r\n\r\n";
        std::string_view rest = line;
        const auto field = take_field(rest);
        const bool colon_first = name[at] == ':' && at > 0;
        ASSERT_EQ(field.has_value(), is_tchar(name[at]) || colon_first) << at << " " << byte;
        if (field) EXPECT_EQ(field->name, colon_first ? name.substr(0, at) : name);
      }
    }
  }
}

TEST(HeadReader, KnowsWhatAValueMayHoldWhereverItStands) {
  for (std::size_t size : {1U, 15U, 16U, 17U, 65U, 200U}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte :
           {0x00, 0x08, 0x09, 0x0a, 0x0d, 0x1f, 0x20, 0x21, 0x7e, 0x7f, 0x80, 0x89, 0xa0, 0xff}) {
        std::string value(size, 'v');
        value[at] = static_cast<char>(byte);
        ASSERT_EQ(is_field_text(value), is_text(value[at])) << size << " " << at << " " << byte;
      }
    }
  }
}

TEST(HeadReader, EndsAValueAtTheLineWhateverStandsBehindIt) {
  for (std::size_t size = 0; size < 200; ++size) {
    const std::string value(size, 'v');
    const std::string lines = "a:" + value + "\r\nb: c\r\n\r\n";
    std::string_view rest = lines;
    const auto field = take_field(rest);
    ASSERT_TRUE(field.has_value());
    EXPECT_EQ(field->value, value);
    EXPECT_EQ(rest, "\r\nb: c\r\n\r\n");
  }
}

}  // namespace
}  // namespace sallyport::http
