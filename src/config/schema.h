// Every key of sallyport.yaml, one row each. The row gives a key its check, its default, the place
// that its value goes to, its near-miss hint and its line in the reference page; there is no other
// list of keys. How to add one: a row in its block's file in schema/, and a rule
// in rules.h if it depends on others.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "config/draft.h"
#include "config/value_types.h"

namespace sallyport::config {

enum class Shape {
  kOne,       ///< a value
  kList,      ///< a list of values
  kBlock,     ///< a mapping with the keys `path.*`
  kBlocks,    ///< a list of mappings with the keys `path[].*`
  kWordPairs  ///< a mapping whose names the administrator chooses
};

enum class Presence {
  kOptional,
  kRequired,  ///< in its block, where that is given
  kLater      ///< known, and refused as "not in this version"
};

/// What a reload does with a change of a key. There is no default, so that a row which does not say
/// it does not compile.
class Reload {
 public:
  using Show = std::string (*)(const Configuration& configuration);

  /// The running gateway takes the change over.
  static constexpr Reload applied() { return Reload(nullptr); }
  /// The reload is refused where what `show` says of the two configurations differs.
  static constexpr Reload restart(Show show) { return Reload(show); }

  [[nodiscard]] constexpr bool needs_restart() const { return show_ != nullptr; }
  /// Only where a restart is needed.
  [[nodiscard]] std::string show(const Configuration& configuration) const {
    return show_(configuration);
  }

 private:
  explicit constexpr Reload(Show show) : show_(show) {}
  Show show_;
};
inline constexpr Reload kApplied = Reload::applied();
static_assert(!std::is_default_constructible_v<Reload>);

struct Row {
  std::string_view path;  ///< `issuers[].require.scopes`
  Shape shape = Shape::kOne;
  Type type = Type::kWord;  ///< of the value or the values of a list
  Presence presence = Presence::kOptional;
  std::string_view fallback = {};       ///< the default, as it would stand in the file
  std::string_view fallback_note = {};  ///< what happens without the key, where no value says it
  std::int64_t min = 0;                 ///< of a number; milliseconds of a duration; list length
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  std::string_view choices = {};        ///< "a|b|c", for Type::kChoice
  std::string_view choices_later = {};  ///< known choices that this version refuses
  std::string_view summary;             ///< one sentence for the reference page
  Reload reload;                        ///< what a reload does with a change
  std::string_view since = "0.1";
  /// Writes a value (or one of a list) to the draft; for a block: it starts here.
  void (*store)(Draft& draft, Value& value) = nullptr;

  /// The last part of the path: `scopes`.
  [[nodiscard]] std::string_view name() const;
  /// The path of the keys' parent as the table writes it: `issuers[].require`; empty at the top.
  [[nodiscard]] std::string_view parent() const;
};

/// The table, in the order of the reference page: a block before its keys.
[[nodiscard]] std::span<const Row> schema();

}  // namespace sallyport::config
