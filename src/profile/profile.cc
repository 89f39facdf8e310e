#include "profile/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/encoding.h"
#include "base/nearest.h"

namespace sallyport::profile {
namespace {

constexpr std::size_t kLongestChain = 8;

std::unexpected<Error> wrong(std::string_view name, std::string message, std::string next = {}) {
  return fail("profile.invalid", fmt::format("profile {}: {}", name, message), std::move(next));
}

Result<void> read_member(Profile& profile, std::string_view name, const json::value& value) {
  auto text_into = [&](std::string& into) -> Result<void> {
    if (!value.is_string()) {
      return wrong(profile.name, fmt::format("\"{}\" is not a text", name));
    }
    into = value.get_string();
    return {};
  };
  if (name == "id") return text_into(profile.id);
  if (name == "description") return text_into(profile.description);
  if (name == "base") return text_into(profile.base);
  if (name == "sallyport") {
    if (value == json::value(1)) return {};
    return wrong(profile.name, "it is of a newer form than this program knows",
                 "use a newer sallyport");
  }
  if (name == "values") {
    if (!value.is_object()) return wrong(profile.name, "\"values\" is not an object");
    profile.values = value.get_object();
    return {};
  }
  if (name == "removed") {
    if (!value.is_array()) return wrong(profile.name, "\"removed\" is not a list");
    for (const json::value& item : value.get_array()) {
      if (!item.is_string()) return wrong(profile.name, "\"removed\" holds something but a text");
      profile.removed.emplace_back(item.get_string());
    }
    return {};
  }
  static const std::vector<std::string_view> kMembers{"sallyport", "id",     "description",
                                                      "base",      "values", "removed"};
  std::string next = "a configuration key belongs under \"values\"";
  if (auto near = nearest_name(name, kMembers); !near.empty()) {
    next = fmt::format("did you mean \"{}\"?", near);
  }
  return wrong(profile.name, fmt::format("unknown member \"{}\"", name), std::move(next));
}

}  // namespace

bool is_profile_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || !is_letter_or_digit(name.front())) return false;
  for (std::string_view ending : {".json", ".reg", ".plist", ".mobileconfig"}) {
    if (name.ends_with(ending)) return false;  // commands take such a word for a file
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
  });
}

std::string plain_name(std::string_view file_stem) {
  std::string name(file_stem.substr(0, 64));
  for (char& c : name) {
    if (!is_letter_or_digit(c) && c != '.' && c != '_' && c != '-') c = '-';
  }
  return name;
}

Result<Profile> parse_profile(std::string_view name, std::string_view text) {
  auto document = parse_json(text);
  if (!document) return fail(std::move(document.error()), fmt::format("in profile {}", name));
  if (!document->is_object()) return wrong(name, "the file does not hold a JSON object");
  Profile profile;
  profile.name = name;
  const json::object& root = document->get_object();
  if (!root.contains("values")) {
    return wrong(
        name, "the member \"values\" is missing",
        "a file that the app or another tool wrote is read with `sallyport profile import`");
  }
  for (const auto& member : root) {
    if (auto read = read_member(profile, member.key(), member.value()); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  if (!profile.base.empty() && !is_profile_name(profile.base)) {
    return wrong(name, fmt::format("\"{}\" is no name of a profile", profile.base));
  }
  return profile;
}

std::string print_profile(const Profile& profile) {
  json::object root;
  root["sallyport"] = 1;
  root["id"] = profile.id;
  if (!profile.description.empty()) root["description"] = profile.description;
  if (!profile.base.empty()) root["base"] = profile.base;
  root["values"] = profile.values;
  if (!profile.removed.empty()) {
    json::array removed;
    for (const std::string& key : profile.removed) removed.emplace_back(key);
    root["removed"] = std::move(removed);
  }
  return pretty_json(root);
}

void set_value(Profile& profile, std::string_view key, json::value value) {
  std::erase(profile.removed, key);
  profile.values[key] = std::move(value);
}

bool unset_value(Profile& profile, std::string_view key, bool base_has_it) {
  bool there = false;
  json::object kept;
  for (auto& member : profile.values) {
    if (member.key() == key) {
      there = true;
    } else {
      kept.emplace(member.key(), std::move(member.value()));
    }
  }
  profile.values = std::move(kept);
  bool already =
      std::find(profile.removed.begin(), profile.removed.end(), key) != profile.removed.end();
  if (base_has_it && !already) {
    profile.removed.emplace_back(key);
    there = true;
  }
  return there;
}

Profile overlay(const Profile& base, const Profile& variant) {
  Profile result = variant;
  result.base.clear();
  result.removed.clear();
  result.values.clear();
  for (const auto& member : base.values) {
    bool gone = std::find(variant.removed.begin(), variant.removed.end(), member.key()) !=
                variant.removed.end();
    if (!gone) result.values.emplace(member.key(), member.value());
  }
  for (const auto& member : variant.values) result.values[member.key()] = member.value();
  return result;
}

Result<Profile> flatten(const Profile& profile,
                        const std::function<Result<Profile>(std::string_view)>& load) {
  std::vector<Profile> chain{profile};
  while (!chain.back().base.empty()) {
    const std::string wanted = chain.back().base;
    bool circle = std::any_of(chain.begin(), chain.end(),
                              [&](const Profile& seen) { return seen.name == wanted; });
    if (circle || chain.size() == kLongestChain) {
      return fail("profile.base",
                  fmt::format("profile {}: its bases {} at {}", profile.name,
                              circle ? "form a circle" : "are too many", wanted),
                  "give one of them no base");
    }
    auto next = load(wanted);
    if (!next) {
      return fail(std::move(next.error()),
                  fmt::format("as the base of profile {}", chain.back().name));
    }
    chain.push_back(std::move(*next));
  }
  Profile result = chain.back();
  for (std::size_t i = chain.size() - 1; i-- > 0;) result = overlay(result, chain[i]);
  result.removed.clear();
  return result;
}

std::vector<std::pair<std::string_view, const json::value*>> ordered(const json::object& values) {
  std::vector<std::pair<std::string_view, const json::value*>> list;
  const Catalogue& catalogue = Catalogue::builtin();
  for (const Key& key : catalogue.keys()) {
    if (const json::value* value = values.if_contains(key.name)) list.emplace_back(key.name, value);
  }
  std::size_t known = list.size();
  for (const auto& member : values) {
    if (catalogue.find(member.key()) == nullptr) list.emplace_back(member.key(), &member.value());
  }
  std::sort(list.begin() + static_cast<std::ptrdiff_t>(known), list.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return list;
}

std::vector<Difference> differences(const json::object& before, const json::object& after) {
  std::vector<Difference> list;
  json::object all = before;
  for (const auto& member : after) all.emplace(member.key(), member.value());
  for (const auto& [name, unused] : ordered(all)) {
    const json::value* left = before.if_contains(name);
    const json::value* right = after.if_contains(name);
    const Key* key = Catalogue::builtin().find(name);
    if (left == nullptr) {
      list.push_back({Difference::Kind::kAdded, std::string(name), {}, *right});
    } else if (right == nullptr) {
      list.push_back({Difference::Kind::kRemoved, std::string(name), *left, {}});
    } else if (!same_value(key, *left, *right)) {
      list.push_back({Difference::Kind::kChanged, std::string(name), *left, *right});
    }
  }
  return list;
}

std::string derived_uuid(std::string_view id, std::string_view purpose) {
  Sha256 digest = sha256(fmt::format("sallyport\n{}\n{}", id, purpose));
  digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3f) | 0x80);
  std::string hex = to_hex(std::span(digest).first(16));
  for (std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace sallyport::profile
