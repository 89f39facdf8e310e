#include "http/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sallyport::http {
namespace {

void put(Buffer& buffer, std::string_view text) {
  auto room = buffer.room();
  ASSERT_GE(room.size(), text.size());
  std::copy(text.begin(), text.end(), room.begin());
  buffer.filled(text.size());
}

TEST(Buffer, KeepsAFewBytesWithoutABlockWhileItWaits) {
  Buffer buffer;
  put(buffer, "5\r\nhello\r\n");
  buffer.consume(8);
  const char* block = buffer.content().data();
  buffer.park();
  EXPECT_EQ(buffer.content(), "\r\n");
  EXPECT_NE(buffer.content().data(), block);
  buffer.park();
  EXPECT_EQ(buffer.content(), "\r\n");
  put(buffer, "0\r\n\r\n");
  EXPECT_EQ(buffer.content(), "\r\n0\r\n\r\n");
  buffer.consume(7);
  EXPECT_TRUE(buffer.empty());
  buffer.park();
  EXPECT_TRUE(buffer.empty());
}

TEST(Buffer, KeepsItsBlockWhileMoreIsInIt) {
  Buffer buffer;
  put(buffer, std::string(Buffer::kFew + 1, 'a'));
  const char* block = buffer.content().data();
  buffer.park();
  EXPECT_EQ(buffer.content().data(), block);
  buffer.consume(1);
  buffer.park();
  EXPECT_EQ(buffer.content(), std::string(Buffer::kFew, 'a'));
}

TEST(Buffer, GrowsToItsLimitWithWhatIsInIt) {
  Buffer buffer;
  put(buffer, std::string(Buffer::kBlock, 'x'));
  EXPECT_TRUE(buffer.room().empty());
  EXPECT_TRUE(buffer.grow(2 * Buffer::kBlock));
  EXPECT_FALSE(buffer.grow(2 * Buffer::kBlock));
  EXPECT_EQ(buffer.content(), std::string(Buffer::kBlock, 'x'));
  EXPECT_EQ(buffer.room().size(), Buffer::kBlock);
}

}  // namespace
}  // namespace sallyport::http
