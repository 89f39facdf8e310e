// Which changes a running gateway cannot take over. A reload (SIGHUP) checks the new configuration
// whole, then asks here, then swaps.
#pragma once

#include "config/configuration.h"

namespace sallyport::config {

/// One error a key that differs and needs a restart (the schema's rows say which: the address,
/// the workers, the audit folder, the store, the administrator's socket and port); empty: swap.
[[nodiscard]] Findings refuse_reload(const Configuration& running, const Configuration& next);

}  // namespace sallyport::config
