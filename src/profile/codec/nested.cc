#include "profile/codec/nested.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <map>
#include <set>

namespace sallyport::profile {
namespace {

// Paths, and the objects that lie on the way to one.
struct Paths {
  std::map<std::string, std::vector<const Key*>, std::less<>> keys;
  std::map<std::string, const Key*, std::less<>> former;
  std::set<std::string, std::less<>> clusters;

  void add_clusters(const std::string& path) {
    for (auto dot = path.find('.'); dot != std::string::npos; dot = path.find('.', dot + 1)) {
      clusters.insert(path.substr(0, dot));
    }
  }
};

const Paths& paths() {
  static const Paths built = [] {
    Paths made;
    for (const Key& key : Catalogue::builtin().keys()) {
      if (key.nested_path.empty()) continue;
      made.keys[key.nested_path].push_back(&key);
      made.add_clusters(key.nested_path);
      for (const std::string& path : key.former_paths) {
        made.former.emplace(path, &key);
        made.add_clusters(path);
      }
    }
    return made;
  }();
  return built;
}

std::string_view text_of(const json::value* value) {
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view();
}

struct Choice {
  std::string_view provider, kind;
};

// Which key a path stands for. With kind external-idp the identity-provider keys are meant.
const Key* chosen(const std::vector<const Key*>& candidates, const Choice& choice) {
  if (candidates.size() == 1) return candidates.front();
  const Key* first = nullptr;
  for (const Key* key : candidates) {
    bool for_idp = key->group == "Identity provider";
    if (for_idp != (choice.kind == "external-idp")) continue;
    if (key->has_effect_for(choice.provider)) return key;
    if (first == nullptr) first = key;
  }
  // an unknown provider: the confirmed reading, which is the gateway's
  if (!choice.provider.empty()) return first;
  for (const Key* key : candidates) {
    if (key->has_effect_for("gateway")) return key;
  }
  return first;
}

void put(json::object& root, std::string_view path, const json::value& value) {
  json::object* at = &root;
  while (true) {
    auto dot = path.find('.');
    if (dot == std::string_view::npos) break;
    json::value& next = (*at)[path.substr(0, dot)];
    if (!next.is_object()) next.emplace_object();
    at = &next.get_object();
    path.remove_prefix(dot + 1);
  }
  (*at)[path] = value;
}

// Deeper than any path of the app: such a name stays as it is, or the document could not be read.
constexpr std::ptrdiff_t kDeepestPath = 16;

bool lies_in_cluster(std::string_view name) {
  if (std::ranges::count(name, '.') > kDeepestPath) return false;
  auto dot = name.find('.');
  return dot != std::string_view::npos && paths().clusters.contains(name.substr(0, dot)) &&
         !paths().keys.contains(name) && !paths().former.contains(name);
}

void read_members(const json::object& object, const std::string& prefix, const Choice& choice,
                  json::object& into) {
  for (const auto& member : object) {
    std::string path =
        prefix.empty() ? std::string(member.key()) : prefix + std::string(member.key());
    auto known = paths().keys.find(path);
    const Key* key = known == paths().keys.end() ? nullptr : chosen(known->second, choice);
    auto former = paths().former.find(path);
    if (key == nullptr && former != paths().former.end()) key = former->second;
    if (key != nullptr) {
      into[key->name] = typed_value(key, member.value());
    } else if (paths().clusters.contains(path) && member.value().is_object()) {
      read_members(member.value().get_object(), path + ".", choice, into);
    } else {
      const Key* flat = Catalogue::builtin().find(path);
      into[path] = typed_value(flat, member.value());
    }
  }
}

}  // namespace

bool is_nested(const json::object& document) {
  if (const json::value* version = document.if_contains("$schemaVersion")) {
    return *version == json::value(2);
  }
  for (const auto& member : document) {
    if (member.value().is_object() && paths().clusters.contains(member.key())) return true;
  }
  return false;
}

json::object to_nested(const json::object& values, Findings& notes) {
  Choice choice{text_of(values.if_contains("inferenceProvider")),
                text_of(values.if_contains("inferenceCredentialKind"))};
  json::object root;
  root["$schemaVersion"] = 2;
  for (const auto& member : values) {
    const Key* key = Catalogue::builtin().find(member.key());
    if (key == nullptr && lies_in_cluster(member.key())) {
      put(root, member.key(), member.value());
      continue;
    }
    bool usable = key != nullptr && !key->nested_path.empty() &&
                  chosen(paths().keys.find(key->nested_path)->second, choice) == key;
    if (usable) {
      put(root, key->nested_path, member.value());
      if (!key->nested_path_confirmed) {
        notes.push_back({"nested.unconfirmed", Severity::kWarning, key->name,
                         fmt::format("its place in the nested form, {}, is inferred and not "
                                     "confirmed by any document",
                                     key->nested_path),
                         "try it on one device, or export the flat form"});
      }
      continue;
    }
    root[member.key()] = member.value();
    notes.push_back({"nested.no_place", Severity::kWarning, std::string(member.key()),
                     "no place in the nested form is known for it with this provider, so it stands "
                     "at the top under its flat name, where the app may drop it",
                     "export the flat form if the fleet needs this key"});
  }
  return root;
}

json::object from_nested(const json::object& document) {
  json::object values;
  Choice choice;
  if (const json::value* cluster = document.if_contains("inference");
      cluster != nullptr && cluster->is_object()) {
    const json::object& inference = cluster->get_object();
    choice.provider = text_of(inference.if_contains("provider"));
    if (const json::value* credential = inference.if_contains("credential");
        credential != nullptr && credential->is_object()) {
      choice.kind = text_of(credential->get_object().if_contains("kind"));
    }
  }
  if (choice.provider.empty()) choice.provider = text_of(document.if_contains("inferenceProvider"));
  if (choice.kind.empty()) choice.kind = text_of(document.if_contains("inferenceCredentialKind"));
  json::object rest = document;
  rest.erase("$schemaVersion");
  rest.erase("expiresAt");
  read_members(rest, "", choice, values);
  return values;
}

}  // namespace sallyport::profile
