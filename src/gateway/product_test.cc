#include "gateway/product.h"

#include <gtest/gtest.h>

namespace sallyport::gateway {
namespace {

TEST(Product, NamesTheProgramsOfTheField) {
  struct Row {
    std::string_view field, name, version, surface = {};
  };
  constexpr Row kRows[] = {
      {"claude-cli/2.1.329 (external, cli)", "claude-cli", "2.1.329", "cli"},
      {"claude-cli/2.1.329 (external, claude-desktop-3p)", "claude-cli", "2.1.329",
       "claude-desktop-3p"},
      {"claude-cli/2.1.329 (external, sdk-cli, agent-sdk/0.2)", "claude-cli", "2.1.329", "sdk-cli"},
      {"claude-cli/2.1.329 (external, cut", "claude-cli", "2.1.329"},
      {"claude-code/2.1.329", "claude-code", "2.1.329"},
      {"Bun/1.3.2", "Bun", "1.3.2"},
      {"AnthropicFoundry/JS 0.3.1", "AnthropicFoundry/JS", "0.3.1"},
      {"Anthropic/JS 1.11.0", "Anthropic/JS", "1.11.0"},
      {"AsyncAnthropic/Python 0.75.0", "AsyncAnthropic/Python", "0.75.0"},
      {"claude-cli/dev (external)", "claude-cli", "dev"},
      {"Claude", "Claude", ""},
      {"Claude Desktop/1.2", "Claude", ""},
      {"curl/8.5.0", "curl", "8.5.0"},
      {"x/", "x", ""},
      {"x/ 1", "x", ""},
      {"/", "", ""},
      {"  a/b  2 ", "a/b", "2"},
      {"", "", ""},
  };
  for (const Row& row : kRows) {
    auto product = product_of(row.field);
    EXPECT_EQ(product.name, row.name) << row.field;
    EXPECT_EQ(product.version, row.version) << row.field;
    EXPECT_EQ(product.surface, row.surface) << row.field;
  }
}

// x-app says `cli` on every surface of Claude Code, so it counts only where nothing better is said.
TEST(Client, HasTheSurfaceOfItsProductElseXApp) {
  const http::Field code[] = {{"User-Agent", "claude-cli/2.1.329 (external, claude-desktop-3p)"},
                              {"x-app", "cli"}};
  auto client = client_of(code);
  EXPECT_EQ(client.program, "claude-cli");
  EXPECT_EQ(client.version, "2.1.329");
  EXPECT_EQ(client.surface, "claude-desktop-3p");
  const http::Field other[] = {{"X-App", "cli"}, {"user-agent", "curl/8.1"}};
  client = client_of(other);
  EXPECT_EQ(client.program, "curl");
  EXPECT_EQ(client.surface, "cli");
  EXPECT_EQ(client_of({}).program, "");
}

}  // namespace
}  // namespace sallyport::gateway
