#include "signin/dbus_message.h"

#include <gtest/gtest.h>

namespace sallyport::signin {
namespace {

// As sd-bus writes it: `busctl --user call ... GetSecret o /s`.
TEST(DbusMessage, WritesACallAsTheSpecificationWantsIt) {
  std::string body;
  DbusWriter(body).text("/s");
  std::string call = write_call({"a.b", "/p", "i.f", "Get", "o", body}, 7);
  std::string wanted(
      "l\1\0\1"
      "\7\0\0\0"
      "\7\0\0\0"
      "\107\0\0\0"
      "\1\1o\0\2\0\0\0/p\0\0\0\0\0\0"
      "\2\1s\0\3\0\0\0i.f\0\0\0\0\0"
      "\3\1s\0\3\0\0\0Get\0\0\0\0\0"
      "\6\1s\0\3\0\0\0a.b\0\0\0\0\0"
      "\10\1g\0\1o\0\0"
      "\2\0\0\0/s\0",
      16 + 16 * 4 + 8 + 7);
  EXPECT_EQ(call, wanted);
  EXPECT_EQ(dbus_size(call), call.size());
}

TEST(DbusMessage, ReadsWhatItWrote) {
  std::string body;
  DbusWriter out(body);
  auto array = out.begin_array(8);
  out.align(8);
  out.text("id");
  out.text("x");
  out.end_array(array);
  out.bytes(std::string_view("\0\1", 2));
  auto call = write_call({"a.b", "/p", "i.f", "Get", "a{ss}ay", body}, 1);
  auto message = parse_message(call);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->type, DbusMessage::Type::kCall);
  EXPECT_EQ(message->signature, "a{ss}ay");
  auto reader = message->reader();
  EXPECT_EQ(reader.array(8), 14U);
  EXPECT_EQ(reader.text(), "id");
  EXPECT_EQ(reader.text(), "x");
  EXPECT_EQ(reader.bytes(), std::string_view("\0\1", 2));
  EXPECT_TRUE(reader.good());
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_FALSE(reader.good()) << "beyond the end";
}

TEST(DbusMessage, ReadsBothByteOrders) {
  EXPECT_EQ(DbusReader("\1\2\3\4", false).number(), 0x04030201U);
  EXPECT_EQ(DbusReader("\1\2\3\4", true).number(), 0x01020304U);
}

TEST(DbusMessage, RefusesWhatIsCutShortOrLiesAboutItsLength) {
  std::string body;
  DbusWriter(body).text("/s");
  const std::string good = write_call({"a.b", "/p", "i.f", "Get", "o", body}, 7);
  ASSERT_TRUE(parse_message(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_message(std::string_view(good).substr(0, size))) << size;
  }
  for (std::size_t at : {0U, 3U, 4U, 12U, 20U}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] + 40);
    EXPECT_FALSE(parse_message(bad)) << at;
  }
  std::string huge = good;
  huge[7] = '\x7f';
  EXPECT_FALSE(dbus_size(huge));
}

}  // namespace
}  // namespace sallyport::signin
