#include "audit/trail.h"

#include <algorithm>

#include "base/check.h"
#include "base/log.h"

namespace sallyport::audit {
namespace {

// Events are few; a start after a crash adds a line for each request that was open.
constexpr std::size_t kMainSegment = 8 << 20;

std::size_t of_main(std::size_t segment_bytes) {
  return std::min(segment_bytes, kMainSegment);
}

}  // namespace

Trail::Trail(const Settings& settings, Clock& clock, Metrics& metrics)
    : clock_(clock),
      instruments_(metrics),
      sync_each_(settings.sync.count() == 0),
      segment_bytes_(settings.segment_bytes),
      main_segment_bytes_(of_main(settings.segment_bytes)) {}

Result<std::unique_ptr<Trail>> Trail::open(const Settings& settings, const TrailOptions& options,
                                           Clock& clock, Entropy& entropy, Metrics& metrics) {
  std::unique_ptr<Trail> trail(new Trail(settings, clock, metrics));
  auto directory = Directory::open(settings.directory, options.node, clock, entropy);
  if (!directory) return std::unexpected(std::move(directory.error()));
  trail->directory_ = std::make_unique<Directory>(std::move(*directory));
  Disk& disk = options.disk != nullptr ? *options.disk : system_disk();
  ChainParts parts{*trail->directory_, disk, clock, trail->instruments_, trail->segment_bytes_};
  ChainParts main_parts{*trail->directory_, disk, clock, trail->instruments_,
                        trail->main_segment_bytes_};
  trail->sync_ = std::make_unique<SyncThread>(settings.sync);
  auto main = begin_main_chain(main_parts, trail->recovered_);
  if (!main) return std::unexpected(std::move(main.error()));
  (*main)->attach(*trail->sync_);
  {
    MutexLock lock(trail->main_mutex_);
    trail->main_ = std::move(*main);
  }
  for (std::size_t i = 0; i < options.workers; ++i) {
    auto chain = Chain::create(parts, std::to_string(i));
    if (!chain) return std::unexpected(std::move(chain.error()));
    (*chain)->attach(*trail->sync_);
    trail->workers_.push_back(std::move(*chain));
  }
  auto side = SideJournal::open(settings.directory, clock, trail->instruments_);
  if (!side) return std::unexpected(std::move(side.error()));
  trail->side_ = std::move(*side);
  trail->side_->start();
  return trail;
}

// Without close(): as a crash would leave it, for the next start to tidy up.
Trail::~Trail() = default;

Result<void> Trail::event(const Event& event) {
  MutexLock lock(main_mutex_);
  if (!main_) return fail("audit.disk", "the audit record is closed");
  if (main_->pending()) (void)main_->flush();  // after a failure: it may work again
  bool appended = main_->append_event(event);
  auto written = main_->flush();
  if (appended && written) return {};
  log::limited(log::Level::kError, "audit.event_lost", {{"event", event.name}});
  return written ? fail("audit.disk", "no room in the audit record",
                        "make room on the disk of audit.directory")
                 : written;
}

// The flag before the sync: who still waits because of the old one has written its line by then,
// and the sync that this asks for covers it.
void Trail::apply(const Settings& settings) {
  SALLYPORT_CHECK(settings.directory == directory_->path());
  segment_bytes_.store(settings.segment_bytes);
  main_segment_bytes_.store(of_main(settings.segment_bytes));
  sync_each_.store(settings.sync.count() == 0);
  sync_->set_interval(settings.sync);
}

Settings Trail::settings() const {
  return {directory_->path(), sync_->interval(), segment_bytes_.load()};
}

Result<void> Trail::close() {
  Result<void> result;
  auto end = [&](Chain& chain) {
    auto closed = chain.close(clock_.wall());
    if (!closed && result) result = std::move(closed);
  };
  for (auto& chain : workers_) end(*chain);
  workers_.clear();
  side_.reset();
  MutexLock lock(main_mutex_);
  if (main_) end(*main_);
  main_.reset();
  return result;
}

}  // namespace sallyport::audit
