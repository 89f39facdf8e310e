// Replaces parts of a text without copying it: the result is a list of views for a gathering write.
// Pure. The text, the replacements and the splices outlive the pieces.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/few.h"
#include "upstream/provider.h"

namespace sallyport::gateway {

using Splice = upstream::BodyEdit;

struct Pieces {
  Few<std::string_view, 5> views;
  std::size_t length = 0;  ///< of all views together
};

/// `splices` are sorted by offset, do not overlap and lie inside `text`.
[[nodiscard]] Pieces splice(std::string_view text, std::span<const Splice> splices);

}  // namespace sallyport::gateway
