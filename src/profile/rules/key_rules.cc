// Rules about keys as such: unknown, dotted, legacy, too new, without effect, needing another.
#include <algorithm>

#include "profile/profile.h"
#include "profile/rules/check.h"

namespace sallyport::profile {
namespace {

void check_unknown(Check& check, std::string_view name) {
  const Catalogue& catalogue = Catalogue::builtin();
  auto dot = name.find('.');
  if (dot != std::string_view::npos && catalogue.find(name.substr(0, dot)) != nullptr) {
    check.error("key.dotted", std::string(name),
                fmt::format("dotted keys are never read; {} is one value that holds a JSON object",
                            name.substr(0, dot)),
                fmt::format("set {} to the whole object", name.substr(0, dot)));
    return;
  }
  std::string_view near = catalogue.nearest(name);
  bool connection = false;
  if (const Key* meant = catalogue.find(near)) connection = meant->section == "Connection";
  check.add(connection ? Severity::kError : Severity::kWarning, "key.unknown", std::string(name),
            "the app does not know this key and ignores it silently",
            near.empty() ? std::string("remove it, or see `sallyport profile keys`")
                         : fmt::format("did you mean {}?", near));
}

void check_status(Check& check, const Key& key) {
  if (key.status == Status::kLegacyAlias) {
    bool ended = !key.ended.empty();
    check.add(ended ? Severity::kError : Severity::kWarning, "key.legacy", key.name,
              ended
                  ? fmt::format("this spelling ended on {} 12:00 Pacific; the app no longer reads "
                                "it",
                                key.ended)
                  : "this is an old spelling whose end is not documented",
              fmt::format("use {}", key.replaced_by));
  } else if (key.status == Status::kRemoved) {
    check.warning("key.removed", key.name,
                  fmt::format("the app no longer has this key: {}", key.notes), "remove it");
  } else if (key.deprecated) {
    check.warning("key.deprecated", key.name,
                  fmt::format("this key is deprecated{}",
                              key.notes.empty() ? std::string() : ": " + key.notes),
                  key.replaced_by.empty() ? std::string("remove it")
                                          : fmt::format("use {}", key.replaced_by));
  } else if (key.status == Status::kUndocumented) {
    check.advice("key.undocumented", key.name,
                 "no document describes this key; it is known by name from the app alone",
                 "try it on one device before you rely on it");
  }
}

void check_version(Check& check, const Key& key) {
  const auto& oldest = check.options().oldest_app;
  if (!oldest || !key.since_version || *key.since_version <= *oldest) return;
  check.add(key.section == "Connection" ? Severity::kError : Severity::kWarning, "key.too_new",
            key.name,
            fmt::format("builds before {} do not know this key and ignore it silently", key.since),
            "update the oldest machines first, or leave the key out of their profile");
}

// KEY or KEY=VALUE.
bool holds(const Check& check, std::string_view condition) {
  auto equals = condition.find('=');
  if (equals == std::string_view::npos) return check.has(condition);
  const json::value* value = check.find(condition.substr(0, equals));
  return value != nullptr && portable_text(*value) == condition.substr(equals + 1);
}

void check_companions(Check& check, const Key& key) {
  bool off = check.is(key.name, false);
  if (off) return;
  for (const std::string& wanted : key.requires_keys) {
    // the connection rules say what is to be said about the credential's kind
    if (holds(check, wanted) || wanted.starts_with("inferenceCredentialKind=")) continue;
    check.add(key.section == "Connection" ? Severity::kError : Severity::kWarning, "key.requires",
              key.name, fmt::format("it has no effect without {}", wanted),
              fmt::format("set {}, or remove this key", wanted));
    break;
  }
  for (const std::string& other : key.conflicts) {
    if (!holds(check, other) || key.section == "Connection") continue;
    check.error("key.conflict", key.name, fmt::format("it cannot stand together with {}", other),
                "keep one of the two");
    break;
  }
}

}  // namespace

bool Check::older_than(std::string_view version) const {
  auto wanted = parse_version(version);
  return options_.oldest_app && wanted && *options_.oldest_app < *wanted;
}

std::string_view member_text(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

bool contains_word(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

void check_keys(Check& check) {
  std::string_view provider = check.provider();
  const Key* providers = Catalogue::builtin().find("inferenceProvider");
  bool provider_known = providers != nullptr &&
                        std::find(providers->enum_values.begin(), providers->enum_values.end(),
                                  provider) != providers->enum_values.end();
  for (const auto& [name, value] : ordered(check.values())) {
    const Key* key = Catalogue::builtin().find(name);
    if (key == nullptr) {
      check_unknown(check, name);
      continue;
    }
    check_status(check, *key);
    check_version(check, *key);
    if (key->scope == Scope::kStandard) {
      check.warning("key.standard_only", key->name,
                    "the app honours this key in standard (claude.ai) deployments alone",
                    "remove it from a third-party profile");
    }
    if (provider_known && !key->has_effect_for(provider)) {
      check.warning("key.no_effect", key->name,
                    fmt::format("it belongs to provider {} and has no effect with {}",
                                fmt::join(key->providers, " or "), provider),
                    "remove it");
      continue;
    }
    check_companions(check, *key);
  }
}

}  // namespace sallyport::profile
