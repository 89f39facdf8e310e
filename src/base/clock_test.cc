#include "base/clock.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(Time, IsReadAsItWasWritten) {
  FakeClock clock;
  clock.advance(std::chrono::microseconds(1));
  EXPECT_EQ(format_time(clock.wall()), "2026-11-21T00:00:00.000001Z");
  EXPECT_EQ(parse_time("2026-11-21T00:00:00.000001Z"), clock.wall());
  for (std::int64_t at : {0LL, 951782400123456LL, 1795305599999999LL}) {
    WallTime time{std::chrono::microseconds{at}};
    EXPECT_EQ(parse_time(format_time(time)), time) << format_time(time);
  }
}

TEST(Time, HasOneForm) {
  for (std::string_view text :
       {"", "2026-11-21", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00.000Z",
        "2026-11-21T00:00:00.000000", "2026-11-21T00:00:00.000000Z ", "2026-11-21T00:00:00.000000z",
        "2026-11-21 00:00:00.000000Z", "2026-13-21T00:00:00.000000Z", "2026-02-29T00:00:00.000000Z",
        "2026-11-21T24:00:00.000000Z", "2026-11-21T00:60:00.000000Z", "2026-11-21T00:00:60.000000Z",
        "2026-11-21T00:00:00.00000+Z", "+026-11-21T00:00:00.000000Z", "2026-11- 1T00:00:00.000000Z",
        "2026-11-21T00:00:00.000000+00:00"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

}  // namespace
}  // namespace sallyport
