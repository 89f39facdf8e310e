#include "config/effective.h"

#include <fmt/format.h>

#include <map>

#include "config/schema.h"

namespace sallyport::config {
namespace {

std::string below(const std::string& key, std::string_view name) {
  return key.empty() ? std::string(name) : fmt::format("{}.{}", key, name);
}

// Goes along the table as config/reader does, over what it kept.
class Walk {
 public:
  Walk(const Configuration& configuration, std::vector<EffectiveKey>& keys)
      : configuration_(configuration), keys_(keys) {}

  /// `given`: the file has this block.
  void mapping(std::string_view parent, const std::string& key, bool given) {
    for (const Row& row : schema()) {
      if (row.parent() != parent || row.presence == Presence::kLater) continue;
      // What a block needs is nothing where there is no block.
      if (!given && row.presence == Presence::kRequired) continue;
      one(row, below(key, row.name()));
    }
  }

 private:
  void one(const Row& row, const std::string& key) {
    switch (row.shape) {
      case Shape::kOne:
        return value(row, key);
      case Shape::kList:
        return list(row, key);
      case Shape::kBlock:
        return block(row, key);
      case Shape::kBlocks:
        return blocks(row, key);
      case Shape::kWordPairs:
        return word_pairs(row, key);
    }
  }

  [[nodiscard]] bool given(const std::string& key) const {
    return configuration_.places.contains(key);
  }

  EffectiveKey& add(const Row& row, const std::string& key) {
    auto& made = keys_.emplace_back();
    made.key = key;
    made.is_secret = row.type == Type::kSecret;
    auto place = configuration_.places.find(key);
    made.is_default = place == configuration_.places.end();
    if (made.is_default) {
      made.note = row.fallback_note;
    } else {
      made.place = place->second;
    }
    return made;
  }

  void take_text(const std::string& key, EffectiveKey& made) const {
    auto text = configuration_.texts.find(key);
    if (text != configuration_.texts.end()) made.values.push_back(text->second);
  }

  void value(const Row& row, const std::string& key) {
    auto& made = add(row, key);
    take_text(key, made);
    if (made.is_default && !row.fallback.empty()) made.values.emplace_back(row.fallback);
  }

  void list(const Row& row, const std::string& key) {
    auto& made = add(row, key);
    made.is_list = true;
    for (std::size_t i = 0; given(fmt::format("{}[{}]", key, i)); ++i) {
      take_text(fmt::format("{}[{}]", key, i), made);
    }
    if (made.is_default && !row.fallback.empty()) made.values.emplace_back(row.fallback);
  }

  void block(const Row& row, const std::string& key) {
    const bool there = given(key);
    if (!there) {
      add(row, key);
      // It is nothing without being there.
      if (row.store != nullptr) return;
    }
    mapping(row.path, key, there);
  }

  void blocks(const Row& row, const std::string& key) {
    if (!given(key)) add(row, key);
    const auto inside = fmt::format("{}[]", row.path);
    for (std::size_t i = 0; given(fmt::format("{}[{}]", key, i)); ++i) {
      mapping(inside, fmt::format("{}[{}]", key, i), true);
    }
  }

  void word_pairs(const Row& row, const std::string& key) {
    if (!given(key)) add(row, key);
    const auto start = key + ".";
    for (auto pair = configuration_.places.lower_bound(start);
         pair != configuration_.places.end() && pair->first.starts_with(start); ++pair) {
      take_text(pair->first, add(row, pair->first));
    }
  }

  const Configuration& configuration_;
  std::vector<EffectiveKey>& keys_;
};

}  // namespace

std::vector<EffectiveKey> effective_keys(const Configuration& configuration) {
  std::vector<EffectiveKey> keys;
  Walk(configuration, keys).mapping("", "", true);
  return keys;
}

std::vector<KeyChange> changed_keys(const Configuration& before, const Configuration& after) {
  std::map<std::string, std::string> old;
  for (const auto& key : effective_keys(before)) {
    old[key.key] = fmt::format("{}", fmt::join(key.values, ", "));
  }
  std::vector<KeyChange> changes;
  for (const auto& key : effective_keys(after)) {
    auto now = fmt::format("{}", fmt::join(key.values, ", "));
    auto was = old.extract(key.key);
    auto text = was.empty() ? std::string() : std::move(was.mapped());
    if (text != now) changes.push_back({key.key, std::move(text), std::move(now)});
  }
  for (auto& [key, text] : old) {
    if (!text.empty()) changes.push_back({key, std::move(text), {}});
  }
  return changes;
}

}  // namespace sallyport::config
