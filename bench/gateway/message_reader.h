// One HTTP/1.1 message after another, cut out of the bytes of a connection: the least that the
// rig's two ends need. It trusts its peer's syntax and checks only what would make a measurement
// wrong.
#pragma once

#include <strings.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace rig {

/// Calls visit(name, value) for each field of a head (start line first, without it here).
template <class Visit>
void for_each_field(std::string_view head, Visit&& visit) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos && at + 2 < head.size()) {
    std::size_t end = head.find("\r\n", at + 2);
    std::string_view line = head.substr(at + 2, end == std::string_view::npos ? end : end - at - 2);
    std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      std::string_view value = line.substr(colon + 1);
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      visit(line.substr(0, colon), value);
    }
    at = end;
  }
}

[[nodiscard]] inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

class MessageReader {
 public:
  /// Takes the front of `bytes` up to the end of the current message; answers how much.
  /// visitor.on_head(head) once a message, visitor.on_body(piece) for decoded body bytes.
  /// A response without a length is broken here: the rig's upstream always gives one.
  template <class Visitor>
  std::size_t feed(std::string_view bytes, Visitor& visitor) {
    std::size_t taken = 0;
    if (part_ == Part::kDone) part_ = Part::kHead;
    while (taken < bytes.size() && part_ != Part::kDone && part_ != Part::kBroken) {
      std::string_view rest = bytes.substr(taken);
      if (part_ == Part::kHead) {
        taken += take_head(rest, visitor);
      } else if (part_ == Part::kSizeLine || part_ == Part::kEndLine) {
        taken += take_line(rest);
      } else {
        std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
        visitor.on_body(rest.substr(0, size));
        left_ -= size;
        taken += size;
        if (left_ == 0) part_ = chunked_ ? Part::kEndLine : Part::kDone;
      }
    }
    return taken;
  }

  [[nodiscard]] bool is_done() const { return part_ == Part::kDone; }
  [[nodiscard]] bool is_broken() const { return part_ == Part::kBroken; }

 private:
  enum class Part : std::uint8_t { kHead, kBody, kSizeLine, kEndLine, kDone, kBroken };
  static constexpr std::size_t kMaxHead = 64 * 1024;

  template <class Visitor>
  std::size_t take_head(std::string_view rest, Visitor& visitor) {
    std::size_t before = kept_.size();
    std::size_t end = before == 0 ? rest.find("\r\n\r\n") : std::string_view::npos;
    if (before == 0 && end != std::string_view::npos) {
      open_body(rest.substr(0, end), visitor);
      return end + 4;
    }
    kept_.append(rest);
    end = kept_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      if (kept_.size() > kMaxHead) part_ = Part::kBroken;
      return rest.size();
    }
    std::size_t taken = end + 4 - before;
    kept_.resize(end);
    std::string head;
    head.swap(kept_);
    open_body(head, visitor);
    return taken;
  }

  template <class Visitor>
  void open_body(std::string_view head, Visitor& visitor) {
    chunked_ = false;
    left_ = head.starts_with("HTTP/") ? kUnknown : 0;
    for_each_field(head, [this](std::string_view name, std::string_view value) {
      if (same_name(name, "content-length")) {
        std::from_chars(value.data(), value.data() + value.size(), left_);
      } else if (same_name(name, "transfer-encoding")) {
        chunked_ = true;
      }
    });
    visitor.on_head(head);
    if (chunked_) {
      part_ = Part::kSizeLine;
    } else if (left_ == kUnknown) {
      part_ = Part::kBroken;
    } else {
      part_ = left_ == 0 ? Part::kDone : Part::kBody;
    }
  }

  // A chunk's size line, or the line end after a chunk's data; trailers are not expected.
  std::size_t take_line(std::string_view rest) {
    std::size_t end = rest.find('\n');
    kept_.append(rest.substr(0, end));
    if (end == std::string_view::npos) return rest.size();
    if (part_ == Part::kEndLine) {
      part_ = last_ ? Part::kDone : Part::kSizeLine;
      last_ = false;
    } else {
      left_ = 0;
      auto [_, error] = std::from_chars(kept_.data(), kept_.data() + kept_.size(), left_, 16);
      last_ = left_ == 0;
      part_ = error != std::errc() ? Part::kBroken : (last_ ? Part::kEndLine : Part::kBody);
    }
    kept_.clear();
    return end + 1;
  }

  static constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  Part part_ = Part::kHead;
  bool chunked_ = false;
  bool last_ = false;
  std::uint64_t left_ = 0;
  std::string kept_;  ///< an unfinished head or line
};

}  // namespace rig
