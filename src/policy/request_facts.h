// What a request is, as far as a decision may depend on it: plain structs that whoever reads
// requests fills (gateway/). Values only; whoever decides looks at nothing else of the request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/few.h"
#include "identity/failure_limiter.h"

namespace sallyport::policy {

/// A place in the body that selects a model.
struct ModelUse {
  std::size_t offset = 0;  ///< of the opening quote of the value
  std::size_t length = 0;  ///< with both quotes
  std::string name;        ///< decoded
  bool top_level = false;
};

/// What its body asks for (gateway/body_scanner).
struct BodyFacts {
  std::string model;        ///< the top-level one, decoded
  Few<ModelUse, 1> models;  ///< all, in the order of the body, the top-level one among them
  bool stream = false;
  std::optional<std::uint64_t> max_tokens;
  std::string user_id;                  ///< metadata.user_id, cut at a bound of the reader's
  std::vector<std::string> tool_names;  ///< the first ones, cut likewise
  std::size_t tools = 0;                ///< elements of the top-level `tools`
};

/// With what it was sent, as the client itself says: a decision may narrow by it and never let
/// anybody in. Views into the request's head.
struct ClientFacts {
  std::string_view program;  ///< User-Agent's product, or the whole
  std::string_view version;
  std::string_view surface;  ///< cli, sdk-cli, claude-vscode, claude-desktop-3p; empty: not said
};

struct RequestFacts {
  BodyFacts body;
  identity::SourceAddress source{};  ///< the address that counts
  ClientFacts client;
  WallTime time{};  ///< when its head was read
};

}  // namespace sallyport::policy
