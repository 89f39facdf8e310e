// What follows from the values in effect: whether the app starts with its own provider, whether its
// window can be edited, and whether somebody wrote to a place that is not read.
#include <fmt/format.h>

#include <algorithm>

#include "profile/resolver.h"
#include "profile/rules.h"

namespace sallyport::profile {
namespace {

constexpr AppVersion kUserInfoRefused{{1, 32352, 0, 0}};

}  // namespace

// The first fault for which the app falls back to standard mode.
std::string Resolver::blocking_fault() const {
  json::object values;
  for (const EffectiveValue& value : result_.effective) values[value.key] = value.value;
  CheckOptions options;
  options.allow_secrets = true;
  for (const Finding& finding : check(values, options)) {
    bool provider_wrong = finding.code == rule("value.enum") && finding.key == "inferenceProvider";
    bool missing = finding.code == rule("provider.required_key") ||
                   finding.code == rule("credential.missing") ||
                   finding.code == rule("model.list_required");
    bool refused = finding.code == rule("url.credentials") && !older_than(kUserInfoRefused);
    if (finding.severity != Severity::kError || (!provider_wrong && !missing && !refused)) continue;
    if (provider_wrong) return fmt::format("inferenceProvider is misspelt ({})", finding.why);
    return fmt::format("{}: {}", finding.key, finding.why);
  }
  return {};
}

std::optional<Resolver::Verdict> Resolver::unreadable() const {
  if (unreadable_) return Verdict{Mode::kStandard, device_.sources[*unreadable_].why};
  auto local = index_of(SourceKind::kLibrary);
  bool owns = local && result_.owner == local;
  if (!owns || !device_.sources[*local].unreadable) return std::nullopt;
  return Verdict{Mode::kStandard, device_.sources[*local].why};
}

std::optional<Resolver::Verdict> Resolver::asks_for_nothing() const {
  if (effective("inferenceProvider") != nullptr || by_bootstrap_) return std::nullopt;
  bool found = result_.owner || !managed_.empty();
  return Verdict{Mode::kStandard,
                 found ? "no inferenceProvider is in effect" : "no configuration was found"};
}

std::optional<Resolver::Verdict> Resolver::left_by_the_person() const {
  bool no_chooser = flag("disableDeploymentModeChooser", true);
  if (device_.deployment_mode != "1p" || no_chooser) return std::nullopt;
  return Verdict{Mode::kStandard,
                 "the person chose standard mode (deploymentMode 1p), and "
                 "disableDeploymentModeChooser is not set",
                 true};
}

std::optional<Resolver::Verdict> Resolver::left_to_bootstrap() const {
  if (effective("inferenceProvider") != nullptr) return std::nullopt;
  return Verdict{Mode::kThirdParty, "bootstrapUrl is set; the server's answer decides the rest"};
}

std::optional<Resolver::Verdict> Resolver::faulty() const {
  std::string fault = blocking_fault();
  if (fault.empty()) return std::nullopt;
  return Verdict{Mode::kStandard, std::move(fault)};
}

std::optional<Resolver::Verdict> Resolver::complete() const {
  return Verdict{Mode::kThirdParty,
                 fmt::format("inferenceProvider is {} and what it needs is there",
                             portable_text(*effective("inferenceProvider")))};
}

void Resolver::decide_mode() {
  // the first case that holds decides, as it does in the app
  using Case = std::optional<Verdict> (Resolver::*)() const;
  constexpr Case kCases[] = {
      &Resolver::unreadable,        &Resolver::asks_for_nothing, &Resolver::left_by_the_person,
      &Resolver::left_to_bootstrap, &Resolver::faulty,           &Resolver::complete,
  };
  for (Case one : kCases) {
    std::optional<Verdict> verdict = (this->*one)();
    if (!verdict) continue;
    result_.mode = verdict->mode;
    result_.why_mode = std::move(verdict->why);
    if (verdict->by_person) {
      find("device.chose_standard", Severity::kError, "disableDeploymentModeChooser",
           result_.why_mode, "set disableDeploymentModeChooser to true, or switch back in the app");
    }
    return;
  }
}

void Resolver::decide_window() {
  bool managed = result_.owner && device_.sources[*result_.owner].kind != SourceKind::kLibrary;
  result_.window_read_only = managed;
  if (managed) {
    result_.why_window = fmt::format("{} owns the device", device_.sources[*result_.owner].place);
  } else if (owner_candidate_ && !managed_.empty()) {
    result_.why_window =
        device_.platform == Platform::kMacos
            ? "no key that arrived is one that the app knows, or app-behaviour keys alone"
            : "the managed source holds app-behaviour keys alone";
  } else {
    result_.why_window = "no managed source";
  }
  if (device_.app_started_before) {
    find("device.not_restarted", Severity::kError, "",
         "the app is running since before the configuration changed; it reads it once, at launch",
         "quit Claude fully (also from the menu bar or tray) and start it again");
  }
}

// Somebody wrote to one place and looks at the other.
void Resolver::note_both_places() {
  auto local = index_of(SourceKind::kLibrary);
  bool managed = result_.owner && device_.sources[*result_.owner].kind != SourceKind::kLibrary;
  if (managed && local && !device_.sources[*local].values.empty()) {
    find("device.local_ignored", Severity::kWarning, "",
         fmt::format("{} holds a configuration that the app ignores, since a managed source owns "
                     "the device",
                     device_.sources[*local].place),
         "change the managed profile, or have it removed; editing the local file does nothing");
  }
  bool none = managed_.empty() && !unreadable_ && !local;
  if (none) {
    find("device.no_configuration", Severity::kError, "",
         "none of the places that the app reads holds a configuration",
         "deliver the profile to the place that this report lists first");
  }
  bool nothing_known = !managed_.empty() && !managed_owns() &&
                       std::none_of(managed_.begin(), managed_.end(), [](const Entry& e) {
                         return Catalogue::builtin().find(e.key) != nullptr;
                       });
  if (nothing_known) {
    find("device.no_known_key", Severity::kError, managed_.front().key,
         "the managed source holds no key that the app knows, so it counts as absent",
         "correct the spelling of the keys");
  }
}

}  // namespace sallyport::profile
