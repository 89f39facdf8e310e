#include "app/reloading.h"

#include "app/admin_side.h"
#include "app/service_parts.h"
#include "base/log.h"
#include "config/reload.h"

namespace sallyport::app {
namespace {

std::unexpected<Reloading::Refused> refuse(Error error, config::Findings findings = {}) {
  return std::unexpected(Reloading::Refused{std::move(error), std::move(findings)});
}

void log_findings(const config::Findings& findings) {
  for (const auto& finding : findings) {
    log::warning("config.finding", {{"text", config::text(finding)}});
  }
}

}  // namespace

Reloading::Outcome Reloading::run(const Wish& wish) {
  MutexLock lock(mutex_);
  const std::string file = parts_.configured()->path;
  auto outcome = read(wish);
  if (wish.dry_run) return outcome;
  log_findings(outcome ? outcome->findings : outcome.error().findings);
  if (!outcome) {
    log::error(
        "config.reload_refused",
        {{"file", file},
         {"by", wish.by},
         {"reason", outcome.error().error.text()},
         {"next_step", "the running configuration stays; correct the file and reload again"}});
    return outcome;
  }
  log::info("config.reloaded", {{"file", file}, {"sha256", outcome->sha256}, {"by", wish.by}});
  return outcome;
}

Reloading::Outcome Reloading::read(const Wish& wish) {
  const auto now = parts_.configured();
  const config::Configuration& running = *now;
  if (!wish.expected.empty() && wish.expected != running.sha256) {
    return refuse({kChanged, "it was changed by somebody since you read it",
                   "read it again and decide anew"});
  }
  auto loaded = config::load(running.path, config::system_environment());
  if (!loaded.configuration) {
    auto error = config::as_error(loaded.findings);
    return refuse(std::move(error), std::move(loaded.findings));
  }
  auto& next = *loaded.configuration;
  auto fixed = config::refuse_reload(running, next);
  if (!fixed.empty()) {
    auto error = config::as_error(fixed);
    return refuse(std::move(error), std::move(fixed));
  }
  auto refused = wish.guard ? wish.guard(running, next) : std::nullopt;
  if (refused) return refuse(std::move(*refused));
  Done done{running.sha256, next.sha256, config::changed_keys(running, next),
            std::move(loaded.findings)};
  auto taken = take(std::move(next), wish);
  if (!taken) return refuse(std::move(taken.error()));
  return done;
}

Result<void> Reloading::take(config::Configuration next, const Wish& wish) {
  Service::Parts& p = parts_;
  auto routes =
      gateway::Routes::create(next.listen, next.limits, next.issuers, next.upstreams, next.models);
  if (!routes) return std::unexpected(std::move(routes.error()));
  if (wish.dry_run) return {};
  auto doors = p.admin->take(next);
  if (!doors) return doors;
  const auto settings = std::make_shared<const config::Configuration>(std::move(next));
  {
    MutexLock lock(p.mutex);
    p.configuration = settings;
    // First, so that a request on the new routes finds its source known.
    p.credentials->reload(settings->upstreams);
    p.connections->set(settings->limits.connections, settings->limits.connections_per_source);
    p.trail->apply(settings->audit);
    p.gateway->publish(*routes);
  }
  p.keys->reload(settings->issuers);
  p.events->configuration(*settings, wish.by);
  return {};
}

}  // namespace sallyport::app
