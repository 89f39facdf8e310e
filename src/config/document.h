// YAML as a tree with places, in the narrow form that a configuration needs: one document, text
// keys that differ, no anchors, aliases, merge keys or tags, bounded in size, depth and number of
// values. Built on yaml-cpp's events, since its own tree silently drops duplicate keys and expands
// aliases. A pure parser: bytes in, tree and findings out; never throws; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"
#include "config/finding.h"

namespace sallyport::config {

inline constexpr int kMaxDepth = 16;
inline constexpr std::size_t kMaxValues = 20'000;

struct Member;

/// One value. Its text may be a secret that somebody wrote into the file, so it is wiped.
struct Node {
  enum class Kind { kNothing, kText, kList, kMapping };

  Node() = default;
  Node(Node&& other) noexcept;
  Node& operator=(Node&& other) noexcept;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;
  ~Node();

  Kind kind = Kind::kNothing;
  Place place;
  std::string text;
  bool quoted = false;          ///< "5" is text, 5 may be a number
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of a mapping, in file order, names differ
};

struct Member {
  std::string name;
  Place place;  ///< of the name
  Node value;
};

struct Document {
  Node root;          ///< as far as it could be read
  bool whole = true;  ///< false: the text could not be read to its end; `findings` says why
  Findings findings;  ///< without file names
};

[[nodiscard]] Document parse_document(std::string_view bytes);

}  // namespace sallyport::config
