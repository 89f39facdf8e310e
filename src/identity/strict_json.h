// JSON as tokens, key sets and discovery documents need it read: RFC 8259, strict UTF-8, no
// duplicate member anywhere, no NUL, bounded in every direction. A document in which a name stands
// twice means one thing to one reader and another to the next; here it is refused (RFC 8725 2.4).
//
//   auto document = StrictJson::parse(text, kTokenJson);
//   if (auto issuer = document->root().member("iss"); issuer && issuer->is_text()) ...
//
// Views into the text stay valid while both the text and the StrictJson live. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_reader.h"

namespace sallyport::identity {

enum class JsonFault : std::uint8_t {
  kSyntax,
  kEncoding,   ///< not UTF-8, a lone surrogate, a NUL
  kDuplicate,  ///< a member name twice in one object
  kTooDeep,
  kTooLarge,  ///< bytes, nodes or members of one object
};
[[nodiscard]] std::string_view describe(JsonFault fault);

struct JsonLimits {
  std::size_t bytes;
  std::size_t depth;
  std::size_t nodes;
  std::size_t members;  ///< of one object
};
inline constexpr JsonLimits kTokenJson{.bytes = 16384, .depth = 8, .nodes = 4096, .members = 256};
inline constexpr JsonLimits kDocumentJson{
    .bytes = 1 << 20, .depth = 16, .nodes = 65536, .members = 256};

class JsonView;

class StrictJson {
 public:
  StrictJson() = default;
  StrictJson(StrictJson&&) = default;
  StrictJson& operator=(StrictJson&&) = default;
  StrictJson(const StrictJson&) = delete;
  StrictJson& operator=(const StrictJson&) = delete;

  [[nodiscard]] static std::expected<StrictJson, JsonFault> parse(std::string_view text,
                                                                  const JsonLimits& limits);
  [[nodiscard]] JsonView root() const;

 private:
  friend class JsonView;
  class Builder;
  struct Node {
    std::string_view name;  ///< in its object, decoded
    std::string_view text;  ///< of a text, decoded; of a number, as written
    std::uint32_t end = 0;  ///< index after this node's subtree
    JsonKind kind = JsonKind::kNull;
  };
  std::vector<Node> nodes_;
  std::forward_list<std::string> decoded_;  ///< texts that had escapes; a list keeps them in place
};

/// One value of a document. Cheap to copy; valid while its StrictJson lives and is not moved.
class JsonView {
 public:
  JsonView(const StrictJson* document, std::uint32_t index) : document_(document), index_(index) {}

  [[nodiscard]] JsonKind kind() const { return node().kind; }
  [[nodiscard]] bool is_text() const { return kind() == JsonKind::kText; }
  [[nodiscard]] bool is_object() const { return kind() == JsonKind::kObject; }
  [[nodiscard]] bool is_array() const { return kind() == JsonKind::kArray; }
  [[nodiscard]] bool is_true() const { return kind() == JsonKind::kTrue; }
  /// A text's characters, a number's digits as they stood, else empty.
  [[nodiscard]] std::string_view text() const { return node().text; }
  [[nodiscard]] std::string_view name() const { return node().name; }
  /// A number's value rounded down, if it is one and lies within +-2^53.
  [[nodiscard]] std::optional<std::int64_t> whole_number() const;
  [[nodiscard]] std::optional<JsonView> member(std::string_view name) const;

  /// Elements of an array, or values of an object's members.
  class Iterator {
   public:
    Iterator(const StrictJson* document, std::uint32_t index)
        : document_(document), index_(index) {}
    JsonView operator*() const { return {document_, index_}; }
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const StrictJson* document_;
    std::uint32_t index_;
  };
  [[nodiscard]] Iterator begin() const { return {document_, index_ + 1}; }
  [[nodiscard]] Iterator end() const { return {document_, node().end}; }
  [[nodiscard]] bool empty() const { return node().end == index_ + 1; }

 private:
  [[nodiscard]] const StrictJson::Node& node() const { return document_->nodes_[index_]; }
  const StrictJson* document_;
  std::uint32_t index_;
};

}  // namespace sallyport::identity
