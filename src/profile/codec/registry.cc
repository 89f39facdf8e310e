// .reg with the values of HKLM or HKCU\SOFTWARE\Policies\Claude (facts: desktop-config 4).
#include <fmt/format.h>

#include "profile/codec/formats.h"
#include "profile/codec/registry_text.h"

namespace sallyport::profile {
namespace {

std::string policy_path(bool per_user) {
  return fmt::format("{}\\{}", per_user ? "HKEY_CURRENT_USER" : "HKEY_LOCAL_MACHINE", kPolicyPath);
}

// What the app can and cannot see of one value.
void take_value(const RegistryValue& value, Decoded& into) {
  using Kind = RegistryValue::Kind;
  auto note = [&](std::string_view code, std::string why, std::string next) {
    into.notes.push_back({code, Severity::kWarning, value.name.empty() ? "(default)" : value.name,
                          fmt::format("line {}: {}", value.line, why), std::move(next)});
  };
  if (value.kind == Kind::kRemoved) return;
  if (value.name.empty()) {
    note("reg.default_value",
         "the key's unnamed value is no setting, yet it makes the policy "
         "count as present",
         "remove it");
    return;
  }
  if (value.kind == Kind::kDword) {
    const Key* key = Catalogue::builtin().find(value.name);
    into.values[value.name] =
        typed_value(key, json::value(static_cast<std::int64_t>(value.number)));
    return;
  }
  if (value.kind == Kind::kExpandText) {
    note("reg.expand_text", "REG_EXPAND_SZ counts as present, but the app cannot read its content",
         "write it as REG_SZ");
    return;
  }
  if (value.kind != Kind::kText) {
    note("reg.invisible_kind",
         fmt::format("{} is invisible to the app", registry_kind_text(value.kind)),
         "write it as REG_SZ");
    return;
  }
  into.values[value.name] =
      typed_value(Catalogue::builtin().find(value.name), json::value(value.text));
}

Result<Encoded> encode_registry(const Profile& profile, const EncodeOptions& options) {
  if (auto clean = refuse_same_name(profile.values); !clean) {
    return std::unexpected(std::move(clean.error()));
  }
  RegistryKey key;
  key.path = policy_path(options.per_user);
  for (const auto& [name, value] : ordered(profile.values)) {
    RegistryValue entry;
    entry.name = name;
    if (options.removal) {
      entry.kind = RegistryValue::Kind::kRemoved;
    } else {
      entry.text = portable_text(*value);
    }
    key.values.push_back(std::move(entry));
  }
  return Encoded{{{std::string(format::kRegistry.file_name), print_registry_text({key})}}, {}};
}

Result<Decoded> decode_registry(std::string_view bytes) {
  auto keys = parse_registry_text(bytes);
  if (!keys) return std::unexpected(std::move(keys.error()));
  Decoded machine, user;
  bool found = false, found_user = false;
  for (const RegistryKey& key : *keys) {
    bool is_machine = same_registry_path(key.path, policy_path(false));
    bool is_user = same_registry_path(key.path, policy_path(true));
    if ((is_machine || is_user) && !key.removed) {
      found = found || is_machine;
      found_user = found_user || is_user;
      for (const RegistryValue& value : key.values) take_value(value, is_machine ? machine : user);
      continue;
    }
    std::string under = policy_path(false) + "\\";
    std::string under_user = policy_path(true) + "\\";
    if (same_registry_path(std::string_view(key.path).substr(0, under.size()), under) ||
        same_registry_path(std::string_view(key.path).substr(0, under_user.size()), under_user)) {
      machine.notes.push_back(
          {"reg.subkey", Severity::kWarning, "",
           fmt::format("line {}: the app never reads the subkey {}", key.line, key.path),
           "put the values directly under SOFTWARE\\Policies\\Claude"});
    }
  }
  if (!found && !found_user) {
    return fail(
        "decode.foreign",
        fmt::format("the file has no key HKEY_LOCAL_MACHINE\\{} and none of the user", kPolicyPath),
        "export that key");
  }
  if (found && found_user) {
    machine.notes.push_back({"reg.both_hives", Severity::kWarning, "",
                             "the file holds HKEY_LOCAL_MACHINE and HKEY_CURRENT_USER; from app "
                             "1.19367 the user's hive is dead as soon as the machine's holds "
                             "anything, and it was left out here",
                             "keep one of the two"});
  }
  if (!found) {
    for (auto& note : user.notes) machine.notes.push_back(std::move(note));
    machine.values = std::move(user.values);
  }
  return machine;
}

Likeness likeness(const Sample& sample) {
  bool utf16 = sample.bytes.starts_with("\xff\xfe");
  return utf16 || sample.text.starts_with("Windows Registry Editor") ? Likeness::kCertain
                                                                     : Likeness::kNone;
}

}  // namespace

constinit const Format format::kRegistry{
    .name = "reg",
    .title = "Windows registration file",
    .file_name = "claude-desktop.reg",
    .file_ending = ".reg",
    .platform = Platform::kWindows,
    .encoder = encode_registry,
    .decoder = decode_registry,
    .likeness = likeness,
};

}  // namespace sallyport::profile
