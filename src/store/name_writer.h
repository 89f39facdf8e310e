// The names of people (audit/name_table.h) over a database that blocks, whichever that is: a
// bounded queue, and a thread that writes what has gathered in it in one transaction, so that
// nobody waits for the disk. Metrics: sallyport_names_dropped_total,
// sallyport_names_failures_total.
//
//   NameWriter names(std::move(book), metrics);
//   names.remember(principal.key, {principal.name, principal.mail}, clock.wall());   // any thread
#pragma once

#include <memory>
#include <thread>

#include "audit/name_table.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "store/name_book.h"

namespace sallyport::store {

struct NameTableInstruments {
  explicit NameTableInstruments(Metrics& metrics);
  Counter& dropped;
  Counter& failures;
};

class NameWriter final : public audit::NameTable {
 public:
  static constexpr std::size_t kQueue = 4096;   ///< different people whose names wait
  static constexpr std::size_t kMaxName = 256;  ///< bytes; longer ones are cut
  static constexpr std::size_t kMaxKey = 1024;  ///< longer ones are not kept

  NameWriter(std::unique_ptr<NameBook> book, Metrics& metrics);
  /// Writes what is queued.
  ~NameWriter() override;

  void remember(std::string_view key, const audit::Sighting& sighting, WallTime seen) override;
  [[nodiscard]] Result<bool> erase(std::string_view key) override;
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> find(std::string_view name_or_mail,
                                                             std::size_t most) override;
  [[nodiscard]] Result<std::vector<audit::KnownPerson>> search(std::string_view beginning,
                                                               std::string_view after,
                                                               std::size_t most) override;
  [[nodiscard]] Result<std::optional<audit::KnownPerson>> look_up(std::string_view key) override;
  [[nodiscard]] Result<unsigned> marks(std::string_view key, std::string_view issuer) override;
  /// Waits until all that was remembered by now is written, or could not be.
  void drain();

 private:
  void run();
  /// Waits until some have gathered, and takes it on to write them. False: there will be none.
  [[nodiscard]] bool wait_for_names() EXCLUDES(mutex_);
  void write_waiting() EXCLUDES(book_mutex_, mutex_);

  NameTableInstruments instruments_;

  Mutex book_mutex_;  ///< held during I/O, taken before mutex_; never taken by remember()
  const std::unique_ptr<NameBook> book_ PT_GUARDED_BY(book_mutex_);

  Mutex mutex_;
  Condition changed_;
  Condition drained_;
  SeenPeople waiting_ GUARDED_BY(mutex_);  ///< by key, so a busy person waits once
  bool writing_ GUARDED_BY(mutex_) = false;
  int drains_ GUARDED_BY(mutex_) = 0;  ///< drain() calls that wait
  bool stop_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sallyport::store
