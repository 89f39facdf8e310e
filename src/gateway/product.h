// Which program a User-Agent field names (RFC 9110 section 10.1.5): its first product and version,
// and where Claude Code says it, the surface that it runs on. Pure; views into the field.
//
//   claude-cli/2.1.329 (external, claude-desktop-3p)   claude-cli     2.1.329   claude-desktop-3p
//   Anthropic/JS 1.11.0                                Anthropic/JS   1.11.0
#pragma once

#include <string_view>

#include "http/field.h"
#include "policy/request_facts.h"

namespace sallyport::gateway {

struct Product {
  std::string_view name;
  std::string_view version;  ///< empty if the field has none
  std::string_view surface;  ///< cli, sdk-cli, claude-vscode, claude-desktop-3p; empty: not said
};

/// What follows the slash is the version, unless the next word begins with a digit and it does not:
/// Anthropic's libraries write their language there.
[[nodiscard]] Product product_of(std::string_view user_agent);

/// What a client says of itself in its head: the product, and where that names no surface, x-app
/// (which says `cli` on every surface of Claude Code). Views into the fields.
[[nodiscard]] policy::ClientFacts client_of(http::Fields fields);

}  // namespace sallyport::gateway
