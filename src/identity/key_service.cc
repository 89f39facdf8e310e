#include "identity/key_service.h"

#include <algorithm>

#include "identity/absent_keys.h"
#include "identity/discovery.h"
#include "identity/key_ring.h"
#include "identity/key_set.h"
#include "identity/key_source.h"

namespace sallyport::identity {
namespace {

using http::Refresher;
using std::chrono::milliseconds;

constexpr std::size_t kMostKeyIdBytes = 256;  // longer ones are in no key set

/// One issuer's keys. Guarded by the refresher's mutex, as is its item there.
struct Source {
  IssuerSettings settings;
  Refresher::Item* item = nullptr;  ///< of the refresher, for as long as this source is there
  KeyRing ring;
  std::optional<WallTime> last_success;
  std::string last_alarms;
  AbsentKeys absent;
};

std::string alarms_of(const KeySet& fetched) {
  std::string out;
  for (const auto& alarm : fetched.alarms()) {
    if (!alarm.alarming || out.size() > 1000) continue;
    if (!out.empty()) out += "; ";
    out += "key '" + alarm.key_id + "': " + alarm.why;
  }
  return out;
}

KeyEvent event_of(KeyEvent::Kind kind, const Source& source, std::string message) {
  return {.kind = kind,
          .issuer = source.settings.name,
          .message = std::move(message),
          .added = {},
          .removed = {}};
}

bool is_rejection(std::string_view error_code) {
  return error_code == kKeysRejected || error_code == kDiscoveryRejected;
}

}  // namespace

class KeyService::Impl {
 public:
  Impl(const http::Refresher::Needs& needs, std::vector<IssuerSettings> issuers, Publish publish,
       OnEvent on_event, const Timing& timing)
      : fetcher_(needs.fetcher),
        clock_(needs.clock),
        entropy_(needs.entropy),
        timing_(timing),
        publish_(std::move(publish)),
        on_event_(std::move(on_event)),
        refresher_(fetcher_, clock_,
                   {.fetch = [this](Refresher::Ticket ticket) { fetch(ticket); },
                    .publish = [this] { publish_snapshot(); }}) {
    MutexLock lock(refresher_.mutex());
    for (auto& settings : issuers) sources_.push_back(make_source(std::move(settings)));
  }

  void start() {
    refresher_.post([this] { begin(); });
  }
  void reload(std::vector<IssuerSettings> issuers) {
    refresher_.post([this, issuers = std::move(issuers)] { replace(issuers); });
  }
  bool refresh_for(std::string_view issuer, std::string_view key_id, std::function<void()> done);
  std::vector<IssuerHealth> health() const;

 private:
  // On the fetch thread, without the lock:
  void begin();
  void replace(const std::vector<IssuerSettings>& issuers);
  void fetch(const Refresher::Ticket& ticket);
  void on_fetched(const Refresher::Ticket& ticket, Result<KeySetPtr> fetched);
  void publish_snapshot();

  // With the lock:
  std::unique_ptr<Source> make_source(IssuerSettings settings) REQUIRES(refresher_.mutex());
  Source* find(std::uint64_t item) const REQUIRES(refresher_.mutex());
  void succeed(Source& source, const KeySet& fetched, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void fail_with(Source& source, Error error, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void settle_waiters(Source& source, Refresher::Effects& effects) REQUIRES(refresher_.mutex());
  void swap_sources(const std::vector<IssuerSettings>& issuers, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void begin_what_waits(Refresher::Effects& effects) REQUIRES(refresher_.mutex());
  [[nodiscard]] bool has_settings(const std::vector<IssuerSettings>& issuers) const
      REQUIRES(refresher_.mutex());

  void tell(Refresher::Effects& effects, KeyEvent event) const;
  [[nodiscard]] milliseconds between_early_fetches(const Source& source) const {
    return std::min(timing_.unknown_key, source.settings.key_refresh / 12);
  }
  [[nodiscard]] milliseconds next_refresh(const Source& source);
  [[nodiscard]] milliseconds next_retry(const Source& source) const;
  [[nodiscard]] WallTime keys_until(const Source& source) const;

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;
  /// In the order of the settings.
  std::vector<std::unique_ptr<Source>> sources_ GUARDED_BY(refresher_.mutex());
  std::uint64_t generation_ GUARDED_BY(refresher_.mutex()) = 1;
  Refresher refresher_;  ///< the last: when it is gone, nothing of this runs
};

std::unique_ptr<Source> KeyService::Impl::make_source(IssuerSettings settings) {
  auto source = std::make_unique<Source>();
  source->settings = std::move(settings);
  source->item = &refresher_.add();
  return source;
}

Source* KeyService::Impl::find(std::uint64_t item) const {
  for (const auto& source : sources_) {
    if (source->item->id() == item) return source.get();
  }
  return nullptr;
}

void KeyService::Impl::tell(Refresher::Effects& effects, KeyEvent event) const {
  if (!on_event_) return;
  effects.events.emplace_back([this, event = std::move(event)] { on_event_(event); });
}

void KeyService::Impl::begin() {
  Refresher::Effects effects;
  effects.publish = true;
  {
    MutexLock lock(refresher_.mutex());
    for (auto& source : sources_) refresher_.begin(*source->item, effects);
  }
  refresher_.run(std::move(effects));
}

void KeyService::Impl::replace(const std::vector<IssuerSettings>& issuers) {
  Refresher::Effects effects;
  {
    MutexLock lock(refresher_.mutex());
    if (!has_settings(issuers)) {
      swap_sources(issuers, effects);
      ++generation_;
      effects.publish = true;
    }
    begin_what_waits(effects);
  }
  refresher_.run(std::move(effects));
}

bool KeyService::Impl::has_settings(const std::vector<IssuerSettings>& issuers) const {
  return std::ranges::equal(issuers, sources_, {}, {},
                            [](const auto& source) { return source->settings; });
}

void KeyService::Impl::swap_sources(const std::vector<IssuerSettings>& issuers,
                                    Refresher::Effects& effects) {
  std::vector<std::unique_ptr<Source>> next;
  for (const auto& settings : issuers) {
    auto old = std::ranges::find_if(sources_, [&](const auto& source) {
      return source != nullptr && same_key_source(source->settings, settings);
    });
    if (old != sources_.end()) {
      next.push_back(std::move(*old));
      Source& kept = *next.back();
      bool sooner = settings.key_refresh < kept.settings.key_refresh;
      kept.settings = settings;
      if (sooner && kept.item->failures() == 0 && !kept.item->is_fetching()) {
        refresher_.schedule(*kept.item, next_refresh(kept));
      }
    } else {
      next.push_back(make_source(settings));
      refresher_.begin(*next.back()->item, effects);
    }
  }
  for (auto& gone : sources_) {
    if (gone != nullptr) refresher_.remove(*gone->item, effects);
  }
  sources_ = std::move(next);
}

// An administrator who took a key out of the file and sent SIGHUP waits for no hour; nor does one
// who mended what kept the keys away: a name, a certificate's authority, a proxy.
void KeyService::Impl::begin_what_waits(Refresher::Effects& effects) {
  for (auto& source : sources_) {
    bool waits = !source->settings.jwks_file.empty() || source->item->failures() > 0;
    if (waits && !source->item->is_fetching()) refresher_.begin(*source->item, effects);
  }
}

void KeyService::Impl::fetch(const Refresher::Ticket& ticket) {
  IssuerSettings settings;
  {
    MutexLock lock(refresher_.mutex());
    Source* source = find(ticket.item);
    if (source == nullptr) return;
    settings = source->settings;
  }
  fetch_keys(fetcher_, settings, timing_.fetch_timeout,
             refresher_.while_alive([this, ticket](Result<KeySetPtr> fetched) {
               on_fetched(ticket, std::move(fetched));
             }));
}

void KeyService::Impl::on_fetched(const Refresher::Ticket& ticket, Result<KeySetPtr> fetched) {
  Refresher::Effects effects;
  effects.publish = true;
  {
    MutexLock lock(refresher_.mutex());
    Refresher::Item* item = refresher_.end(ticket);
    if (item == nullptr) return;
    Source& source = *find(ticket.item);
    if (fetched) {
      succeed(source, **fetched, effects);
      settle_waiters(source, effects);
    } else {
      fail_with(source, std::move(fetched.error()), effects);
      refresher_.release(*item, effects);
    }
  }
  refresher_.run(std::move(effects));
}

// Tells the waiting requests whose key came. The others may have joined an hourly fetch that asked
// a moment before their key was published: for them an early one starts, if it may.
void KeyService::Impl::settle_waiters(Source& source, Refresher::Effects& effects) {
  Refresher::Item& item = *source.item;
  bool again = !item.is_early() && refresher_.may_begin_early(item, between_early_fetches(source));
  auto is_settled = [&](const std::string& key_id) {
    bool came = source.ring.keys()->find(key_id) != nullptr;
    if (!came && again) return false;
    if (!came) source.absent.add(key_id, clock_.steady(), between_early_fetches(source));
    return true;
  };
  refresher_.release_if(item, is_settled, effects);
  if (item.has_waiters()) refresher_.begin_early(item, effects);
}

void KeyService::Impl::succeed(Source& source, const KeySet& fetched, Refresher::Effects& effects) {
  KeyRing::Change change = source.ring.merge(fetched, source.settings.jwks_file.empty()
                                                          ? KeyRing::Withdrawal::kAfterTwoFetches
                                                          : KeyRing::Withdrawal::kAtOnce);
  source.last_success = clock_.wall();
  if (refresher_.succeeded(*source.item)) {
    tell(effects, event_of(KeyEvent::Kind::kRecovered, source, "the key set was fetched again"));
  }
  std::string alarms = alarms_of(fetched);
  if (!alarms.empty() && alarms != source.last_alarms) {
    tell(effects, event_of(KeyEvent::Kind::kKeysRejected, source, alarms));
  }
  source.last_alarms = std::move(alarms);
  if (change.any()) {
    source.absent.clear();
    auto event = event_of(KeyEvent::Kind::kKeysChanged, source, "the key set changed");
    event.added = std::move(change.added);
    event.removed = std::move(change.removed);
    tell(effects, std::move(event));
  }
  refresher_.schedule(*source.item, next_refresh(source));
}

void KeyService::Impl::fail_with(Source& source, Error error, Refresher::Effects& effects) {
  error =
      fail(std::move(error), "while fetching the keys of issuer " + source.settings.name).error();
  if (refresher_.failed(*source.item, std::move(error))) {
    const Error& last = source.item->last_error();
    auto kind =
        is_rejection(last.code) ? KeyEvent::Kind::kKeysRejected : KeyEvent::Kind::kFetchFailed;
    tell(effects, event_of(kind, source, last.text()));
  }
  if (source.ring.keys() != nullptr && clock_.wall() >= keys_until(source)) {
    auto event =
        event_of(KeyEvent::Kind::kKeysExpired, source, "no key set for too long; requests get 503");
    for (const auto& key : source.ring.keys()->keys()) event.removed.push_back(key->key_id());
    tell(effects, std::move(event));
    source.ring.clear();
  }
  refresher_.schedule(*source.item, next_retry(source));
}

// A little early by chance, so that a fleet started together does not ask together. A key that
// seems withdrawn is looked at again soon: in an emergency an hour is long.
milliseconds KeyService::Impl::next_refresh(const Source& source) {
  auto most = std::min<milliseconds>(timing_.refresh, source.settings.key_refresh);
  auto delay = most - http::share_of_tenth(most, http::chance(entropy_));
  return source.ring.withdrawal_pending() ? std::min(delay, between_early_fetches(source)) : delay;
}

milliseconds KeyService::Impl::next_retry(const Source& source) const {
  bool has_keys = source.ring.keys() != nullptr;
  auto most = has_keys ? timing_.retry_with_keys : timing_.retry_without_keys;
  return http::doubling_pause(timing_.retry_first,
                              std::min<milliseconds>(most, source.settings.key_refresh),
                              source.item->failures());
}

WallTime KeyService::Impl::keys_until(const Source& source) const {
  if (!source.settings.jwks_file.empty() || !source.last_success) return WallTime::max();
  return *source.last_success + timing_.keep;
}

void KeyService::Impl::publish_snapshot() {
  SnapshotPtr made;
  {
    MutexLock lock(refresher_.mutex());
    std::vector<IssuerState> issuers;
    for (const auto& source : sources_) {
      auto& state =
          issuers.emplace_back(source->settings, source->ring.keys(), keys_until(*source));
      if (source->last_success) state.fetched_at = *source->last_success;
    }
    made = make_snapshot(generation_, std::move(issuers));
  }
  if (publish_) publish_(std::move(made));
}

bool KeyService::Impl::refresh_for(std::string_view issuer, std::string_view key_id,
                                   std::function<void()> done) {
  if (key_id.size() > kMostKeyIdBytes) return false;
  Refresher::Effects effects;
  {
    MutexLock lock(refresher_.mutex());
    auto found = std::ranges::find_if(
        sources_, [&](const auto& source) { return source->settings.name == issuer; });
    if (found == sources_.end()) return false;
    Source& source = **found;
    if (source.ring.keys() != nullptr && source.ring.keys()->find(key_id) != nullptr) {
      // It came a moment ago: the caller's snapshot is older. What was published is ahead of this.
      effects.done.push_back(std::move(done));
    } else {
      if (source.absent.contains(key_id, clock_.steady())) return false;
      auto asked = refresher_.ask_early(*source.item, between_early_fetches(source),
                                        std::string(key_id), std::move(done), effects);
      if (asked == Refresher::Asked::kNo) return false;
      if (asked == Refresher::Asked::kJoined) return true;
    }
  }
  refresher_.post(std::move(effects));
  return true;
}

std::vector<IssuerHealth> KeyService::Impl::health() const {
  MutexLock lock(refresher_.mutex());
  std::vector<IssuerHealth> out;
  for (const auto& source : sources_) {
    const auto& keys = source->ring.keys();
    const Error& error = source->item->last_error();
    out.push_back({.name = source->settings.name,
                   .issuer = source->settings.issuer,
                   .ready = keys != nullptr && clock_.wall() < keys_until(*source),
                   .keys = keys == nullptr ? 0 : keys->size(),
                   .last_success = source->last_success,
                   .last_error = error.code.empty() ? "" : error.text()});
  }
  return out;
}

KeyService::KeyService(const http::Refresher::Needs& needs, std::vector<IssuerSettings> issuers,
                       Publish publish, OnEvent on_event, const Timing& timing)
    : impl_(std::make_unique<Impl>(needs, std::move(issuers), std::move(publish),
                                   std::move(on_event), timing)) {}

KeyService::~KeyService() = default;

void KeyService::start() {
  impl_->start();
}

void KeyService::reload(std::vector<IssuerSettings> issuers) {
  impl_->reload(std::move(issuers));
}

bool KeyService::refresh_for_unknown_key(std::string_view issuer_name, std::string_view key_id,
                                         std::function<void()> done) {
  return impl_->refresh_for(issuer_name, key_id, std::move(done));
}

std::vector<IssuerHealth> KeyService::health() const {
  return impl_->health();
}

}  // namespace sallyport::identity
