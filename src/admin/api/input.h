// A request's query or body, read by the fields that its route names: what is not named there, has
// another type or stands twice is a problem with the place and the nearest right name.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "admin/api/field.h"
#include "admin/problem.h"
#include "base/clock.h"

namespace sallyport::admin {

inline constexpr std::size_t kMaxText = 1024;  ///< bytes of one text
inline constexpr std::size_t kMaxListLength = 1000;

/// Values by name. What is asked for by a name or type that the route does not have ends the
/// process: the table is the only truth.
class Input {
 public:
  using Texts = std::vector<std::string>;
  using Value = std::variant<std::string, Texts, std::uint64_t, bool, WallTime>;

  explicit Input(FieldList fields) : fields_(fields) {}

  [[nodiscard]] bool has(std::string_view name) const;
  /// Empty where it was left out.
  [[nodiscard]] const std::string& text(std::string_view name) const;
  [[nodiscard]] const Texts& texts(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
  [[nodiscard]] bool flag(std::string_view name) const;  ///< false where it was left out
  [[nodiscard]] std::optional<WallTime> time(std::string_view name) const;

  void set(std::string_view name, Value value) {
    values_.insert_or_assign(std::string(name), std::move(value));
  }

 private:
  [[nodiscard]] const Value* find(std::string_view name, FieldType type) const;
  FieldList fields_;
  std::map<std::string, Value, std::less<>> values_;
};

/// `text`: what follows the `?`. Errors: api.query (unknown, twice, wrong type, too long, not
/// UTF-8), with the pointer `?name`.
[[nodiscard]] std::expected<Input, Problem> read_query(FieldList fields, std::string_view text);

/// A JSON object (RFC 8259, no member twice). Errors: api.body, with a JSON pointer.
[[nodiscard]] std::expected<Input, Problem> read_body(FieldList fields, std::string_view json);

/// A time as the API and people write it: `2026-11-22T08:00:00Z`, with or without a fraction.
[[nodiscard]] std::optional<WallTime> read_time(std::string_view text);

/// Decodes %XX and nothing else; nothing where that is broken or not UTF-8.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace sallyport::admin
