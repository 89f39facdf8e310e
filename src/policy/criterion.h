// A criterion: one question that a decision asks, with the reason for which it refuses. One file
// each in criteria/, one row in the table of criteria.cc; they are asked in the table's order.
// Pure: they look at the question alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "identity/principal.h"
#include "policy/request_facts.h"
#include "policy/snapshot.h"

namespace sallyport::policy {

struct Question {
  const identity::Principal& person;
  const RequestFacts& facts;
  const Snapshot& snapshot;
  /// Of facts.body.models, in their order. Null: none of that id is offered, which the first
  /// criterion refuses; those behind it meet no null.
  std::span<const Model* const> models;
};

/// What did not hold, for the record.
struct Finding {
  std::string_view claim;  ///< what was looked at: "model"
  std::string expected;
  std::string got;
  std::string sentence{};  ///< for the person, in place of the row's; empty: that one
};

struct Criterion {
  std::string_view reason;  ///< stable code: "model.not_configured"
  int status;               ///< that the person gets
  std::string_view sentence;
  std::optional<Finding> (*ask)(const Question& question);  ///< nothing: it holds
};

/// The table.
[[nodiscard]] std::span<const Criterion> criteria();

}  // namespace sallyport::policy
