// The shape of what the API takes and gives, as data: a request's body and query are read by it,
// the OpenAPI document is written from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sallyport::admin {

enum class FieldType : std::uint8_t {
  kText,
  kTexts,    ///< a list of texts
  kTime,     ///< RFC 3339 in UTC
  kNumber,   ///< a whole number from 0
  kBoolean,  ///< in a query `true` or `false`
  kObject,   ///< with the fields of `of`; none: any
  kObjects,  ///< a list of these
};

enum class Need : std::uint8_t { kOptional, kRequired };

struct Field {
  /// There is no default: a field says what it is.
  constexpr Field(std::string_view its_name, FieldType its_type, Need its_need,
                  std::string_view its_summary, std::span<const Field> its_fields = {},
                  std::string_view its_choices = {})
      : name(its_name),
        type(its_type),
        need(its_need),
        summary(its_summary),
        of(its_fields),
        choices(its_choices) {}

  std::string_view name;
  FieldType type;
  Need need;
  std::string_view summary;
  std::span<const Field> of;
  std::string_view choices;  ///< "a|b|c", of a text that has no other values
};
using FieldList = std::span<const Field>;

}  // namespace sallyport::admin
