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
struct IssuerKeys {
  IssuerSettings settings;
  Refresher::Item* item = nullptr;  ///< of the refresher, for as long as this issuer is there
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

KeyEvent event_of(KeyEvent::Kind kind, const IssuerKeys& issuer, std::string message) {
  return {.kind = kind,
          .issuer = issuer.settings.name,
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
    for (auto& settings : issuers) issuers_.push_back(make_issuer(std::move(settings)));
  }

  void start() {
    refresher_.post([this] { begin(); });
  }
  void reload(std::vector<IssuerSettings> issuers) {
    refresher_.post([this, issuers = std::move(issuers)] { replace(issuers); });
  }
  bool refresh_for(std::string_view name, std::string_view key_id, std::function<void()> done);
  std::vector<IssuerHealth> health() const;

 private:
  // On the fetch thread, without the lock:
  void begin();
  void replace(const std::vector<IssuerSettings>& issuers);
  void fetch(const Refresher::Ticket& ticket);
  void on_fetched(const Refresher::Ticket& ticket, Result<KeySetPtr> fetched);
  void publish_snapshot();

  // With the lock:
  std::unique_ptr<IssuerKeys> make_issuer(IssuerSettings settings) REQUIRES(refresher_.mutex());
  IssuerKeys* find(std::uint64_t item) const REQUIRES(refresher_.mutex());
  void succeed(IssuerKeys& issuer, const KeySet& fetched, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void fail_with(IssuerKeys& issuer, Error error, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void settle_waiters(IssuerKeys& issuer, Refresher::Effects& effects) REQUIRES(refresher_.mutex());
  void swap_issuers(const std::vector<IssuerSettings>& issuers, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void begin_what_waits(Refresher::Effects& effects) REQUIRES(refresher_.mutex());
  [[nodiscard]] bool has_settings(const std::vector<IssuerSettings>& issuers) const
      REQUIRES(refresher_.mutex());

  void tell(Refresher::Effects& effects, KeyEvent event) const;
  [[nodiscard]] milliseconds between_early_fetches(const IssuerKeys& issuer) const {
    return std::min(timing_.unknown_key, issuer.settings.key_refresh / 12);
  }
  [[nodiscard]] milliseconds next_refresh(const IssuerKeys& issuer);
  [[nodiscard]] milliseconds next_retry(const IssuerKeys& issuer) const;
  [[nodiscard]] WallTime keys_until(const IssuerKeys& issuer) const;

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;
  /// In the order of the settings.
  std::vector<std::unique_ptr<IssuerKeys>> issuers_ GUARDED_BY(refresher_.mutex());
  std::uint64_t generation_ GUARDED_BY(refresher_.mutex()) = 1;
  Refresher refresher_;  ///< the last: when it is gone, nothing of this runs
};

std::unique_ptr<IssuerKeys> KeyService::Impl::make_issuer(IssuerSettings settings) {
  auto issuer = std::make_unique<IssuerKeys>();
  issuer->settings = std::move(settings);
  issuer->item = &refresher_.add();
  return issuer;
}

IssuerKeys* KeyService::Impl::find(std::uint64_t item) const {
  for (const auto& issuer : issuers_) {
    if (issuer->item->id() == item) return issuer.get();
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
    for (auto& issuer : issuers_) refresher_.begin(*issuer->item, effects);
  }
  refresher_.run(std::move(effects));
}

void KeyService::Impl::replace(const std::vector<IssuerSettings>& issuers) {
  Refresher::Effects effects;
  {
    MutexLock lock(refresher_.mutex());
    if (!has_settings(issuers)) {
      swap_issuers(issuers, effects);
      ++generation_;
      effects.publish = true;
    }
    begin_what_waits(effects);
  }
  refresher_.run(std::move(effects));
}

bool KeyService::Impl::has_settings(const std::vector<IssuerSettings>& issuers) const {
  return std::ranges::equal(issuers, issuers_, {}, {},
                            [](const auto& issuer) { return issuer->settings; });
}

void KeyService::Impl::swap_issuers(const std::vector<IssuerSettings>& issuers,
                                    Refresher::Effects& effects) {
  std::vector<std::unique_ptr<IssuerKeys>> next;
  for (const auto& settings : issuers) {
    auto old = std::ranges::find_if(issuers_, [&](const auto& issuer) {
      return issuer != nullptr && same_key_source(issuer->settings, settings);
    });
    if (old != issuers_.end()) {
      next.push_back(std::move(*old));
      IssuerKeys& kept = *next.back();
      bool sooner = settings.key_refresh < kept.settings.key_refresh;
      kept.settings = settings;
      if (sooner && kept.item->failures() == 0 && !kept.item->is_fetching()) {
        refresher_.schedule(*kept.item, next_refresh(kept));
      }
    } else {
      next.push_back(make_issuer(settings));
      refresher_.begin(*next.back()->item, effects);
    }
  }
  for (auto& gone : issuers_) {
    if (gone != nullptr) refresher_.remove(*gone->item, effects);
  }
  issuers_ = std::move(next);
}

// An administrator who took a key out of the file and sent SIGHUP waits for no hour; nor does one
// who mended what kept the keys away: a name, a certificate's authority, a proxy.
void KeyService::Impl::begin_what_waits(Refresher::Effects& effects) {
  for (auto& issuer : issuers_) {
    bool waits = !issuer->settings.jwks_file.empty() || issuer->item->failures() > 0;
    if (waits && !issuer->item->is_fetching()) refresher_.begin(*issuer->item, effects);
  }
}

void KeyService::Impl::fetch(const Refresher::Ticket& ticket) {
  IssuerSettings settings;
  {
    MutexLock lock(refresher_.mutex());
    IssuerKeys* issuer = find(ticket.item);
    if (issuer == nullptr) return;
    settings = issuer->settings;
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
    IssuerKeys& issuer = *find(ticket.item);
    if (fetched) {
      succeed(issuer, **fetched, effects);
      settle_waiters(issuer, effects);
    } else {
      fail_with(issuer, std::move(fetched.error()), effects);
      refresher_.release(*item, effects);
    }
  }
  refresher_.run(std::move(effects));
}

// Tells the waiting requests whose key came. The others may have joined an hourly fetch that asked
// a moment before their key was published: for them an early one starts, if it may.
void KeyService::Impl::settle_waiters(IssuerKeys& issuer, Refresher::Effects& effects) {
  Refresher::Item& item = *issuer.item;
  bool again = !item.is_early() && refresher_.may_begin_early(item, between_early_fetches(issuer));
  auto is_settled = [&](const std::string& key_id) {
    bool came = issuer.ring.keys()->find(key_id) != nullptr;
    if (!came && again) return false;
    if (!came) issuer.absent.add(key_id, clock_.steady(), between_early_fetches(issuer));
    return true;
  };
  refresher_.release_if(item, is_settled, effects);
  if (item.has_waiters()) refresher_.begin_early(item, effects);
}

void KeyService::Impl::succeed(IssuerKeys& issuer, const KeySet& fetched,
                               Refresher::Effects& effects) {
  KeyRing::Change change = issuer.ring.merge(fetched, issuer.settings.jwks_file.empty()
                                                          ? KeyRing::Withdrawal::kAfterTwoFetches
                                                          : KeyRing::Withdrawal::kAtOnce);
  issuer.last_success = clock_.wall();
  if (refresher_.succeeded(*issuer.item)) {
    tell(effects, event_of(KeyEvent::Kind::kRecovered, issuer, "the key set was fetched again"));
  }
  std::string alarms = alarms_of(fetched);
  if (!alarms.empty() && alarms != issuer.last_alarms) {
    tell(effects, event_of(KeyEvent::Kind::kKeysRejected, issuer, alarms));
  }
  issuer.last_alarms = std::move(alarms);
  if (change.any()) {
    issuer.absent.clear();
    auto event = event_of(KeyEvent::Kind::kKeysChanged, issuer, "the key set changed");
    event.added = std::move(change.added);
    event.removed = std::move(change.removed);
    tell(effects, std::move(event));
  }
  refresher_.schedule(*issuer.item, next_refresh(issuer));
}

void KeyService::Impl::fail_with(IssuerKeys& issuer, Error error, Refresher::Effects& effects) {
  error =
      fail(std::move(error), "while fetching the keys of issuer " + issuer.settings.name).error();
  if (refresher_.failed(*issuer.item, std::move(error))) {
    const Error& last = issuer.item->last_error();
    auto kind =
        is_rejection(last.code) ? KeyEvent::Kind::kKeysRejected : KeyEvent::Kind::kFetchFailed;
    tell(effects, event_of(kind, issuer, last.text()));
  }
  if (issuer.ring.keys() != nullptr && clock_.wall() >= keys_until(issuer)) {
    auto event =
        event_of(KeyEvent::Kind::kKeysExpired, issuer, "no key set for too long; requests get 503");
    for (const auto& key : issuer.ring.keys()->keys()) event.removed.push_back(key->key_id());
    tell(effects, std::move(event));
    issuer.ring.clear();
  }
  refresher_.schedule(*issuer.item, next_retry(issuer));
}

// A little early by chance, so that a fleet started together does not ask together. A key that
// seems withdrawn is looked at again soon: in an emergency an hour is long.
milliseconds KeyService::Impl::next_refresh(const IssuerKeys& issuer) {
  auto most = std::min<milliseconds>(timing_.refresh, issuer.settings.key_refresh);
  auto delay = most - http::share_of_tenth(most, http::chance(entropy_));
  return issuer.ring.withdrawal_pending() ? std::min(delay, between_early_fetches(issuer)) : delay;
}

milliseconds KeyService::Impl::next_retry(const IssuerKeys& issuer) const {
  bool has_keys = issuer.ring.keys() != nullptr;
  auto most = has_keys ? timing_.retry_with_keys : timing_.retry_without_keys;
  return http::doubling_pause(timing_.retry_first,
                              std::min<milliseconds>(most, issuer.settings.key_refresh),
                              issuer.item->failures());
}

WallTime KeyService::Impl::keys_until(const IssuerKeys& issuer) const {
  if (!issuer.settings.jwks_file.empty() || !issuer.last_success) return WallTime::max();
  return *issuer.last_success + timing_.keep;
}

void KeyService::Impl::publish_snapshot() {
  SnapshotPtr made;
  {
    MutexLock lock(refresher_.mutex());
    std::vector<IssuerState> issuers;
    for (const auto& issuer : issuers_) {
      auto& state =
          issuers.emplace_back(issuer->settings, issuer->ring.keys(), keys_until(*issuer));
      if (issuer->last_success) state.fetched_at = *issuer->last_success;
    }
    made = make_snapshot(generation_, std::move(issuers));
  }
  if (publish_) publish_(std::move(made));
}

bool KeyService::Impl::refresh_for(std::string_view name, std::string_view key_id,
                                   std::function<void()> done) {
  if (key_id.size() > kMostKeyIdBytes) return false;
  Refresher::Effects effects;
  {
    MutexLock lock(refresher_.mutex());
    auto found = std::ranges::find_if(
        issuers_, [&](const auto& issuer) { return issuer->settings.name == name; });
    if (found == issuers_.end()) return false;
    IssuerKeys& issuer = **found;
    if (issuer.ring.keys() != nullptr && issuer.ring.keys()->find(key_id) != nullptr) {
      // It came a moment ago: the caller's snapshot is older. What was published is ahead of this.
      effects.done.push_back(std::move(done));
    } else {
      if (issuer.absent.contains(key_id, clock_.steady())) return false;
      auto asked = refresher_.ask_early(*issuer.item, between_early_fetches(issuer),
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
  for (const auto& issuer : issuers_) {
    const auto& keys = issuer->ring.keys();
    const Error& error = issuer->item->last_error();
    out.push_back({.name = issuer->settings.name,
                   .issuer = issuer->settings.issuer,
                   .ready = keys != nullptr && clock_.wall() < keys_until(*issuer),
                   .keys = keys == nullptr ? 0 : keys->size(),
                   .last_success = issuer->last_success,
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
