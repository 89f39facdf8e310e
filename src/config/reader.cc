#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/nearest.h"
#include "config/instance.h"
#include "config/secret_reference.h"
#include "config/syntax.h"

namespace sallyport::config {
namespace {

constexpr std::size_t kMaxSocketPath = 107;  // sockaddr_un::sun_path without its final zero

bool is_path(Type type) {
  return type == Type::kPath || type == Type::kReadableFile || type == Type::kSocketPath ||
         type == Type::kStore;
}

std::string below(const std::string& key, std::string_view name) {
  return key.empty() ? std::string(name) : fmt::format("{}.{}", key, name);
}

bool holds_secret(std::string_view parent) {
  return std::ranges::any_of(schema(), [&](const Row& row) {
    return row.parent() == parent && row.type == Type::kSecret;
  });
}

std::string_view expected_shape(Shape shape) {
  switch (shape) {
    case Shape::kOne:
      return "one value";
    case Shape::kList:
      return "a list";
    case Shape::kBlocks:
      return "a list of blocks";
    case Shape::kBlock:
    case Shape::kWordPairs:
      return "a block of keys";
  }
  return {};
}

std::string_view found_shape(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::kNothing:
      return "nothing";
    case Node::Kind::kText:
      return "one value";
    case Node::Kind::kList:
      return "a list";
    case Node::Kind::kMapping:
      return "a block of keys";
  }
  return {};
}

std::string how_to_write(const Row& row) {
  switch (row.shape) {
    case Shape::kOne:
      return fmt::format("write `{}: VALUE`", row.name());
    case Shape::kList:
      return fmt::format("write `{}: [VALUE, ...]`", row.name());
    case Shape::kBlocks:
      return fmt::format("start each entry below `{}:` with `- `", row.name());
    case Shape::kBlock:
      return fmt::format("write its keys below `{}:`, indented", row.name());
    case Shape::kWordPairs:
      return fmt::format("write `{}: {{NAME: VALUE}}`", row.name());
  }
  return {};
}

Report::Words words(Complaint complaint) {
  return {complaint.code, std::move(complaint.message), std::move(complaint.next_step),
          std::move(complaint.nearest)};
}

}  // namespace

void Reader::read(const Node& root) {
  if (root.kind != Node::Kind::kMapping) {
    report_.error("", root.place,
                  {"config.wrong_shape",
                   fmt::format("the file holds {}, not a block of keys", found_shape(root.kind)),
                   "start from packaging/sallyport.example.yaml"});
    return;
  }
  mapping(root, "", "");
}

void Reader::mapping(const Node& node, std::string_view parent, const std::string& key) {
  for (const auto& member : node.members) {
    bool known = std::ranges::any_of(schema(), [&](const Row& row) {
      return row.parent() == parent && row.name() == member.name;
    });
    if (!known) unknown(member, parent, key);
  }
  // In the table's order, so that what a key builds on is there before it.
  for (const Row& row : schema()) {
    if (row.parent() != parent) continue;
    auto member = std::ranges::find(node.members, row.name(), &Member::name);
    auto child = below(key, row.name());
    if (member == node.members.end()) {
      absent(row, child, node.place);
      continue;
    }
    if (row.presence == Presence::kLater) {
      report_.error(child, member->place,
                    {"config.not_in_this_version", "this key is not in this version",
                     "take it away; the reference page lists what there is"});
      continue;
    }
    draft_.configuration.places[child] = member->place;
    present(row, member->value, child);
  }
}

void Reader::unknown(const Member& member, std::string_view parent, const std::string& key) {
  std::vector<std::string_view> siblings;
  std::string_view elsewhere;
  for (const Row& row : schema()) {
    if (row.parent() == parent && row.presence != Presence::kLater) siblings.push_back(row.name());
    if (row.parent() != parent && row.name() == member.name) elsewhere = row.path;
  }
  std::string nearest(nearest_name(member.name, siblings));
  Report::Words said{"config.unknown_key", "this key is not known", {}, nearest};
  if (member.name == "<<") {
    said.message = "merge keys (<<) are not read here";
    said.next_step = "write the values out";
  } else if (nearest.empty() && !elsewhere.empty()) {
    said.next_step = fmt::format("`{}` belongs to {}", member.name, elsewhere);
  } else if (nearest.empty()) {
    said.next_step = fmt::format("take it away; known here: {}", fmt::join(siblings, ", "));
  }
  // What was meant is not missing as well: one slip, one finding.
  if (!nearest.empty()) draft_.broken.insert(below(key, nearest));
  // Beside a secret, a wrong key may be the secret itself, as in `credential: {sk-...}`.
  bool shy = holds_secret(parent) && nearest.empty() && elsewhere.empty();
  report_.error(shy ? key : below(key, shown(member.name)), member.place, std::move(said));
}

void Reader::absent(const Row& row, const std::string& key, Place block) {
  if (draft_.broken.contains(key)) return;
  if (row.presence == Presence::kRequired) {
    auto next_step = row.shape == Shape::kOne
                         ? fmt::format("write `{}: VALUE`: {}", row.name(), row.summary)
                         : how_to_write(row);
    report_.error(key, block, {"config.missing_key", "this key is missing", std::move(next_step)});
  } else if (row.shape == Shape::kBlock && row.store == nullptr) {
    defaults(row.path);
  } else if (!row.fallback.empty() && row.presence == Presence::kOptional) {
    fall_back(row, key, block);
  }
}

void Reader::fall_back(const Row& row, const std::string& key, Place block) {
  const std::string& instance = draft_.configuration.instance;
  const std::string text = with_instance(row.fallback, instance);
  if (instance.empty() && text != row.fallback) {
    report_.error(
        key, block,
        {"config.instance_name", "this key has no default, since the file's name is no instance's",
         fmt::format("write `{}: PATH`, or rename the file: NAME.yaml with small letters, "
                     "digits and `-`, at most 32",
                     row.name())});
    return;
  }
  value(row, text, {}, key);
}

// A block that is left out still has its keys' defaults. (One with `store` is nothing without
// being there.)
void Reader::defaults(std::string_view parent) {
  for (const Row& row : schema()) {
    if (row.parent() != parent || row.presence == Presence::kRequired) continue;
    absent(row, std::string(row.path), {});
  }
}

void Reader::present(const Row& row, const Node& node, const std::string& key) {
  if (node.kind == Node::Kind::kNothing) {
    report_.error(key, node.place.line > 0 ? node.place : draft_.configuration.places[key],
                  {"config.no_value", "this key has no value",
                   fmt::format("{}, or take the key away", how_to_write(row))});
    return;
  }
  switch (row.shape) {
    case Shape::kOne:
      return one(row, node, key);
    case Shape::kList:
      return list(row, node, key);
    case Shape::kBlock:
      return block(row, node, key);
    case Shape::kBlocks:
      return blocks(row, node, key);
    case Shape::kWordPairs:
      return word_pairs(row, node, key);
  }
}

bool Reader::wrong_shape(const Row& row, const Node& node, const std::string& key) {
  auto right = row.shape == Shape::kOne                                   ? Node::Kind::kText
               : row.shape == Shape::kList || row.shape == Shape::kBlocks ? Node::Kind::kList
                                                                          : Node::Kind::kMapping;
  if (node.kind == right) return false;
  report_.error(
      key, node.place,
      {"config.wrong_shape",
       fmt::format("expected {}, found {}", expected_shape(row.shape), found_shape(node.kind)),
       how_to_write(row)});
  return true;
}

bool Reader::wrong_length(const Row& row, const Node& node, const std::string& key) {
  auto count = static_cast<std::int64_t>(node.items.size());
  if (count >= row.min && count <= row.max) return false;
  report_.error(key, node.place,
                {"config.list_length", fmt::format("the list has {} entries", count),
                 fmt::format("write {} to {}", row.min, row.max)});
  return true;
}

void Reader::one(const Row& row, const Node& node, const std::string& key) {
  if (!wrong_shape(row, node, key)) value(row, node.text, node.place, key);
}

void Reader::list(const Row& row, const Node& node, const std::string& key) {
  if (wrong_shape(row, node, key) || wrong_length(row, node, key)) return;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    auto item_key = fmt::format("{}[{}]", key, i);
    draft_.configuration.places[item_key] = item.place;
    if (item.kind != Node::Kind::kText) {
      report_.error(
          item_key, item.place,
          {"config.wrong_shape",
           fmt::format("expected one value, found {}", found_shape(item.kind)), how_to_write(row)});
    } else if (!seen.insert(item.text).second) {
      report_.error(item_key, item.place,
                    {"config.repeated_entry", "the same entry stands in this list twice",
                     "keep one of the two"});
    } else {
      value(row, item.text, item.place, item_key);
    }
  }
}

void Reader::block(const Row& row, const Node& node, const std::string& key) {
  if (wrong_shape(row, node, key)) return;
  Value nothing;
  if (row.store != nullptr) row.store(draft_, nothing);
  mapping(node, row.path, key);
}

void Reader::blocks(const Row& row, const Node& node, const std::string& key) {
  if (wrong_shape(row, node, key) || wrong_length(row, node, key)) return;
  auto inside = fmt::format("{}[]", row.path);
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const Node& item = node.items[i];
    auto item_key = fmt::format("{}[{}]", key, i);
    draft_.configuration.places[item_key] = item.place;
    Value nothing;
    row.store(draft_, nothing);
    if (item.kind == Node::Kind::kMapping) {
      mapping(item, inside, item_key);
      continue;
    }
    report_.error(item_key, item.place,
                  {"config.wrong_shape",
                   fmt::format("expected a block of keys, found {}", found_shape(item.kind)),
                   how_to_write(row)});
  }
}

void Reader::word_pairs(const Row& row, const Node& node, const std::string& key) {
  if (wrong_shape(row, node, key)) return;
  auto count = static_cast<std::int64_t>(node.members.size());
  if (count < row.min || count > row.max) {
    report_.error(
        key, node.place,
        {"config.list_length", fmt::format("the block has {} entries", count),
         row.max == 1 ? "write exactly one" : fmt::format("write {} to {}", row.min, row.max)});
    return;
  }
  for (const auto& member : node.members) {
    auto pair_key = below(key, shown(member.name));
    draft_.configuration.places[pair_key] = member.place;
    if (member.value.kind != Node::Kind::kText) {
      report_.error(pair_key, member.place,
                    {"config.wrong_shape",
                     fmt::format("expected one value, found {}", found_shape(member.value.kind)),
                     how_to_write(row)});
    } else {
      value(row, member.value.text, member.value.place, pair_key, member.name);
    }
  }
}

void Reader::value(const Row& row, std::string_view text, Place place, const std::string& key,
                   std::string name) {
  Parsed parsed;
  if (row.type == Type::kSecret) {
    auto read = read_secret(text, folder_, environment_);
    for (auto& warning : read.warnings) report_.warning(key, place, words(std::move(warning)));
    parsed = std::move(read.value);
  } else if (looks_like_reference(text)) {
    parsed = std::unexpected(Complaint{"config.reference_not_here",
                                       "only secrets are read from variables and files",
                                       "write the value itself, so that the file says what runs"});
  } else {
    parsed = type_row(row.type).parse(text, row);
  }
  if (parsed && is_path(row.type)) {
    auto& path = parsed->text;
    path = (folder_ / path).lexically_normal();
    if (row.type == Type::kSocketPath && path.size() > kMaxSocketPath) {
      parsed = std::unexpected(Complaint{
          "config.bad_value", fmt::format("the path has {} bytes", path.size()),
          fmt::format("a socket's path has at most {}: choose a shorter one", kMaxSocketPath)});
    }
  }
  if (!parsed) {
    // A key pasted one line off must not be shown.
    if (row.type != Type::kSecret && holds_secret(row.parent())) {
      parsed.error().message = "this value cannot stand here";
    }
    report_.error(key, place, words(std::move(parsed.error())));
    return;
  }
  if (place.line > 0) {  // the file has it: no default
    bool secret = row.type == Type::kSecret;
    draft_.configuration.texts[key] = secret ? parsed->source : std::string(text);
  }
  parsed->name = std::move(name);
  if (row.store != nullptr) row.store(draft_, *parsed);
}

}  // namespace sallyport::config
