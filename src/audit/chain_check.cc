#include "audit/chain_check.h"

#include <algorithm>

namespace sallyport::audit {

ChainCheck::ChainCheck(std::string_view instance, std::string_view worker, bool whole)
    : instance_(instance), worker_(worker), started_(whole) {
  std::fill(std::begin(hash_), std::end(hash_), '0');
}

std::optional<Break> ChainCheck::next(std::string_view text) {
  std::optional<Break> found;
  if (parse_line(text, line_)) {
    found = check_place();
    if (!started_) first_ = line_.sequence;
    sequence_ = line_.sequence;
    auto request = follow_request();
    if (!found) found = std::move(request);
  } else {
    found = Break{kLineMalformed, "a record", std::string(text.substr(0, 120))};
    ++sequence_;
  }
  hasher_.hash_hex(text, hash_);
  started_ = true;
  return found;
}

std::optional<Break> ChainCheck::check_place() const {
  if (line_.instance != instance_ || line_.worker != worker_) {
    return Break{"line.foreign", instance_ + "-" + worker_,
                 std::string(line_.instance) + "-" + std::string(line_.worker)};
  }
  if (!started_) return std::nullopt;
  if (line_.previous != std::string_view(hash_, sizeof hash_)) {
    return Break{"line.hash", hash(), std::string(line_.previous)};
  }
  if (line_.sequence != sequence_ + 1) {
    return Break{"line.sequence", std::to_string(sequence_ + 1), std::to_string(line_.sequence)};
  }
  if (line_.sequence == 1 && !line_.is_event("start")) {
    return Break{"line.no_start", "a start event", std::string(line_.event)};
  }
  return std::nullopt;
}

std::optional<Break> ChainCheck::follow_request() {
  if (line_.type == LineType::kOpened) {
    if (open_.emplace(line_.id, line_.sequence).second) return std::nullopt;
    return Break{"request.opened_twice", "one opened line", std::string(line_.id)};
  }
  if (line_.type == LineType::kClosed && !line_.interrupted()) {
    if (open_.erase(std::string(line_.id)) == 1 || line_.opened < first_) return std::nullopt;
    return Break{"request.not_open", "an opened line before", std::string(line_.id)};
  }
  return std::nullopt;
}

}  // namespace sallyport::audit
