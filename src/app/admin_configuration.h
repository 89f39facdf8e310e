// What the administrator's side sees of config/ and of reloading: plain values of admin/.
#pragma once

#include <expected>

#include "admin/caller.h"
#include "admin/configuration.h"
#include "admin/problem.h"
#include "app/reloading.h"

namespace sallyport::app {

[[nodiscard]] admin::ConfigurationView view_of(const config::Configuration& configuration);

/// 409 with all findings where the answer is no.
[[nodiscard]] std::expected<admin::ConfigurationReload, admin::Problem> reload_for(
    Reloading& reloading, const admin::Caller& caller, bool dry_run);

}  // namespace sallyport::app
