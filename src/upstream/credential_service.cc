#include "upstream/credential_service.h"

#include <algorithm>

#include "cloud/token_source.h"
#include "upstream/credential_instruments.h"

namespace sallyport::upstream {
namespace {

using cloud::CredentialFailure;
using cloud::name_of;
using cloud::obtain;
using cloud::Obtained;
using Token = cloud::AccessToken;
using http::Refresher;
using std::chrono::milliseconds;

constexpr milliseconds kSoonest{50};  // between two requests to a source that fails
constexpr milliseconds kSoonestRenewal{500};

/// One upstream's credential. Guarded by the refresher's mutex, as is its item there.
struct UpstreamCredential {
  std::uint64_t id = 0;             ///< credential_id
  Refresher::Item* item = nullptr;  ///< of the refresher, for as long as this credential is there
  std::string upstream;
  std::shared_ptr<const CredentialSettings> settings;
  CredentialPtr current;
  std::optional<WallTime> refused;
  int refused_status = 0;

  [[nodiscard]] bool is_key() const { return settings->kind == CredentialKind::kApiKey; }
};

CredentialEvent event_of(CredentialEvent::Kind kind, const UpstreamCredential& held,
                         std::string message = {}) {
  return {.kind = kind,
          .upstream = held.upstream,
          .source = name_of(held.settings->kind),
          .message = std::move(message),
          .expires = {}};
}

milliseconds until(WallTime at, WallTime now) {
  return std::chrono::duration_cast<milliseconds>(at - now);
}

}  // namespace

milliseconds renewal_delay(milliseconds life, std::uint8_t chance) {
  auto half = life / 2;
  auto delay =
      life >= std::chrono::hours(2) ? half : std::max(half, life - std::chrono::minutes(5));
  return delay - http::share_of_tenth(delay, chance);
}

class CredentialService::Impl {
 public:
  Impl(const Refresher::Needs& needs, const std::vector<UpstreamSettings>& upstreams,
       Publish publish, OnEvent on_event, Timing timing)
      : fetcher_(needs.fetcher),
        clock_(needs.clock),
        entropy_(needs.entropy),
        timing_(std::move(timing)),
        publish_(std::move(publish)),
        on_event_(std::move(on_event)),
        instruments_(needs.metrics),
        refresher_(fetcher_, clock_,
                   {.fetch = [this](Refresher::Ticket ticket) { fetch(ticket); },
                    .publish = [this] { publish_snapshot(); }}) {
    Refresher::Effects effects;  // start() has the same fetches begin
    replace(upstreams, effects);
  }

  void start();
  void reload(const std::vector<UpstreamSettings>& upstreams);
  bool renew(std::uint64_t id, std::uint64_t serial, std::function<void()> done);
  void note_refused(std::uint64_t id, int status);
  std::vector<CredentialHealth> health() const;

 private:
  // Without the lock:
  void replace(const std::vector<UpstreamSettings>& upstreams, Refresher::Effects& effects);

  // On the fetch thread, without the lock:
  void fetch(const Refresher::Ticket& ticket);
  void on_obtained(const Refresher::Ticket& ticket, Obtained obtained);
  void publish_snapshot();

  // With the lock:
  UpstreamCredential* find(std::uint64_t id) const REQUIRES(refresher_.mutex());
  UpstreamCredential* find_item(std::uint64_t item) const REQUIRES(refresher_.mutex());
  std::unique_ptr<UpstreamCredential> take_over(const UpstreamSettings& settings,
                                                Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void hold_key(UpstreamCredential& held) REQUIRES(refresher_.mutex());
  void succeed(UpstreamCredential& held, const Token& token, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void fail_with(UpstreamCredential& held, CredentialFailure failure, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void drop_if_expired(UpstreamCredential& held, Refresher::Effects& effects);
  void show(const UpstreamCredential& held) REQUIRES(refresher_.mutex());

  void tell(Refresher::Effects& effects, CredentialEvent event) const;
  [[nodiscard]] milliseconds next_retry(const UpstreamCredential& held,
                                        const CredentialFailure& failure);

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;
  /// As the settings.
  std::vector<std::unique_ptr<UpstreamCredential>> credentials_ GUARDED_BY(refresher_.mutex());
  /// Of the last reload.
  std::vector<std::pair<std::uint64_t, CredentialPtr>> retired_ GUARDED_BY(refresher_.mutex());
  CredentialInstrumentTable instruments_ GUARDED_BY(refresher_.mutex());
  std::uint64_t last_serial_ GUARDED_BY(refresher_.mutex()) = 0;
  Refresher refresher_;  ///< the last: when it is gone, nothing of this runs
};

UpstreamCredential* CredentialService::Impl::find(std::uint64_t id) const {
  auto found = std::ranges::find(credentials_, id, [](const auto& held) { return held->id; });
  return found == credentials_.end() ? nullptr : found->get();
}

UpstreamCredential* CredentialService::Impl::find_item(std::uint64_t item) const {
  auto found =
      std::ranges::find(credentials_, item, [](const auto& held) { return held->item->id(); });
  return found == credentials_.end() ? nullptr : found->get();
}

void CredentialService::Impl::tell(Refresher::Effects& effects, CredentialEvent event) const {
  if (!on_event_) return;
  effects.events.emplace_back([this, event = std::move(event)] { on_event_(event); });
}

void CredentialService::Impl::hold_key(UpstreamCredential& held) {
  std::string_view key = held.settings->secret ? held.settings->secret->reveal() : "";
  held.current = std::make_shared<const Credential>(held.settings->header, key, ++last_serial_,
                                                    clock_.wall(), WallTime::max());
}

// The credential of these settings: the one that there is, or a new one.
std::unique_ptr<UpstreamCredential> CredentialService::Impl::take_over(
    const UpstreamSettings& settings, Refresher::Effects& effects) {
  std::uint64_t id = credential_id(settings);
  auto old = std::ranges::find_if(
      credentials_, [&](const auto& held) { return held != nullptr && held->id == id; });
  std::unique_ptr<UpstreamCredential> held;
  bool ask = true;
  if (old != credentials_.end()) {
    held = std::move(*old);
    bool changed = !same_credential(*held->settings, settings.credential);
    ask = changed || held->item->failures() > 0;
    if (changed) {
      held->settings = std::make_shared<const CredentialSettings>(settings.credential);
      tell(effects, event_of(CredentialEvent::Kind::kRotated, *held));
      if (held->is_key()) hold_key(*held);
    }
  } else {
    held = std::make_unique<UpstreamCredential>();
    held->id = id;
    held->item = &refresher_.add();
    held->upstream = settings.name;
    held->settings = std::make_shared<const CredentialSettings>(settings.credential);
    if (held->is_key()) hold_key(*held);
  }
  if (ask && !held->is_key()) refresher_.begin(*held->item, effects);
  show(*held);
  return held;
}

void CredentialService::Impl::replace(const std::vector<UpstreamSettings>& upstreams,
                                      Refresher::Effects& effects) {
  MutexLock lock(refresher_.mutex());
  for (const auto& held : credentials_) instruments_.of(held->upstream).clear();
  std::vector<std::unique_ptr<UpstreamCredential>> next;
  for (const auto& settings : upstreams) next.push_back(take_over(settings, effects));
  retired_.clear();
  for (auto& gone : credentials_) {
    if (gone == nullptr) continue;
    if (gone->current) retired_.emplace_back(gone->id, gone->current);
    refresher_.remove(*gone->item, effects);
  }
  credentials_ = std::move(next);
}

void CredentialService::Impl::reload(const std::vector<UpstreamSettings>& upstreams) {
  Refresher::Effects effects;
  effects.publish = true;
  replace(upstreams, effects);
  refresher_.post(std::move(effects));
}

void CredentialService::Impl::start() {
  refresher_.post([this] {
    Refresher::Effects effects;
    effects.publish = true;
    {
      MutexLock lock(refresher_.mutex());
      for (const auto& held : credentials_) {
        if (held->item->is_fetching()) refresher_.begin(*held->item, effects);
      }
    }
    refresher_.run(std::move(effects));
  });
}

void CredentialService::Impl::fetch(const Refresher::Ticket& ticket) {
  std::shared_ptr<const CredentialSettings> settings;
  {
    MutexLock lock(refresher_.mutex());
    UpstreamCredential* held = find_item(ticket.item);
    if (held == nullptr) return;
    settings = held->settings;
  }
  obtain({fetcher_, clock_, entropy_, std::move(settings), timing_.fetch_timeout},
         refresher_.while_alive(
             [this, ticket](Obtained obtained) { on_obtained(ticket, std::move(obtained)); }));
}

void CredentialService::Impl::on_obtained(const Refresher::Ticket& ticket, Obtained obtained) {
  Refresher::Effects effects;
  effects.publish = true;
  {
    MutexLock lock(refresher_.mutex());
    Refresher::Item* item = refresher_.end(ticket);
    if (item == nullptr) return;
    UpstreamCredential& held = *find_item(ticket.item);
    if (obtained) {
      succeed(held, *obtained, effects);
    } else {
      fail_with(held, std::move(obtained.error()), effects);
    }
    show(held);
    refresher_.release(*item, effects);
  }
  refresher_.run(std::move(effects));
}

void CredentialService::Impl::succeed(UpstreamCredential& held, const Token& token,
                                      Refresher::Effects& effects) {
  WallTime now = clock_.wall();
  instruments_.of(held.upstream).fetched.add();
  // A platform may hand out the token that it has kept: then it is no newer one, and nobody who was
  // refused with it tries again.
  bool same = held.current && held.current->holds(token.text.reveal());
  std::uint64_t serial = same ? held.current->serial() : ++last_serial_;
  WallTime obtained = same ? held.current->obtained() : now;
  held.current = credential_of(token, serial, obtained);
  if (refresher_.succeeded(*held.item)) {
    tell(effects, event_of(CredentialEvent::Kind::kRecovered, held));
  }
  if (!same) {
    auto event = event_of(CredentialEvent::Kind::kObtained, held);
    event.expires = token.expires;
    tell(effects, std::move(event));
  }
  auto delay = renewal_delay(until(token.expires, now), http::chance(entropy_));
  refresher_.schedule(*held.item, std::max(delay, kSoonestRenewal));
}

void CredentialService::Impl::fail_with(UpstreamCredential& held, CredentialFailure failure,
                                        Refresher::Effects& effects) {
  instruments_.of(held.upstream).failed.add();
  failure.error =
      fail(std::move(failure.error), "while obtaining the credential of upstream " + held.upstream)
          .error();
  if (refresher_.failed(*held.item, std::move(failure.error))) {
    std::string text = held.item->last_error().text();
    tell(effects, event_of(CredentialEvent::Kind::kFetchFailed, held, std::move(text)));
  }
  drop_if_expired(held, effects);
  refresher_.schedule(*held.item, next_retry(held, failure));
}

void CredentialService::Impl::drop_if_expired(UpstreamCredential& held,
                                              Refresher::Effects& effects) {
  if (!held.current || clock_.wall() < held.current->expires()) return;
  held.current = nullptr;
  tell(effects,
       event_of(CredentialEvent::Kind::kExpired, held, "no credential is left; requests get 503"));
}

milliseconds CredentialService::Impl::next_retry(const UpstreamCredential& held,
                                                 const CredentialFailure& failure) {
  milliseconds delay = failure.lasting ? timing_.lasting
                                       : http::listed_pause(timing_.retries, held.item->failures());
  delay = std::max<milliseconds>(delay, failure.retry_after);
  delay += http::share_of_tenth(delay, http::chance(entropy_));
  if (held.current) {  // once more at its end at the latest: then it is dropped
    delay = std::min(delay, until(held.current->expires(), clock_.wall()) + milliseconds(1));
  }
  return std::max(delay, kSoonest);
}

void CredentialService::Impl::show(const UpstreamCredential& held) {
  auto& instruments = instruments_.of(held.upstream);
  const auto& current = held.current;
  instruments.ready.set(current ? 1 : 0);
  instruments.obtained.set(current ? unix_seconds(current->obtained()) : 0);
  bool ends = current && current->expires() != WallTime::max();
  instruments.expires.set(ends ? unix_seconds(current->expires()) : 0);
}

void CredentialService::Impl::publish_snapshot() {
  auto made = std::make_shared<Credentials>();
  {
    MutexLock lock(refresher_.mutex());
    for (const auto& held : credentials_) {
      if (held->current) made->add(held->id, held->current);
    }
    for (const auto& [id, credential] : retired_) {
      if (!made->find(id)) made->add(id, credential);
    }
  }
  if (publish_) publish_(std::move(made));
}

bool CredentialService::Impl::renew(std::uint64_t id, std::uint64_t serial,
                                    std::function<void()> done) {
  Refresher::Effects effects;
  {
    MutexLock lock(refresher_.mutex());
    UpstreamCredential* held = find(id);
    if (held == nullptr || held->is_key()) return false;
    bool fetching = held->item->is_fetching();
    std::uint64_t current = held->current ? held->current->serial() : 0;
    if (!fetching && current != serial && current != 0) {
      effects.done.push_back(std::move(done));  // a newer one is on its way to the worker
    } else {
      if (!fetching && current == 0) return false;
      auto asked = refresher_.ask_early(*held->item, timing_.refused, {}, std::move(done), effects);
      if (asked == Refresher::Asked::kNo) return false;
      if (asked == Refresher::Asked::kJoined) return true;
      tell(effects, event_of(CredentialEvent::Kind::kRefused, *held));
    }
  }
  refresher_.post(std::move(effects));
  return true;
}

void CredentialService::Impl::note_refused(std::uint64_t id, int status) {
  MutexLock lock(refresher_.mutex());
  UpstreamCredential* held = find(id);
  if (held == nullptr) return;
  held->refused = clock_.wall();
  held->refused_status = status;
  instruments_.of(held->upstream).refused.add();
}

std::vector<CredentialHealth> CredentialService::Impl::health() const {
  MutexLock lock(refresher_.mutex());
  std::vector<CredentialHealth> out;
  for (const auto& held : credentials_) {
    auto& row = out.emplace_back();
    row.upstream = held->upstream;
    row.source = name_of(held->settings->kind);
    row.ready = held->current != nullptr;
    if (held->current) {
      row.obtained = held->current->obtained();
      bool ends = held->current->expires() != WallTime::max();
      if (ends) row.expires = held->current->expires();
    }
    const Error& error = held->item->last_error();
    row.last_error = error.code.empty() ? "" : error.text();
    row.refused = held->refused;
    row.refused_status = held->refused_status;
  }
  return out;
}

CredentialService::CredentialService(const Refresher::Needs& needs,
                                     const std::vector<UpstreamSettings>& upstreams,
                                     Publish publish, OnEvent on_event, Timing timing)
    : impl_(std::make_unique<Impl>(needs, upstreams, std::move(publish), std::move(on_event),
                                   std::move(timing))) {}

CredentialService::~CredentialService() = default;

void CredentialService::start() {
  impl_->start();
}

void CredentialService::reload(const std::vector<UpstreamSettings>& upstreams) {
  impl_->reload(upstreams);
}

bool CredentialService::renew(std::uint64_t id, std::uint64_t serial, std::function<void()> done) {
  return impl_->renew(id, serial, std::move(done));
}

void CredentialService::note_refused(std::uint64_t id, int status) {
  impl_->note_refused(id, status);
}

std::vector<CredentialHealth> CredentialService::health() const {
  return impl_->health();
}

}  // namespace sallyport::upstream
