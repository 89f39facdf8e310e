#include "profile/resolve.h"

#include <fmt/format.h>

#include <algorithm>

#include "profile/profile.h"
#include "profile/resolver.h"
#include "profile/rules.h"
#include "profile/url.h"

namespace sallyport::profile {
namespace {

constexpr AppVersion kHivesApart{{1, 19367, 0, 0}};  // HKLM and HKCU no longer merged

bool is_app_behavior(std::string_view name) {
  const Key* key = Catalogue::builtin().find(name);
  return key != nullptr && key->app_behavior;
}

bool is_pinned(std::string_view key) {
  return std::find(std::begin(kPinnedUrls), std::end(kPinnedUrls), key) != std::end(kPinnedUrls);
}

bool holds_loopback(const json::value& value) {
  if (value.is_string()) {
    auto url = parse_any_url(value.get_string());
    return url && is_loopback_host(url->host);
  }
  if (value.is_array()) {
    return std::any_of(value.get_array().begin(), value.get_array().end(), holds_loopback);
  }
  if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      if (holds_loopback(member.value())) return true;
    }
  }
  return false;
}

}  // namespace

// Adds what is new; `why` says what happens to a key that a stronger source already has.
void Resolver::take(std::size_t index, std::string_view why_weaker) {
  for (const auto& [name, value] : ordered(device_.sources[index].values)) {
    auto same = std::find_if(managed_.begin(), managed_.end(),
                             [&, wanted = name](const Entry& e) { return e.key == wanted; });
    if (same != managed_.end()) {
      ignore(name, index, std::string(why_weaker));
    } else {
      managed_.push_back({std::string(name), *value, index});
    }
  }
}

void Resolver::collect_mac() {
  auto user = index_of(SourceKind::kMacUser), machine = index_of(SourceKind::kMacMachine);
  if (user) take(*user, "");
  if (machine) take(*machine, "the per-user profile has the same key and wins");
  owner_candidate_ = user ? user : machine;
}

void Resolver::collect_windows() {
  auto machine = index_of(SourceKind::kHklm), user = index_of(SourceKind::kHkcu);
  bool machine_present = machine && (!device_.sources[*machine].values.empty() ||
                                     !device_.sources[*machine].blind.empty());
  if (machine_present) take(*machine, "");
  if (machine_present && user && !older_than(kHivesApart)) {
    for (const auto& [name, value] : ordered(device_.sources[*user].values)) {
      ignore(name, *user, "HKLM holds a value, which makes the whole of HKCU invisible");
    }
    find("device.hkcu_shadowed", Severity::kError, "",
         "HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Claude holds a value, so the app never looks at "
         "HKEY_CURRENT_USER (from 1.19367.0)",
         "put everything into HKEY_LOCAL_MACHINE, or empty that key; Intune: assign to devices");
  } else if (user) {
    take(*user, "HKLM has the same key and wins");
  }
  owner_candidate_ = machine_present ? machine : user;
}

void Resolver::collect_managed() {
  switch (device_.platform) {
    case Platform::kMacos:
      collect_mac();
      break;
    case Platform::kWindows:
      collect_windows();
      break;
    case Platform::kLinux:
      owner_candidate_ = index_of(SourceKind::kLinuxFile);
      if (owner_candidate_) take(*owner_candidate_, "");
      break;
  }
  for (std::size_t i = 0; i < device_.sources.size(); ++i) {
    const SettingsSource& source = device_.sources[i];
    if (source.present && source.unreadable && source.kind != SourceKind::kLibrary &&
        source.kind != SourceKind::kBootstrap) {
      unreadable_ = i;
    }
  }
}

// A managed source owns the device when it holds anything that is no app-behaviour key. On
// Windows even a misspelt value counts, elsewhere only keys that the app knows.
bool Resolver::managed_owns() const {
  bool windows = device_.platform == Platform::kWindows;
  if (windows && owner_candidate_ && !device_.sources[*owner_candidate_].blind.empty()) return true;
  return std::any_of(managed_.begin(), managed_.end(), [&](const Entry& entry) {
    bool known = Catalogue::builtin().find(entry.key) != nullptr;
    if (!known) return windows;
    return !is_app_behavior(entry.key) || older_than(kHivesApart);
  });
}

void Resolver::apply_managed(const Entry& entry) {
  if (Catalogue::builtin().find(entry.key) == nullptr) {
    ignore(entry.key, entry.source, "the app does not know this key");
  } else {
    result_.effective.push_back({entry.key, entry.value, entry.source});
  }
}

void Resolver::apply_owner() {
  auto local = index_of(SourceKind::kLibrary);
  if (unreadable_) {
    result_.owner = unreadable_;
    if (local)
      ignore_all(*local, "the managed file is there but unreadable, which disables local settings");
    return;
  }
  if (managed_owns()) {
    result_.owner = owner_candidate_;
    for (const Entry& entry : managed_) apply_managed(entry);
    if (local) ignore_all(*local, "a managed source owns the device");
    return;
  }
  bool group = std::any_of(managed_.begin(), managed_.end(),
                           [](const Entry& entry) { return is_app_behavior(entry.key); });
  for (const Entry& entry : managed_) apply_managed(entry);
  if (!local) return;
  result_.owner = local;
  for (const auto& [name, value] : ordered(device_.sources[*local].values)) {
    if (Catalogue::builtin().find(name) == nullptr) {
      ignore(name, *local, "the app does not know this key");
    } else if (group && is_app_behavior(name)) {
      ignore(name, *local, "app-behaviour keys come as a group from the managed source");
    } else {
      result_.effective.push_back({std::string(name), *value, *local});
    }
  }
}

void Resolver::ignore_all(std::size_t index, std::string_view why) {
  for (const auto& [name, value] : ordered(device_.sources[index].values)) {
    ignore(name, index, std::string(why));
  }
}

void Resolver::apply_bootstrap() {
  bool asked = effective("bootstrapUrl") != nullptr && !flag("bootstrapEnabled", false);
  auto answer = index_of(SourceKind::kBootstrap);
  if (!asked) {
    if (answer) ignore_all(*answer, "no bootstrapUrl is in effect");
    return;
  }
  by_bootstrap_ = true;
  if (!answer || device_.sources[*answer].unreadable) {
    find("device.bootstrap_unseen", Severity::kAdvice, "bootstrapUrl",
         "the server's answer is not part of what was collected, so what it sets is not known",
         "save the answer as bootstrap.json beside the other files");
    return;
  }
  const json::object& served = device_.sources[*answer].values;
  std::vector<EffectiveValue> kept;
  for (EffectiveValue& value : result_.effective) {
    const Key* key = Catalogue::builtin().find(value.key);
    bool replaced = key != nullptr && key->availability == Availability::kMdmAndBootstrap;
    if (!replaced) {
      kept.push_back(std::move(value));
    } else if (!served.contains(value.key)) {
      ignore(value.key, value.source,
             "the bootstrap answer is in effect and omits it, which unsets it");
    } else {
      ignore(value.key, value.source, "the bootstrap answer replaces it");
    }
  }
  result_.effective = std::move(kept);
  for (const auto& [name, value] : ordered(served)) take_served(name, *value, *answer);
}

void Resolver::take_served(std::string_view name, const json::value& value, std::size_t source) {
  const Key* key = Catalogue::builtin().find(name);
  if (key == nullptr) {
    ignore(name, source, "the app does not know this key");
  } else if (key->availability == Availability::kMdm) {
    ignore(name, source, "the app takes this key from the device alone");
  } else if (is_pinned(name) && effective("bootstrapOidc") == nullptr && value.is_string() &&
             !same_origin(value.get_string(), portable_text(*effective("bootstrapUrl")))) {
    ignore(name, source,
           "without bootstrapOidc the app takes base URLs of the bootstrap server's own origin "
           "alone");
    find("device.bootstrap_origin", Severity::kError, name,
         "the bootstrap answer sets it to another origin than the server's, and the device has "
         "no bootstrapOidc, so the app drops it",
         "set bootstrapOidc on the device, or serve both under one origin");
  } else if (holds_loopback(value)) {
    ignore(name, source, "loopback addresses from a bootstrap server are dropped");
  } else {
    result_.effective.push_back({std::string(name), value, source});
  }
}

// Keys that change nothing: of another provider, of standard deployments, ended spellings.
void Resolver::drop_without_effect() {
  const json::value* provider = effective("inferenceProvider");
  std::string name =
      provider != nullptr && provider->is_string() ? std::string(provider->get_string()) : "";
  const auto& known = Catalogue::builtin().find("inferenceProvider")->enum_values;
  if (std::find(known.begin(), known.end(), name) == known.end()) name.clear();  // misspelt
  std::vector<EffectiveValue> kept;
  for (EffectiveValue& value : result_.effective) {
    const Key* key = Catalogue::builtin().find(value.key);
    if (key->scope == Scope::kStandard) {
      ignore(value.key, value.source, "it acts in standard deployments alone");
    } else if (key->status == Status::kRemoved) {
      ignore(value.key, value.source, "the app no longer has this key");
    } else if (!key->ended.empty()) {
      ignore(value.key, value.source, fmt::format("this spelling ended on {}", key->ended));
    } else if (device_.app && key->since_version && *key->since_version > *device_.app) {
      ignore(value.key, value.source,
             fmt::format("the installed build is older than {}", key->since));
    } else if (!name.empty() && !key->has_effect_for(name)) {
      ignore(value.key, value.source, fmt::format("it belongs to another provider than {}", name));
    } else {
      kept.push_back(std::move(value));
    }
  }
  result_.effective = std::move(kept);
}

const EffectiveValue* Resolution::find(std::string_view key) const {
  for (const EffectiveValue& value : effective) {
    if (value.key == key) return &value;
  }
  return nullptr;
}

std::string_view source_text(SourceKind kind) {
  switch (kind) {
    case SourceKind::kMacUser:
      return "managed profile (per user)";
    case SourceKind::kMacMachine:
      return "managed profile (machine)";
    case SourceKind::kHklm:
      return "machine policy (HKLM)";
    case SourceKind::kHkcu:
      return "user policy (HKCU)";
    case SourceKind::kLinuxFile:
      return "managed settings file";
    case SourceKind::kLibrary:
      return "local library";
    case SourceKind::kBootstrap:
      return "bootstrap answer";
  }
  return "";
}

Resolution resolve(const Device& device) {
  return Resolver(device).run();
}

Findings device_findings(const Device& device, const Resolution& resolution) {
  Findings all = resolution.findings;
  auto append = [&](const Findings& more) { all.insert(all.end(), more.begin(), more.end()); };
  append(device.notes);
  json::object values;
  bool fleet = false;
  for (const SettingsSource& source : device.sources) append(source.notes);
  if (resolution.owner) {
    const SettingsSource& owner = device.sources[*resolution.owner];
    fleet = owner.kind != SourceKind::kLibrary;
    for (const auto& member : owner.values) values[member.key()] = member.value();
  }
  for (const EffectiveValue& value : resolution.effective) values[value.key] = value.value;
  // keys that the owner holds under a name that nobody knows belong to the picture, too
  for (const IgnoredValue& ignored : resolution.ignored) {
    const json::value* value = device.sources[ignored.source].values.if_contains(ignored.key);
    bool unknown = Catalogue::builtin().find(ignored.key) == nullptr;
    if (unknown && value != nullptr) values[ignored.key] = *value;
  }
  if (!values.empty()) {
    CheckOptions options;
    options.delivery = fleet ? Delivery::kFleet : Delivery::kLocal;
    options.oldest_app = device.app;
    options.platform = device.platform;
    options.allow_secrets = true;
    append(check(values, options));
  }
  Findings unique;
  for (Severity severity : {Severity::kError, Severity::kWarning, Severity::kAdvice}) {
    for (Finding& finding : all) {
      bool again = std::find(unique.begin(), unique.end(), finding) != unique.end();
      if (finding.severity == severity && !again) unique.push_back(finding);
    }
  }
  return unique;
}

}  // namespace sallyport::profile
