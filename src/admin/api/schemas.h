// The shapes of the API by name, for the OpenAPI document and docs/api.md: each list of fields in
// the table has one name, however many routes have it. Two lists are one where they are the same
// array. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "admin/api/route.h"
#include "base/json_writer.h"

namespace sallyport::admin {

/// Who writes what a schema describes: a request has no other members than those named, an answer
/// may have more in a later version.
enum class Side : std::uint8_t { kRequest, kAnswer };

/// `postRevocationsIdLift`: the method, then the words of the pattern.
[[nodiscard]] std::string operation_id(const ApiRoute& route);

class ApiSchemas {
 public:
  struct Named {
    FieldList fields;
    Side side;
    std::string name;
    bool whole;  ///< a whole body or answer, no part of one
  };

  /// Parts are named by the field that first has them in the order of the table, whole bodies and
  /// answers by their first route.
  explicit ApiSchemas(std::span<const ApiRoute> routes);

  [[nodiscard]] const std::vector<Named>& all() const { return all_; }
  /// Of a list that a route of the table has.
  [[nodiscard]] const std::string& name_of(FieldList fields, Side side) const;
  /// Members of an object: `"$ref":"#/components/schemas/NAME"`; of no fields any object.
  void put_reference(JsonWriter& json, FieldList fields, Side side) const;
  /// Members of an object: the schema of one field's value.
  void put_value(JsonWriter& json, const Field& field, Side side) const;
  /// The members of `components.schemas`.
  void put_all(JsonWriter& json) const;

 private:
  [[nodiscard]] const Named* find(FieldList fields, Side side) const;
  void add(FieldList fields, Side side, std::string name, bool whole);
  void add_parts(FieldList fields, Side side, const std::string& owner);
  [[nodiscard]] std::string free_name(std::string wanted, const std::string& owner) const;
  std::vector<Named> all_;
};

}  // namespace sallyport::admin
