#include "gateway/splice.h"

#include "base/check.h"

namespace sallyport::gateway {

Pieces splice(std::string_view text, std::span<const Splice> splices) {
  Pieces pieces;
  pieces.views.reserve(splices.size() * 2 + 1);
  const auto add = [&pieces](std::string_view view) {
    if (view.empty()) return;
    pieces.views.push_back(view);
    pieces.length += view.size();
  };
  std::size_t done = 0;
  for (const Splice& one : splices) {
    SALLYPORT_CHECK(one.offset >= done && one.offset <= text.size());
    SALLYPORT_CHECK(one.length <= text.size() - one.offset);
    add(text.substr(done, one.offset - done));
    add(one.replacement);
    done = one.offset + one.length;
  }
  add(text.substr(done));
  return pieces;
}

}  // namespace sallyport::gateway
