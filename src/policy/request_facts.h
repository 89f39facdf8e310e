// What a request asks for, as far as a decision may depend on it: a plain struct that whoever reads
// requests fills (gateway/body_scanner). Values only; whoever decides looks at nothing else of the
// request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/few.h"

namespace sallyport::policy {

/// A place in the body that selects a model.
struct ModelUse {
  std::size_t offset = 0;  ///< of the opening quote of the value
  std::size_t length = 0;  ///< with both quotes
  std::string name;        ///< decoded
  bool top_level = false;
};

struct RequestFacts {
  std::string model;        ///< the top-level one, decoded
  Few<ModelUse, 1> models;  ///< all, in the order of the body, the top-level one among them
  bool stream = false;
  std::optional<std::uint64_t> max_tokens;
  std::string user_id;                  ///< metadata.user_id, cut at a bound of the reader's
  std::vector<std::string> tool_names;  ///< the first ones, cut likewise
  std::size_t tools = 0;                ///< elements of the top-level `tools`
};

}  // namespace sallyport::policy
