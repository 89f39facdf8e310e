// The types of values: how a text becomes a value, what a person is told when it cannot, and what
// the reference page says about it. A table, one row a type. Pure, any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/configuration.h"

namespace sallyport::config {

struct Row;

enum class Type {
  kWord,    ///< no white space
  kText,    ///< one line
  kName,    ///< of ours, for records and other keys
  kChoice,  ///< one of the row's choices
  kNumber,
  kDuration,
  kSync,        ///< a duration or `each`
  kAddress,     ///< IP literal and port
  kNetwork,     ///< IP literal or CIDR
  kServiceUrl,  ///< https, or http on a loopback literal; no query
  kProxyUrl,
  kPath,          ///< a file or folder that need not exist yet
  kReadableFile,  ///< a file that must be readable now
  kSocketPath,
  kStore,
  kSecret,  ///< ${env:NAME}, ${file:PATH} or the text itself
  kHeaderName,
  kResource,   ///< the name of a Foundry resource
  kRegion,     ///< of AWS
  kModelName,  ///< a model id or deployment: goes into JSON and paths as it is
};

/// A value after its check. Which member counts follows from the type.
struct Value {
  std::string text;
  std::string name;  ///< of a word pair
  std::int64_t number = 0;
  std::chrono::milliseconds duration{};
  Address address;
  std::shared_ptr<const Secret> secret;
  std::string source;  ///< of a secret: "file /etc/...", "variable NAME", ...
};

/// Why a text is not a value of its type.
struct Complaint {
  std::string_view code;
  std::string message;
  std::string next_step;
  std::string nearest = {};
};
using Parsed = std::expected<Value, Complaint>;

struct TypeRow {
  Type type;
  std::string_view name;    ///< in the reference page: "duration"
  std::string_view syntax;  ///< one sentence with an example
  /// nullptr for kSecret, which needs the environment (secret_reference.h).
  Parsed (*parse)(std::string_view text, const Row& row);
};

[[nodiscard]] std::span<const TypeRow> value_types();
[[nodiscard]] const TypeRow& type_row(Type type);

}  // namespace sallyport::config
