// Reads from a request body what the gateway acts upon, and holds the whole body to strict UTF-8
// and RFC 8259, also where it acts upon nothing: what we check and what the provider reads must be
// the same text. Nothing is changed or copied but the facts.
//
//   auto facts = scan_body(body);
//   if (!facts) refuse(text_of(facts.error().reason), sentence(facts.error().reason));
//
// Which `model` members count: the top-level one (required), and every other `model` member with a
// text value, at any depth, that could select a model (`fallbacks[]`, tool definitions such as an
// advisor, `mcp_servers`, whatever comes), and text elements of `fallbacks`. Not those in places
// that hold other people's data: `messages[].content`, `system`, `metadata`, `tags`, the
// `input_schema` and `input_examples` of an element of any `tools` array, and the `schema` in
// `output_config.format` and `output_format`.
//
// A key counts by its decoded text ("mod\u0065l" is `model`). Two members of one name in one
// object, where we act upon that name, are a fault: parsers disagree about which one wins. So is
// "Model" or "MODEL" where `model` would count: some parsers ignore case.
// Keys: model, stream, max_tokens, metadata, metadata.user_id, tools, tools[].name, fallbacks.
// `null` counts as absent except for the top-level model. Escapes of lone surrogates pass.
//
// Pure, thread-safe. Bounds: depth 512, 100 models, 64 tool names, texts that are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "policy/request_facts.h"

namespace sallyport::gateway {

inline constexpr std::size_t kMaxDepth = 512;
inline constexpr std::size_t kMaxModels = 100;
inline constexpr std::size_t kMaxModelName = 256;  ///< longer: fault, no model has such a name
inline constexpr std::size_t kMaxUserId = 1024;    ///< longer: cut at a character
inline constexpr std::size_t kMaxToolNames = 64;
inline constexpr std::size_t kMaxToolName = 128;  ///< longer: cut at a character

enum class BodyReason {
  kInvalidJson,
  kNotUtf8,
  kNotAnObject,
  kTooDeep,
  kDuplicateKey,
  kAmbiguousKey,
  kModelMissing,
  kModelNotText,
  kModelTooLong,
  kTooManyModels,
  kWrongType,
};

struct BodyFault {
  BodyReason reason = BodyReason::kInvalidJson;
  std::size_t offset = 0;  ///< where in the body
};

[[nodiscard]] std::expected<policy::BodyFacts, BodyFault> scan_body(std::string_view body);

/// Stable: body.invalid_json, body.duplicate_key, ...
[[nodiscard]] std::string_view text_of(BodyReason reason);
/// For the person who sent it; holds nothing of the body.
[[nodiscard]] std::string_view sentence(BodyReason reason);

}  // namespace sallyport::gateway
