// The rules: everything that can be said about a configuration without a device and without a
// network. Each finding has a stable code from rule_table(), the key, the reason and the next step.
// Basis: facts desktop-config 7 (validation), 8 (providers), 18 (legacy spellings). Pure.
//
//   for (const Finding& finding : check(profile.values, {})) ...
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <span>

#include "profile/finding.h"
#include "profile/rule_codes.h"
#include "profile/value.h"

namespace sallyport::profile {

enum class Delivery {
  kFleet,      ///< pushed by MDM or a file in /etc
  kBootstrap,  ///< served by a bootstrap server
  kLocal,      ///< one person's own machine
};

/// What the devices know of the bootstrap server whose answer is checked.
struct BootstrapServer {
  std::string url;
  bool own_sign_in = false;  ///< bootstrapOidc is set, which ends origin pinning
};

struct CheckOptions {
  Delivery delivery = Delivery::kFleet;
  std::optional<AppVersion> oldest_app;  ///< the oldest build of the fleet
  bool allow_secrets = false;
  bool governed = false;                     ///< hold the profile to the governed rule set
  std::optional<Platform> platform;          ///< the one that the profile goes to; empty: all
  std::optional<BootstrapServer> bootstrap;  ///< with kBootstrap, if it is known
};

/// Base URLs that a bootstrap answer may set only within the server's own origin, unless the device
/// has bootstrapOidc (facts: desktop-config 11, "Origin pinning").
inline constexpr std::string_view kPinnedUrls[] = {
    "inferenceGatewayBaseUrl", "inferenceVertexBaseUrl", "inferenceBedrockBaseUrl"};

/// Findings in a steady order: errors first, then by the catalogue's order of keys.
[[nodiscard]] Findings check(const json::object& values, const CheckOptions& options);

/// Every code that check() can give, for documentation; sorted.
[[nodiscard]] std::span<const RuleInfo> rule_table();

}  // namespace sallyport::profile
