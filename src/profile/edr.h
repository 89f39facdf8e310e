// Allow rules for endpoint security products, by signing identity and never by path: the app and
// its agent helper are signed binaries whose paths change with each update (facts: desktop-config
// 16, from the installation page's "Endpoint security software"). Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace sallyport::profile {

/// `format`: santa (configuration profile payload rules and santactl lines), applocker (policy
/// XML), wdac (App Control policy rules, PowerShell), text. Error: edr.format.
[[nodiscard]] Result<std::string> edr_rules(std::string_view format);

}  // namespace sallyport::profile
