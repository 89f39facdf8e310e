#include "store/name_writer.h"

#include <unistd.h>

#include <utility>

#include "base/log.h"

namespace sallyport::store {
namespace {

constexpr int kNiceness = 10;
constexpr std::chrono::milliseconds kGather{200};

std::string_view cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

}  // namespace

NameTableInstruments::NameTableInstruments(Metrics& metrics)
    : dropped(metrics.counter("sallyport_names_dropped_total",
                              "Names that found the queue of the name table full.")),
      failures(metrics.counter("sallyport_names_failures_total",
                               "Writes to the name table that failed.")) {}

NameWriter::NameWriter(std::unique_ptr<NameBook> book, Metrics& metrics)
    : instruments_(metrics), book_(std::move(book)), thread_([this] { run(); }) {}

NameWriter::~NameWriter() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void NameWriter::remember(std::string_view key, const audit::Sighting& sighting, WallTime seen) {
  if (key.empty() || key.size() > kMaxKey) return;
  MutexLock lock(mutex_);
  auto found = waiting_.find(std::string(key));
  if (found == waiting_.end() && waiting_.size() >= kQueue) return instruments_.dropped.add();
  bool first = waiting_.empty();
  unsigned marks = sighting.marks | (found == waiting_.end() ? 0 : found->second.marks);
  waiting_.insert_or_assign(std::string(key),
                            SeenPerson{std::string(cut(sighting.name, kMaxName)),
                                       std::string(cut(sighting.mail, kMaxName)), marks, seen});
  if (first) changed_.notify_one();
}

void NameWriter::run() {
  // Nobody waits for names: the workers go first.
  [[maybe_unused]] int niceness = ::nice(kNiceness);
  while (wait_for_names()) write_waiting();
}

bool NameWriter::wait_for_names() {
  MutexLock lock(mutex_);
  while (!stop_ && waiting_.empty()) changed_.wait(mutex_);
  if (waiting_.empty()) return false;
  // A morning's first minutes bring many new people: one transaction for those of a moment.
  const auto end = std::chrono::steady_clock::now() + kGather;
  while (!stop_ && drains_ == 0 && changed_.wait_until(mutex_, end)) continue;
  writing_ = true;
  return true;
}

// An erase() that comes before the book is taken finds its name still waiting; one that comes later
// waits for the book, and so finds the name written.
void NameWriter::write_waiting() {
  MutexLock book(book_mutex_);
  MutexLock lock(mutex_);
  auto names = std::exchange(waiting_, {});
  lock.unlock();
  if (auto written = names.empty() ? Result<void>() : book_->write(names); !written) {
    instruments_.failures.add();
    log::limited(log::Level::kError, "store.names_failed", {{"error", written.error().text()}});
  }
  book.unlock();
  lock.lock();
  writing_ = false;
  drained_.notify_all();
}

// A name that still waits is erased before it is written: no write may come between the two.
Result<bool> NameWriter::erase(std::string_view key) {
  MutexLock book(book_mutex_);
  bool waited = false;
  {
    MutexLock lock(mutex_);
    waited = waiting_.erase(std::string(key)) > 0;
  }
  auto erased = book_->erase(key);
  if (!erased) return erased;
  return *erased || waited;
}

Result<std::vector<audit::KnownPerson>> NameWriter::find(std::string_view name_or_mail,
                                                         std::size_t most) {
  drain();
  MutexLock book(book_mutex_);
  return book_->find(name_or_mail, most);
}

Result<std::vector<audit::KnownPerson>> NameWriter::search(std::string_view beginning,
                                                           std::string_view after,
                                                           std::size_t most) {
  drain();
  MutexLock book(book_mutex_);
  return book_->search(beginning, after, most);
}

Result<std::optional<audit::KnownPerson>> NameWriter::look_up(std::string_view key) {
  drain();
  MutexLock book(book_mutex_);
  return book_->look_up(key);
}

Result<unsigned> NameWriter::marks(std::string_view key, std::string_view issuer) {
  drain();
  MutexLock book(book_mutex_);
  return book_->marks(key, issuer);
}

void NameWriter::drain() {
  MutexLock lock(mutex_);
  ++drains_;
  changed_.notify_one();
  while (writing_ || !waiting_.empty()) drained_.wait(mutex_);
  --drains_;
}

}  // namespace sallyport::store
