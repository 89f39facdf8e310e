#include "app/admin_configuration.h"

#include "admin/own_role.h"
#include "base/json_writer.h"

namespace sallyport::app {
namespace {

std::string findings_json(const config::Findings& findings) {
  std::string out = "[";
  JsonWriter json(out);
  for (const auto& finding : findings) config::append_json(json, finding);
  json.end_array();
  return out;
}

}  // namespace

admin::ConfigurationView view_of(const config::Configuration& configuration) {
  admin::ConfigurationView view{configuration.path, configuration.sha256, {}};
  auto keys = config::effective_keys(configuration);
  view.keys.reserve(keys.size());
  for (auto& key : keys) {
    view.keys.push_back({std::move(key.key), std::move(key.values), key.is_list, key.is_default,
                         key.is_secret, std::move(key.note), key.place.line, key.place.column});
  }
  return view;
}

std::expected<admin::ConfigurationReload, admin::Problem> reload_for(
    Reloading& reloading, const admin::Caller& caller, const admin::ReloadWish& wish) {
  auto outcome =
      reloading.run({.by = caller.who,
                     .dry_run = wish.dry_run,
                     .expected = wish.expected,
                     .guard = [&caller](const auto& running, const auto& next) {
                       return admin::refuse_losing_own_role(caller, running.admin, next.admin);
                     }});
  if (!outcome && outcome.error().error.code == Reloading::kChanged) {
    return admin::refuse(412, std::move(outcome.error().error));
  }
  if (!outcome) {
    admin::Problem problem{409, std::move(outcome.error().error)};
    problem.more = "\"findings\":";
    problem.more += findings_json(outcome.error().findings);
    return std::unexpected(std::move(problem));
  }
  admin::ConfigurationReload done;
  done.sha256_before = std::move(outcome->sha256_before);
  done.sha256 = std::move(outcome->sha256);
  done.findings = findings_json(outcome->findings);
  done.changed.reserve(outcome->changed.size());
  for (auto& change : outcome->changed) {
    done.changed.push_back(
        {std::move(change.key), std::move(change.before), std::move(change.after)});
  }
  return done;
}

}  // namespace sallyport::app
