#include "gateway/stream_decoder.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

TEST(StreamDecoder, LeavesAnEventStreamAsItIs) {
  StreamDecoder decoder(upstream::StreamFormat::kEvents);
  const std::string_view bytes = "event: ping\ndata: {}\n\n";
  EXPECT_EQ(decoder.feed(bytes).data(), bytes.data());
  EXPECT_EQ(decoder.feed(bytes), bytes);
}

TEST(StreamDecoderDeathTest, ReadsNoWholeAnswer) {
  StreamDecoder decoder(upstream::StreamFormat::kNone);
  EXPECT_DEATH(std::ignore = decoder.feed("{}"), "whole answer");
}

}  // namespace
}  // namespace sallyport::gateway
