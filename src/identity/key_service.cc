#include "identity/key_service.h"

#include <algorithm>
#include <mutex>

#include "identity/absent_keys.h"
#include "identity/discovery.h"
#include "identity/key_ring.h"
#include "identity/key_set.h"
#include "identity/key_source.h"

namespace sallyport::identity {
namespace {

constexpr std::size_t kMostWaiters = 4096;    // a request each; beyond, it is told no at once
constexpr std::size_t kMostKeyIdBytes = 256;  // longer ones are in no key set

/// What is left to do once the lock is given back. Runs on the fetch thread.
struct Effects {
  std::vector<KeyEvent> events;
  SnapshotPtr publish;
  std::vector<std::function<void()>> done;
};

struct Waiter {
  std::string key_id;
  std::function<void()> done;
};

/// One issuer's keys, schedule and waiting requests. Guarded by the service's mutex.
struct Source {
  IssuerSettings settings;
  std::uint64_t id = 0;  ///< never used twice: a late answer for a source that is gone is dropped
  KeyRing ring;
  std::optional<WallTime> last_success;
  Error last_error;  ///< without code after a success
  std::string last_alarms;
  unsigned failures = 0;
  bool fetching = false;
  bool early = false;       ///< the running fetch is one for an unknown `kid`
  std::uint64_t timer = 0;  ///< only the newest timer counts
  std::optional<SteadyTime> last_early_fetch;
  AbsentKeys absent;
  std::vector<Waiter> waiters;
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

std::string_view name_of(KeyEvent::Kind kind) {
  switch (kind) {
    case KeyEvent::Kind::kKeysChanged:
      return "keys.changed";
    case KeyEvent::Kind::kFetchFailed:
      return "keys.fetch_failed";
    case KeyEvent::Kind::kRecovered:
      return "keys.recovered";
    case KeyEvent::Kind::kKeysRejected:
      return "keys.rejected";
    case KeyEvent::Kind::kKeysExpired:
      return "keys.expired";
  }
  return "keys.changed";
}

/// Held by the service and, weakly, by everything it left with the Fetcher.
class KeyService::Impl : public std::enable_shared_from_this<KeyService::Impl> {
 public:
  Impl(http::Fetcher& fetcher, Clock& clock, Entropy& entropy, std::vector<IssuerSettings> issuers,
       Publish publish, OnEvent on_event, Timing timing)
      : fetcher_(fetcher),
        clock_(clock),
        entropy_(entropy),
        timing_(timing),
        publish_(std::move(publish)),
        on_event_(std::move(on_event)) {
    for (auto& settings : issuers) sources_.push_back(make_source(std::move(settings)));
  }

  void start() {
    post([](Impl& self) { self.begin(); });
  }
  void reload(std::vector<IssuerSettings> issuers) {
    post([issuers = std::move(issuers)](Impl& self) { self.replace(issuers); });
  }
  bool refresh_for(std::string_view issuer, std::string_view key_id, std::function<void()> done);
  std::vector<IssuerHealth> health() const;

  void stop() {
    std::lock_guard callbacks(callback_mutex_);
    stopped_ = true;
  }

 private:
  template <typename Work>
  void post(Work work) {
    fetcher_.post([weak = weak_from_this(), work = std::move(work)] {
      if (auto self = weak.lock()) work(*self);
    });
  }

  std::unique_ptr<Source> make_source(IssuerSettings settings) {
    auto source = std::make_unique<Source>();
    source->settings = std::move(settings);
    source->id = ++last_id_;
    return source;
  }
  Source* find(std::uint64_t id) const {
    for (const auto& source : sources_) {
      if (source->id == id) return source.get();
    }
    return nullptr;
  }

  // On the fetch thread, without the lock:
  void begin();
  void replace(const std::vector<IssuerSettings>& issuers);
  void fetch(std::uint64_t id);
  void on_timer(std::uint64_t id, std::uint64_t timer);
  void on_fetched(std::uint64_t id, Result<KeySetPtr> fetched);
  void run(Effects effects);

  // With the lock:
  void succeed(Source& source, const KeySet& fetched, Effects& effects);
  void fail_with(Source& source, Error error, Effects& effects);
  void release_waiters(Source& source, Effects& effects);
  [[nodiscard]] bool settle_waiters(Source& source, Effects& effects);
  [[nodiscard]] bool may_fetch_early(const Source& source) const;
  [[nodiscard]] std::chrono::milliseconds between_early_fetches(const Source& source) const {
    return std::min(timing_.unknown_key, source.settings.key_refresh / 12);
  }
  void swap_sources(const std::vector<IssuerSettings>& issuers, Effects& effects,
                    std::vector<std::uint64_t>& fresh);
  void begin_what_waits(std::vector<std::uint64_t>& fresh);
  void begin_early_fetch(Source& source);
  void schedule(Source& source, std::chrono::milliseconds delay);
  [[nodiscard]] std::chrono::milliseconds next_refresh(const Source& source);
  [[nodiscard]] std::chrono::milliseconds next_retry(const Source& source) const;
  [[nodiscard]] WallTime keys_until(const Source& source) const;
  [[nodiscard]] SnapshotPtr snapshot() const;

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Source>> sources_;  ///< guarded, in the order of the settings
  std::uint64_t generation_ = 1;                  ///< guarded
  std::uint64_t last_id_ = 0;                     ///< guarded
  std::uint64_t last_timer_ = 0;                  ///< guarded

  std::mutex callback_mutex_;  ///< held while the owner's functions run
  bool stopped_ = false;       ///< guarded by it
};

void KeyService::Impl::begin() {
  Effects effects;
  std::vector<std::uint64_t> ids;
  {
    std::lock_guard lock(mutex_);
    effects.publish = snapshot();
    for (auto& source : sources_) {
      source->fetching = true;
      ids.push_back(source->id);
    }
  }
  run(std::move(effects));
  for (auto id : ids) fetch(id);
}

void KeyService::Impl::replace(const std::vector<IssuerSettings>& issuers) {
  Effects effects;
  std::vector<std::uint64_t> fresh;
  {
    std::lock_guard lock(mutex_);
    bool same = std::ranges::equal(issuers, sources_, {}, {},
                                   [](const auto& source) { return source->settings; });
    if (!same) {
      swap_sources(issuers, effects, fresh);
      ++generation_;
      effects.publish = snapshot();
    }
    begin_what_waits(fresh);
  }
  run(std::move(effects));
  for (auto id : fresh) fetch(id);
}

void KeyService::Impl::swap_sources(const std::vector<IssuerSettings>& issuers, Effects& effects,
                                    std::vector<std::uint64_t>& fresh) {
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
      if (sooner && kept.failures == 0 && !kept.fetching) schedule(kept, next_refresh(kept));
    } else {
      next.push_back(make_source(settings));
      next.back()->fetching = true;
      fresh.push_back(next.back()->id);
    }
  }
  for (auto& gone : sources_) {
    if (gone != nullptr) release_waiters(*gone, effects);
  }
  sources_ = std::move(next);
}

// An administrator who took a key out of the file and sent SIGHUP waits for no hour; nor does one
// who mended what kept the keys away: a name, a certificate's authority, a proxy.
void KeyService::Impl::begin_what_waits(std::vector<std::uint64_t>& fresh) {
  for (auto& source : sources_) {
    bool waits = !source->settings.jwks_file.empty() || source->failures > 0;
    if (!waits || source->fetching) continue;
    source->fetching = true;
    source->early = false;
    fresh.push_back(source->id);
  }
}

// `fetching` of the source is set already: only one fetch runs for it at a time.
void KeyService::Impl::fetch(std::uint64_t id) {
  IssuerSettings settings;
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr) return;
    settings = source->settings;
  }
  fetch_keys(fetcher_, settings, timing_.fetch_timeout,
             [weak = weak_from_this(), id](Result<KeySetPtr> fetched) {
               if (auto self = weak.lock()) self->on_fetched(id, std::move(fetched));
             });
}

void KeyService::Impl::on_timer(std::uint64_t id, std::uint64_t timer) {
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr || source->timer != timer || source->fetching) return;
    source->fetching = true;
    source->early = false;
  }
  fetch(id);
}

void KeyService::Impl::on_fetched(std::uint64_t id, Result<KeySetPtr> fetched) {
  Effects effects;
  bool again = false;
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr) return;
    source->fetching = false;
    if (fetched) {
      succeed(*source, **fetched, effects);
      again = settle_waiters(*source, effects);
    } else {
      fail_with(*source, std::move(fetched.error()), effects);
      release_waiters(*source, effects);
    }
    effects.publish = snapshot();
  }
  run(std::move(effects));
  if (again) fetch(id);
}

// Tells the waiting requests whose key came. The others may have joined an hourly fetch that asked
// a moment before their key was published: for them an early one starts, if it may.
bool KeyService::Impl::settle_waiters(Source& source, Effects& effects) {
  bool again = !source.early && may_fetch_early(source);
  std::vector<Waiter> waiting;
  for (auto& waiter : source.waiters) {
    bool came = source.ring.keys()->find(waiter.key_id) != nullptr;
    if (!came && again) {
      waiting.push_back(std::move(waiter));
      continue;
    }
    if (!came) source.absent.add(waiter.key_id, clock_.steady(), between_early_fetches(source));
    effects.done.push_back(std::move(waiter.done));
  }
  source.waiters = std::move(waiting);
  if (source.waiters.empty()) return false;
  begin_early_fetch(source);
  return true;
}

bool KeyService::Impl::may_fetch_early(const Source& source) const {
  return !source.last_early_fetch ||
         clock_.steady() - *source.last_early_fetch >= between_early_fetches(source);
}

void KeyService::Impl::begin_early_fetch(Source& source) {
  source.last_early_fetch = clock_.steady();
  source.fetching = true;
  source.early = true;
}

void KeyService::Impl::succeed(Source& source, const KeySet& fetched, Effects& effects) {
  KeyRing::Change change = source.ring.merge(fetched, source.settings.jwks_file.empty()
                                                          ? KeyRing::Withdrawal::kAfterTwoFetches
                                                          : KeyRing::Withdrawal::kAtOnce);
  source.last_success = clock_.wall();
  if (source.failures > 0) {
    effects.events.push_back(
        event_of(KeyEvent::Kind::kRecovered, source, "the key set was fetched again"));
  }
  source.failures = 0;
  source.last_error = {};
  std::string alarms = alarms_of(fetched);
  if (!alarms.empty() && alarms != source.last_alarms) {
    effects.events.push_back(event_of(KeyEvent::Kind::kKeysRejected, source, alarms));
  }
  source.last_alarms = std::move(alarms);
  if (change.any()) {
    source.absent.clear();
    auto& event = effects.events.emplace_back(
        event_of(KeyEvent::Kind::kKeysChanged, source, "the key set changed"));
    event.added = std::move(change.added);
    event.removed = std::move(change.removed);
  }
  schedule(source, next_refresh(source));
}

void KeyService::Impl::fail_with(Source& source, Error error, Effects& effects) {
  error =
      fail(std::move(error), "while fetching the keys of issuer " + source.settings.name).error();
  // One line when it starts and one when the cause changes, not one a retry.
  if (source.failures++ == 0 || error.code != source.last_error.code) {
    auto kind =
        is_rejection(error.code) ? KeyEvent::Kind::kKeysRejected : KeyEvent::Kind::kFetchFailed;
    effects.events.push_back(event_of(kind, source, error.text()));
  }
  source.last_error = std::move(error);
  if (source.ring.keys() != nullptr && clock_.wall() >= keys_until(source)) {
    auto& event = effects.events.emplace_back(event_of(
        KeyEvent::Kind::kKeysExpired, source, "no key set for too long; requests get 503"));
    for (const auto& key : source.ring.keys()->keys()) event.removed.push_back(key->key_id());
    source.ring.clear();
  }
  schedule(source, next_retry(source));
}

void KeyService::Impl::release_waiters(Source& source, Effects& effects) {
  for (auto& waiter : source.waiters) effects.done.push_back(std::move(waiter.done));
  source.waiters.clear();
}

void KeyService::Impl::schedule(Source& source, std::chrono::milliseconds delay) {
  source.timer = ++last_timer_;
  fetcher_.after(delay, [weak = weak_from_this(), id = source.id, timer = source.timer] {
    if (auto self = weak.lock()) self->on_timer(id, timer);
  });
}

// A little early by chance, so that a fleet started together does not ask together. A key that
// seems withdrawn is looked at again soon: in an emergency an hour is long.
std::chrono::milliseconds KeyService::Impl::next_refresh(const Source& source) {
  std::uint8_t byte[1];
  entropy_.fill(byte);
  auto most = std::min(timing_.refresh, source.settings.key_refresh);
  auto delay = most - most * byte[0] / 2560;
  return source.ring.withdrawal_pending() ? std::min(delay, between_early_fetches(source)) : delay;
}

std::chrono::milliseconds KeyService::Impl::next_retry(const Source& source) const {
  bool has_keys = source.ring.keys() != nullptr;
  auto most = has_keys ? timing_.retry_with_keys : timing_.retry_without_keys;
  auto delay = timing_.retry_first * (1U << std::min(source.failures - 1, 20U));
  return std::min({delay, most, source.settings.key_refresh});
}

WallTime KeyService::Impl::keys_until(const Source& source) const {
  if (!source.settings.jwks_file.empty() || !source.last_success) return WallTime::max();
  return *source.last_success + timing_.keep;
}

SnapshotPtr KeyService::Impl::snapshot() const {
  std::vector<IssuerState> issuers;
  for (const auto& source : sources_) {
    auto& state = issuers.emplace_back(source->settings, source->ring.keys(), keys_until(*source));
    if (source->last_success) state.fetched_at = *source->last_success;
  }
  return make_snapshot(generation_, std::move(issuers));
}

void KeyService::Impl::run(Effects effects) {
  std::lock_guard callbacks(callback_mutex_);
  if (stopped_) return;
  for (const auto& event : effects.events) {
    if (on_event_) on_event_(event);
  }
  if (effects.publish != nullptr && publish_) publish_(std::move(effects.publish));
  for (const auto& done : effects.done) done();
}

bool KeyService::Impl::refresh_for(std::string_view issuer, std::string_view key_id,
                                   std::function<void()> done) {
  if (key_id.size() > kMostKeyIdBytes) return false;
  std::uint64_t id = 0;
  {
    std::lock_guard lock(mutex_);
    auto found = std::ranges::find_if(
        sources_, [&](const auto& source) { return source->settings.name == issuer; });
    if (found == sources_.end()) return false;
    Source& source = **found;
    if (source.ring.keys() != nullptr && source.ring.keys()->find(key_id) != nullptr) {
      // It came a moment ago: the caller's snapshot is older. What was published is ahead of this.
      post([done = std::move(done)](Impl& self) { self.run({{}, nullptr, {done}}); });
      return true;
    }
    if (source.absent.contains(key_id, clock_.steady())) return false;
    if (source.waiters.size() >= kMostWaiters) return false;
    if (!source.fetching && !may_fetch_early(source)) return false;
    source.waiters.push_back({std::string(key_id), std::move(done)});
    if (source.fetching) return true;
    begin_early_fetch(source);
    id = source.id;
  }
  post([id](Impl& self) { self.fetch(id); });
  return true;
}

std::vector<IssuerHealth> KeyService::Impl::health() const {
  std::lock_guard lock(mutex_);
  std::vector<IssuerHealth> out;
  for (const auto& source : sources_) {
    const auto& keys = source->ring.keys();
    out.push_back({.name = source->settings.name,
                   .issuer = source->settings.issuer,
                   .ready = keys != nullptr && clock_.wall() < keys_until(*source),
                   .keys = keys == nullptr ? 0 : keys->size(),
                   .last_success = source->last_success,
                   .last_error = source->last_error.code.empty() ? "" : source->last_error.text()});
  }
  return out;
}

KeyService::KeyService(http::Fetcher& fetcher, Clock& clock, Entropy& entropy,
                       std::vector<IssuerSettings> issuers, Publish publish, OnEvent on_event,
                       Timing timing)
    : impl_(std::make_shared<Impl>(fetcher, clock, entropy, std::move(issuers), std::move(publish),
                                   std::move(on_event), timing)) {}

KeyService::KeyService(http::Fetcher& fetcher, Clock& clock, Entropy& entropy,
                       std::vector<IssuerSettings> issuers, Publish publish, OnEvent on_event)
    : KeyService(fetcher, clock, entropy, std::move(issuers), std::move(publish),
                 std::move(on_event), Timing{}) {}

KeyService::~KeyService() {
  impl_->stop();
}

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
