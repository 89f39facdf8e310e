// What the administrator's side sees of config/ and of reloading: plain values of admin/.
#pragma once

#include <expected>

#include "admin/caller.h"
#include "admin/configuration.h"
#include "admin/problem.h"
#include "app/reloading.h"

namespace sallyport::app {

[[nodiscard]] admin::ConfigurationView view_of(const config::Configuration& configuration);

/// 409 with all findings where the answer is no; 412 api.changed where another one runs than was
/// expected.
[[nodiscard]] std::expected<admin::ConfigurationReload, admin::Problem> reload_for(
    Reloading& reloading, const admin::Caller& caller, const admin::ReloadWish& wish);

}  // namespace sallyport::app
