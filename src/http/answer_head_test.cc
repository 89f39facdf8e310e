#include "http/answer_head.h"

#include <gtest/gtest.h>

namespace sallyport::http {
namespace {

std::string written(const AnswerHead& head, const AnswerFraming& framing) {
  std::string out;
  write_head(out, head, framing);
  return out;
}

TEST(AnswerHead, IsWrittenWithItsFraming) {
  AnswerHead head(200);
  head.add("content-type", "text/plain").add_lines("x-a: 1\r\nx-b: 2\r\n");
  EXPECT_EQ(written(head, {.length = 3}),
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nx-a: 1\r\nx-b: 2\r\n"
            "content-length: 3\r\n\r\n");
  EXPECT_EQ(written(AnswerHead(204), {}), "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written(AnswerHead(529), {.length = {}, .chunked = true, .close = true}),
            "HTTP/1.1 529 Overloaded\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n");
}

TEST(AnswerHead, KeepsAPhraseOfTheProviders) {
  EXPECT_TRUE(written(AnswerHead(200, "Fine"), {}).starts_with("HTTP/1.1 200 Fine\r\n"));
  EXPECT_TRUE(written(AnswerHead(299), {}).starts_with("HTTP/1.1 299 Status\r\n"));
}

TEST(AnswerHeadDeathTest, TakesNoFieldThatEndsItsLine) {
  EXPECT_DEATH(AnswerHead(200).add("x", "a\r\nset-cookie: b"), "breaks_line");
  EXPECT_DEATH(AnswerHead(200).add("x\n", "a"), "breaks_line");
}

}  // namespace
}  // namespace sallyport::http
