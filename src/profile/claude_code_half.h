// Claude Code's half of a governed pair: managed settings that send it to the gateway as the same
// person, and leave it no other provider (facts: desktop-config 15). Read by the check and written
// by codec/claude_code.cc. Pure.
#pragma once

#include <array>
#include <string_view>

#include "profile/finding.h"
#include "profile/value.h"

namespace sallyport::profile {

/// Switches with which a person's shell could choose a provider; the pair holds each at 0.
inline constexpr std::array<std::string_view, 6> kOtherProviders{
    "CLAUDE_CODE_USE_BEDROCK",       "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_VERTEX",        "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS", "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD"};

/// The one entry of allowedProviders: an address that the same file pins in env.
inline constexpr std::string_view kPinnedEndpoint = "customEndpoint";

/// What in `settings` lets Claude Code go another way than the governed profile `values`; the codes
/// are governed.claude_code. A missing allowedProviders is a warning, since older versions have
/// none.
[[nodiscard]] Findings check_claude_code_half(const json::object& settings,
                                              const json::object& values);

}  // namespace sallyport::profile
