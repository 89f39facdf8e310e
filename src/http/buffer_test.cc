#include "http/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

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

TEST(Buffer, LeavesTheMemoryOfBlocksThatNobodyNeededToTheSystem) {
  auto use = [](std::span<Buffer> buffers) {
    for (auto& buffer : buffers) put(buffer, std::string(Buffer::kBlock, 'x'));
    for (auto& buffer : buffers) buffer.release();
  };
  auto count_kept = [](std::span<Buffer> buffers) {
    auto kept = std::ranges::count_if(buffers, [](Buffer& one) { return one.room()[100] == 'x'; });
    for (auto& buffer : buffers) buffer.release();
    return kept;
  };
  std::vector<Buffer> buffers(8);
  std::span all(buffers);
  use(all);
  Buffer::give_back_unused();
  use(all.first(3));  // since the last call five were not needed
  Buffer::give_back_unused();
  EXPECT_EQ(count_kept(all), 3);
  Buffer::give_back_unused();  // all eight were needed
  use(all);
  Buffer::give_back_unused();
  EXPECT_EQ(count_kept(all), 8);
}

}  // namespace
}  // namespace sallyport::http
