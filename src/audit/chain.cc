#include "audit/chain.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "audit/record_fields.h"
#include "audit/sync_thread.h"
#include "base/check.h"
#include "base/log.h"

namespace sallyport::audit {
namespace {

constexpr std::size_t kLeastSegment = 16 << 10;
constexpr std::chrono::milliseconds kTryAgain{100};
constexpr std::size_t kKeptBatch = 4 << 20;  // a larger buffer is given back when it is empty

std::string identity_of(const Directory& directory, std::string_view worker) {
  std::string text;
  JsonWriter json(text);
  json.text(field::kNode, directory.node()).text(field::kInstance, directory.instance());
  json.text(field::kWorker, worker);
  return text;
}

// The frame of every line: {"seq":1,"prev":"HASH",...}
constexpr std::string_view kBeforeSequence = "{\"seq\":";
constexpr std::string_view kBeforeHash = ",\"prev\":\"";
constexpr std::string_view kAfterHash = "\",";
constexpr std::string_view kLineEnd = "\n";
constexpr std::size_t kFrameBytes = kBeforeSequence.size() + kBeforeHash.size() +
                                    LineHasher::kHexSize + kAfterHash.size() + kLineEnd.size();

std::size_t digits_of(std::uint64_t value) {
  std::size_t digits = 1;
  for (; value >= 10; value /= 10) ++digits;
  return digits;
}

void put_heads(JsonWriter& json, std::span<const Head> heads) {
  json.array(field::kHeads);
  for (const auto& head : heads) {
    json.begin().text(field::kHeadChain, head.chain);
    json.number(field::kHeadSequence, static_cast<std::int64_t>(head.sequence));
    json.text(field::kHeadHash, head.hash).end();
  }
  json.end_array();
}

}  // namespace

Chain::Chain(const ChainParts& parts, std::string worker)
    : parts_(parts),
      name_(parts.directory.instance() + "-" + worker),
      identity_(identity_of(parts.directory, worker)),
      segments_(parts, std::move(worker)) {
  std::fill(std::begin(previous_), std::end(previous_), '0');
  line_.reserve(4096);
  batch_.reserve(64 << 10);
  open_.push_back({1, 0});
}

Result<std::unique_ptr<Chain>> Chain::create(const ChainParts& parts, std::string worker,
                                             std::span<const Head> heads) {
  SALLYPORT_CHECK(parts.segment_bytes >= kLeastSegment);
  std::unique_ptr<Chain> chain(new Chain(parts, std::move(worker)));
  if (auto started = chain->segments_.start(); !started) {
    return std::unexpected(std::move(started.error()));
  }
  chain->look_at_segments();
  SALLYPORT_CHECK(chain->append_start(heads));
  if (auto written = chain->flush(); !written) return std::unexpected(std::move(written.error()));
  return chain;
}

Chain::~Chain() {
  if (sync_ != nullptr) sync_->remove(segments_);
}

void Chain::attach(SyncThread& sync) {
  SALLYPORT_CHECK(sync_ == nullptr);
  sync_ = &sync;
  sync.add(segments_);
}

// --- appending ---

bool Chain::append_start(std::span<const Head> heads) {
  begin_line("event", parts_.clock.wall());
  JsonWriter json(line_);
  json.text(name_of<&Event::name>, "start").text(field::kProgramName, "sallyport");
  json.text(field::kProgramVersion, SALLYPORT_VERSION).number(field::kPid, ::getpid());
  if (!heads.empty()) put_heads(json, heads);
  return append_line(room_.owed());
}

bool Chain::append_heads(std::span<const Head> heads, WallTime time) {
  if (!accepting()) return false;
  begin_line("event", time);
  JsonWriter json(line_);
  json.text(name_of<&Event::name>, "heads");
  put_heads(json, heads);
  return append_line(room_.owed());
}

bool Chain::append_interrupted(std::string_view id, std::string_view of_chain,
                               std::uint64_t opened_sequence, WallTime time) {
  if (!accepting()) return false;
  begin_line("closed", time);
  JsonWriter json(line_);
  json.text(name_of<&Closed::id>, id).text(field::kOf, of_chain);
  json.number(name_of<&Closed::opened_sequence>, static_cast<std::int64_t>(opened_sequence));
  json.text(name_of<&Closed::outcome>, text(Outcome::kInterrupted));
  return append_line(room_.owed());
}

template <typename Record>
bool Chain::append(std::string_view type, const Record& record, std::uint64_t owed) {
  if (!accepting()) {
    parts_.instruments.turned_away.add();
    return false;
  }
  begin_line(type, record.time);
  JsonWriter json(line_);
  append_members(json, record);
  return append_line(owed);
}

bool Chain::append_opened(const Opened& record) {
  if (!append("opened", record, room_.owed() + 1)) return false;
  room_.owe();
  ++open_.back().open;
  return true;
}

bool Chain::append_refused(const Refused& record) {
  return append("refused", record, room_.owed());
}

bool Chain::append_answered(const Answered& record) {
  return append("answered", record, room_.owed());
}

bool Chain::append_event(const Event& record) {
  return append("event", record, room_.owed());
}

void Chain::append_closed(const Closed& record) noexcept {
  room_.settle();
  begin_line("closed", record.time);
  JsonWriter json(line_);
  append_members(json, record);
  line_.push_back('}');
  reserve_line();
  // Its room was set aside; where a failure has upset the places, flush() finds it one.
  if (!place(0)) {
    split_.reset();
    room_.give_up_current();
  }
  seal_line();
  count_closed(record.opened_sequence);
}

void Chain::begin_line(std::string_view type, WallTime time) {
  last_time_ = time;
  line_.clear();
  line_.append("\"type\":\"").append(type).append("\",\"time\":\"").append(times_.text(time));
  line_.append("\",").append(identity_);
}

bool Chain::append_line(std::uint64_t owed) {
  line_.push_back('}');
  SALLYPORT_CHECK(line_.size() + 128 <= kMaxLineBytes);
  reserve_line();
  if (!place(owed)) {
    parts_.instruments.turned_away.add();
    return false;
  }
  seal_line();
  return true;
}

// Memory for the built line and one that begins a segment before it: from here on no line can be
// left half written.
void Chain::reserve_line() {
  batch_.reserve(batch_.size() + line_bytes() + kSegmentLineBytes);
}

// {"seq":1,"prev":"...", and the rest of the line; its hash goes into the next.
void Chain::seal_line() {
  auto start = batch_.size();
  constexpr std::size_t kDigits = 20;
  batch_.resize_and_overwrite(
      start + kFrameBytes + kDigits + line_.size(), [&](char* data, std::size_t) {
        const auto put = [](char* to, std::string_view text) {
          std::memcpy(to, text.data(), text.size());
          return to + text.size();
        };
        char* to = put(data + start, kBeforeSequence);
        to = put(std::to_chars(to, to + kDigits, next_sequence_).ptr, kBeforeHash);
        to = put(to, {previous_, sizeof previous_});
        to = put(put(to, kAfterHash), line_);
        return static_cast<std::size_t>(to - data);
      });
  hasher_.hash_hex(std::string_view(batch_).substr(start), previous_);
  batch_ += kLineEnd;
  ++next_sequence_;
}

Head Chain::head() const {
  return {name_, next_sequence_ - 1, std::string(previous_, sizeof previous_)};
}

// --- room ---

// Finds the built line its segment, so that `owed` closed lines still find theirs after it.
bool Chain::place(std::uint64_t owed) {
  if (room_.needs_spare(line_bytes(), owed)) look_for_spare();
  const auto where = room_.place(line_bytes(), owed);
  if (where == ChainRoom::Where::kNowhere) return false;
  if (where == ChainRoom::Where::kNext) begin_segment(last_time_);
  room_.take(line_bytes());
  if (room_.low()) look_for_spare();
  return true;
}

// Of the built line, as it will stand in the file.
std::uint64_t Chain::line_bytes() const {
  return kFrameBytes + digits_of(next_sequence_) + line_.size();
}

// The first line of a later segment says from which line on requests are still open. It comes
// between the building of a line and its place, so it has to leave that line as it is.
void Chain::begin_segment(WallTime time) noexcept {
  split_ = batch_.size();
  std::string pending = std::move(line_);
  while (open_.size() > 1 && open_.front().open == 0) open_.erase(open_.begin());
  bool any_open = open_.front().open > 0;
  auto open_from = any_open ? open_.front().first_sequence : next_sequence_;
  if (!any_open) open_.clear();
  open_.push_back({next_sequence_, 0});
  begin_line("event", time);
  JsonWriter json(line_);
  json.text(name_of<&Event::name>, "segment");
  json.number(field::kOpenFrom, static_cast<std::int64_t>(open_from));
  line_.push_back('}');
  auto before = batch_.size();
  seal_line();
  room_.begin_segment(batch_.size() - before);
  line_ = std::move(pending);
}

void Chain::count_closed(std::uint64_t opened_sequence) {
  for (auto it = open_.rbegin(); it != open_.rend(); ++it) {
    if (opened_sequence < it->first_sequence) continue;
    if (it->open > 0) --it->open;
    return;
  }
}

// A spare segment that is ready and not yet spoken for counts as room from here on, by the size
// that it has: `audit.segment_bytes` may have changed since it was made.
void Chain::look_for_spare() {
  if (split_) return;  // it is spoken for, until flush() has moved on to it
  if (!segments_.spare_ready()) {
    segments_.want_spare();
    if (sync_ == nullptr) {
      segments_.sync();  // lets go of the segments that are done with
      (void)segments_.prepare_spare();
    } else if (!spare_asked_) {
      spare_asked_ = true;
      sync_->wake();
    }
  }
  if (segments_.spare_ready()) {
    room_.set_spare(segments_.spare_bytes());
    spare_asked_ = false;
  }
}

// The room that is really there, when nothing waits to be written.
void Chain::look_at_segments() {
  room_.set_current(segments_.left(), segments_.current_bytes());
  room_.set_spare(segments_.spare_bytes());
}

// --- writing ---

Result<void> Chain::flush() {
  if (batch_.empty()) return {};
  if (failed_ && parts_.clock.steady() < next_try_) return write_failed(0);
  int error = write_batch();
  // The second failure at the same place: try another one.
  if (error != 0 && failures_ > 0) {
    look_for_spare();
    if (segments_.move_on()) {
      split_.reset();
      error = write_batch();
    }
  }
  if (error != 0) return write_failed(error);
  if (failed_) log::info("audit.writing_again", {{"chain", name_}, {"lines", next_sequence_ - 1}});
  failed_ = false;
  failures_ = 0;
  batch_.clear();
  batch_done_ = 0;
  if (batch_.capacity() > kKeptBatch) std::string().swap(batch_);
  look_at_segments();
  if (sync_ != nullptr) sync_->note_written();
  return {};
}

// As much of the batch as goes into the current segment, in whole lines.
std::size_t Chain::next_piece() const {
  auto rest = std::string_view(batch_).substr(batch_done_);
  if (split_ && *split_ >= batch_done_) rest = rest.substr(0, *split_ - batch_done_);
  if (rest.size() <= segments_.left()) return rest.size();
  auto end = rest.rfind('\n', segments_.left() == 0 ? 0 : segments_.left() - 1);
  return end == std::string_view::npos || segments_.left() == 0 ? 0 : end + 1;
}

// Returns an errno; what is written by then is counted as written and not written again.
int Chain::write_batch() {
  while (batch_done_ < batch_.size()) {
    auto size = next_piece();
    if (size == 0) {
      if (!segments_.move_on()) return ENOSPC;
      split_.reset();
      continue;
    }
    auto piece = std::string_view(batch_).substr(batch_done_, size);
    auto written = segments_.write(piece);
    if (written.bytes < size) {
      auto end = piece.substr(0, written.bytes).rfind('\n');
      piece = piece.substr(0, end == std::string_view::npos ? 0 : end + 1);
    }
    batch_done_ += piece.size();
    auto left = std::string_view(batch_).substr(batch_done_);
    auto lines_left = static_cast<std::uint64_t>(std::ranges::count(left, '\n'));
    auto sequence = next_sequence_ - 1 - lines_left;
    parts_.instruments.records.add(sequence - segments_.written_sequence());
    parts_.instruments.bytes.add(piece.size());
    segments_.commit(piece.size(), sequence);
    if (written.error != 0) return written.error;
  }
  return 0;
}

// `error` 0: it was not tried again yet.
Result<void> Chain::write_failed(int error) {
  if (error != 0) {
    ++failures_;
    failed_ = true;
    next_try_ = parts_.clock.steady() + kTryAgain;
    parts_.instruments.write_failures.add();
    log::limited(log::Level::kError, "audit.write_failed",
                 {{"chain", name_}, {"error", std::strerror(error)}});
    segments_.want_spare();
    if (sync_ != nullptr) sync_->wake();
  }
  return fail("audit.disk", fmt::format("cannot write to the audit chain {}", name_),
              "check the disk of audit.directory and the room on it");
}

void Chain::request_sync() {
  if (sync_ == nullptr) {
    segments_.sync();
    return;
  }
  segments_.request_sync();
  sync_->wake();
}

void Chain::on_synced(std::function<void(std::uint64_t, bool)> callback) {
  segments_.on_synced(std::move(callback));
}

Result<void> Chain::close(WallTime time) {
  if (accepting()) {
    begin_line("event", time);
    JsonWriter json(line_);
    json.text(name_of<&Event::name>, "stop")
        .number(field::kOpen, static_cast<std::int64_t>(room_.owed()));
    // A full disk may leave no room for it; the next start then reads a little more.
    (void)append_line(room_.owed());
  }
  next_try_ = {};
  auto written = flush();
  if (sync_ != nullptr) sync_->remove(segments_);
  sync_ = nullptr;
  auto finished = segments_.finish();
  return written ? finished : written;
}

}  // namespace sallyport::audit
