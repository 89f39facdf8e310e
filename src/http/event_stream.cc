#include "http/event_stream.h"

#include <algorithm>
#include <cstring>

namespace sallyport::http {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr unsigned char kLookedPast = 0xff;
constexpr std::size_t kNone = std::string_view::npos;
/// A buffer that grew beyond this for one large event is given back.
constexpr std::size_t kLargestIdleBuffer = std::size_t{16} << 10;

std::size_t position_of(std::string_view text, char c, std::size_t from) {
  const void* found = std::memchr(text.data() + from, c, text.size() - from);
  return found == nullptr ? text.size()
                          : static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

struct Line {
  std::string_view field;
  std::string_view value;
  std::size_t next = 0;
};

/// The line at `at` of a whole event; `ends` are those of its raw bytes.
Line read_line(std::string_view raw, std::size_t at, LineEnds& ends) {
  const std::size_t end = ends.find(at);
  const std::string_view line = raw.substr(at, end - at);
  Line out;
  out.next = end + (raw.substr(end).starts_with("\r\n") ? 2 : 1);
  const std::size_t colon = position_of(line, ':', 0);
  out.field = line.substr(0, colon);
  // Without a colon the value is empty; it still has a place, the end of the line.
  out.value = line.substr(std::min(colon + 1, line.size()));
  if (out.value.starts_with(' ')) out.value.remove_prefix(1);
  return out;
}

}  // namespace

std::size_t LineEnds::find(std::size_t at) {
  if (!searched_ || lf_ < at) lf_ = position_of(text_, '\n', at);
  if (!searched_ || cr_ < at) cr_ = position_of(text_, '\r', at);
  searched_ = true;
  return std::min(lf_, cr_);
}

void EventStreamSplitter::feed(std::string_view chunk) {
  // What the last chunk completed is not looked at any more.
  std::string& done = kept_[1 - current_];
  done.clear();
  joined_.clear();
  for (std::string* idle : {&done, &joined_}) {
    if (idle->capacity() > kLargestIdleBuffer) idle->shrink_to_fit();
  }
  if (oversized_) {
    kept().clear();
    kept().shrink_to_fit();
  }
  carried_in_ = current_;
  carried_size_ = kept().size();
  chunk_ = chunk;
  line_ends_ = LineEnds(chunk);
  begin_ = at_ = 0;
  if (mark_ != kLookedPast) skip_byte_order_mark();
}

void EventStreamSplitter::skip_byte_order_mark() {
  while (at_ < chunk_.size() && mark_ < kByteOrderMark.size()) {
    if (chunk_[at_] != kByteOrderMark[mark_]) {
      if (mark_ > 0) place_ = Place::kInLine;  // the same bytes, but no mark
      mark_ = kLookedPast;
      return;
    }
    ++at_;
    ++mark_;
  }
  if (mark_ == kByteOrderMark.size()) mark_ = kLookedPast;
}

/// Looks for the end of the current event, from `at` on; kNone if it is not in this chunk.
std::size_t EventStreamSplitter::find_event_end(std::size_t at) {
  while (at < chunk_.size()) {
    const char c = chunk_[at];
    switch (place_) {
      case Place::kAfterBlankCr:
        place_ = Place::kLineStart;
        return c == '\n' ? at + 1 : at;
      case Place::kAfterCr:
        if (c == '\n') ++at;
        place_ = Place::kLineStart;
        break;
      case Place::kLineStart:
        if (c == '\n') return at + 1;
        if (c == '\r') {
          ++at;
          place_ = Place::kAfterBlankCr;
          break;
        }
        place_ = Place::kInLine;
        [[fallthrough]];
      case Place::kInLine:
        at = line_ends_.find(at);
        if (at == chunk_.size()) return kNone;
        place_ = chunk_[at] == '\n' ? Place::kLineStart : Place::kAfterCr;
        ++at;
        break;
    }
  }
  return kNone;
}

const StreamEvent* EventStreamSplitter::next() {
  const std::size_t end = find_event_end(at_);
  if (end != kNone) return complete(end);
  if (finished_ && place_ == Place::kAfterBlankCr) {
    place_ = Place::kLineStart;
    return complete(chunk_.size());
  }
  keep_rest();
  return nullptr;
}

void EventStreamSplitter::finish() {
  feed({});
  finished_ = true;
}

/// Makes the event that ends at `end` of the chunk.
const StreamEvent* EventStreamSplitter::complete(std::size_t end) {
  const std::string_view here = chunk_.substr(begin_, end - begin_);
  begin_ = at_ = end;
  event_ = {};
  event_.end = end;
  event_.oversized = oversized_ || kept_size_ + here.size() > kMaxEvent;
  if (!event_.oversized) {
    if (kept_size_ > 0) kept().append(here);
    event_.raw = kept_size_ > 0 ? std::string_view(kept()) : here;
    read_fields();
  }
  if (kept_size_ > 0) current_ = 1 - current_;  // the old one stays until the next chunk
  kept_size_ = 0;
  oversized_ = first_event_ = false;
  return &event_;
}

/// The chunk ends inside an event (or between two).
void EventStreamSplitter::keep_rest() {
  const std::string_view rest = chunk_.substr(begin_);
  begin_ = at_ = chunk_.size();
  kept_size_ += rest.size();
  if (kept_size_ > kMaxEvent) {
    oversized_ = true;
  } else {
    kept().append(rest);
  }
}

void EventStreamSplitter::read_fields() {
  if (first_event_ && event_.raw.starts_with(kByteOrderMark)) event_.lines = kByteOrderMark.size();
  LineEnds ends(event_.raw);
  for (std::size_t at = event_.lines; at < event_.raw.size();) {
    const Line line = read_line(event_.raw, at, ends);
    at = line.next;
    if (line.field == "event") {
      event_.name = line.value;
    } else if (line.field == "data") {
      if (++event_.data_lines == 1) {
        event_.data = line.value;
        continue;
      }
      if (event_.data_lines == 2) joined_.assign(event_.data);
      joined_ += '\n';
      joined_ += line.value;
      event_.data = joined_;
    }
  }
}

std::string_view EventStreamSplitter::unfinished() const {
  return oversized_ ? std::string_view() : std::string_view(kept_[current_]);
}

std::string_view EventStreamSplitter::carried() const {
  return std::string_view(kept_[carried_in_]).substr(0, carried_size_);
}

bool EventStreamSplitter::between_events() const {
  return kept_size_ == 0 && begin_ == chunk_.size();
}

std::size_t raw_offset(const StreamEvent& event, std::size_t offset) {
  std::size_t start = 0;  // of the line's value in `data`
  LineEnds ends(event.raw);
  for (std::size_t at = event.lines; at < event.raw.size();) {
    const Line line = read_line(event.raw, at, ends);
    at = line.next;
    if (line.field != "data") continue;
    if (offset <= start + line.value.size()) {
      const auto value = static_cast<std::size_t>(line.value.data() - event.raw.data());
      return value + offset - start;
    }
    start += line.value.size() + 1;
  }
  return event.raw.size();
}

}  // namespace sallyport::http
