#include "base/terminal_text.h"

#include <gtest/gtest.h>

namespace sallyport {
namespace {

TEST(TerminalText, LeavesOrdinaryTextOfAllScriptsAlone) {
  for (std::string_view text : {"https://claude.contoso.example/?a=b&c",
                                "Gr\xc3\xb6\xc3\x9f"
                                "e",
                                "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x9a\xaa"}) {
    EXPECT_EQ(for_terminal(text), text);
  }
}

TEST(TerminalText, ShowsWhatWouldSteerTheTerminal) {
  EXPECT_EQ(for_terminal("a\x1b[31mb"), "a\\u{1b}[31mb");
  EXPECT_EQ(for_terminal("a\nb\tc\r"), "a\\nb\\tc\\u{d}");
  EXPECT_EQ(for_terminal("\xc2\x9b"
                         "31m"),
            "\\u{9b}31m");  // CSI in one character
  EXPECT_EQ(for_terminal("a\xe2\x80\xae"
                         "b"),
            "a\\u{202e}b");                                    // right-to-left override
  EXPECT_EQ(for_terminal("key\xe2\x80\x8b"), "key\\u{200b}");  // zero width space
  EXPECT_EQ(for_terminal(std::string_view("a\0b", 3)), "a\\u{0}b");
}

TEST(TerminalText, GivesNothingOfWhatIsNotUtf8) {
  EXPECT_EQ(for_terminal("\xff\xfe"), "?");
  EXPECT_EQ(for_terminal("a\xc2"), "?");
}

}  // namespace
}  // namespace sallyport
