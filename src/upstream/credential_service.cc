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
struct Source {
  std::uint64_t id = 0;             ///< credential_id
  Refresher::Item* item = nullptr;  ///< of the refresher, for as long as this source is there
  std::string upstream;
  std::shared_ptr<const CredentialSettings> settings;
  CredentialPtr current;
  std::optional<WallTime> refused;
  int refused_status = 0;

  [[nodiscard]] bool is_key() const { return settings->kind == CredentialKind::kApiKey; }
};

CredentialEvent event_of(CredentialEvent::Kind kind, const Source& source,
                         std::string message = {}) {
  return {.kind = kind,
          .upstream = source.upstream,
          .source = name_of(source.settings->kind),
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
  Source* find(std::uint64_t id) const REQUIRES(refresher_.mutex());
  Source* source_of(std::uint64_t item) const REQUIRES(refresher_.mutex());
  std::unique_ptr<Source> take_over(const UpstreamSettings& settings, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void hold_key(Source& source) REQUIRES(refresher_.mutex());
  void succeed(Source& source, const Token& token, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void fail_with(Source& source, CredentialFailure failure, Refresher::Effects& effects)
      REQUIRES(refresher_.mutex());
  void drop_if_expired(Source& source, Refresher::Effects& effects);
  void show(const Source& source) REQUIRES(refresher_.mutex());

  void tell(Refresher::Effects& effects, CredentialEvent event) const;
  [[nodiscard]] milliseconds next_retry(const Source& source, const CredentialFailure& failure);

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;
  /// As the settings.
  std::vector<std::unique_ptr<Source>> sources_ GUARDED_BY(refresher_.mutex());
  /// Of the last reload.
  std::vector<std::pair<std::uint64_t, CredentialPtr>> retired_ GUARDED_BY(refresher_.mutex());
  CredentialInstrumentTable instruments_ GUARDED_BY(refresher_.mutex());
  std::uint64_t last_serial_ GUARDED_BY(refresher_.mutex()) = 0;
  Refresher refresher_;  ///< the last: when it is gone, nothing of this runs
};

Source* CredentialService::Impl::find(std::uint64_t id) const {
  auto found = std::ranges::find(sources_, id, [](const auto& source) { return source->id; });
  return found == sources_.end() ? nullptr : found->get();
}

Source* CredentialService::Impl::source_of(std::uint64_t item) const {
  auto found =
      std::ranges::find(sources_, item, [](const auto& source) { return source->item->id(); });
  return found == sources_.end() ? nullptr : found->get();
}

void CredentialService::Impl::tell(Refresher::Effects& effects, CredentialEvent event) const {
  if (!on_event_) return;
  effects.events.emplace_back([this, event = std::move(event)] { on_event_(event); });
}

void CredentialService::Impl::hold_key(Source& source) {
  std::string_view key = source.settings->secret ? source.settings->secret->reveal() : "";
  source.current = std::make_shared<const Credential>(source.settings->header, key, ++last_serial_,
                                                      clock_.wall(), WallTime::max());
}

// The source of these settings: the one that there is, or a new one.
std::unique_ptr<Source> CredentialService::Impl::take_over(const UpstreamSettings& settings,
                                                           Refresher::Effects& effects) {
  std::uint64_t id = credential_id(settings);
  auto old = std::ranges::find_if(
      sources_, [&](const auto& source) { return source != nullptr && source->id == id; });
  std::unique_ptr<Source> source;
  bool ask = true;
  if (old != sources_.end()) {
    source = std::move(*old);
    bool changed = !same_credential(*source->settings, settings.credential);
    ask = changed || source->item->failures() > 0;
    if (changed) {
      source->settings = std::make_shared<const CredentialSettings>(settings.credential);
      tell(effects, event_of(CredentialEvent::Kind::kRotated, *source));
      if (source->is_key()) hold_key(*source);
    }
  } else {
    source = std::make_unique<Source>();
    source->id = id;
    source->item = &refresher_.add();
    source->upstream = settings.name;
    source->settings = std::make_shared<const CredentialSettings>(settings.credential);
    if (source->is_key()) hold_key(*source);
  }
  if (ask && !source->is_key()) refresher_.begin(*source->item, effects);
  show(*source);
  return source;
}

void CredentialService::Impl::replace(const std::vector<UpstreamSettings>& upstreams,
                                      Refresher::Effects& effects) {
  MutexLock lock(refresher_.mutex());
  for (const auto& source : sources_) instruments_.of(source->upstream).clear();
  std::vector<std::unique_ptr<Source>> next;
  for (const auto& settings : upstreams) next.push_back(take_over(settings, effects));
  retired_.clear();
  for (auto& gone : sources_) {
    if (gone == nullptr) continue;
    if (gone->current) retired_.emplace_back(gone->id, gone->current);
    refresher_.remove(*gone->item, effects);
  }
  sources_ = std::move(next);
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
      for (const auto& source : sources_) {
        if (source->item->is_fetching()) refresher_.begin(*source->item, effects);
      }
    }
    refresher_.run(std::move(effects));
  });
}

void CredentialService::Impl::fetch(const Refresher::Ticket& ticket) {
  std::shared_ptr<const CredentialSettings> settings;
  {
    MutexLock lock(refresher_.mutex());
    Source* source = source_of(ticket.item);
    if (source == nullptr) return;
    settings = source->settings;
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
    Source& source = *source_of(ticket.item);
    if (obtained) {
      succeed(source, *obtained, effects);
    } else {
      fail_with(source, std::move(obtained.error()), effects);
    }
    show(source);
    refresher_.release(*item, effects);
  }
  refresher_.run(std::move(effects));
}

void CredentialService::Impl::succeed(Source& source, const Token& token,
                                      Refresher::Effects& effects) {
  WallTime now = clock_.wall();
  instruments_.of(source.upstream).fetched.add();
  // A platform may hand out the token that it has kept: then it is no newer one, and nobody who was
  // refused with it tries again.
  bool same = source.current && source.current->holds(token.text.reveal());
  std::uint64_t serial = same ? source.current->serial() : ++last_serial_;
  WallTime obtained = same ? source.current->obtained() : now;
  source.current = credential_of(token, serial, obtained);
  if (refresher_.succeeded(*source.item)) {
    tell(effects, event_of(CredentialEvent::Kind::kRecovered, source));
  }
  if (!same) {
    auto event = event_of(CredentialEvent::Kind::kObtained, source);
    event.expires = token.expires;
    tell(effects, std::move(event));
  }
  auto delay = renewal_delay(until(token.expires, now), http::chance(entropy_));
  refresher_.schedule(*source.item, std::max(delay, kSoonestRenewal));
}

void CredentialService::Impl::fail_with(Source& source, CredentialFailure failure,
                                        Refresher::Effects& effects) {
  instruments_.of(source.upstream).failed.add();
  failure.error = fail(std::move(failure.error),
                       "while obtaining the credential of upstream " + source.upstream)
                      .error();
  if (refresher_.failed(*source.item, std::move(failure.error))) {
    std::string text = source.item->last_error().text();
    tell(effects, event_of(CredentialEvent::Kind::kFetchFailed, source, std::move(text)));
  }
  drop_if_expired(source, effects);
  refresher_.schedule(*source.item, next_retry(source, failure));
}

void CredentialService::Impl::drop_if_expired(Source& source, Refresher::Effects& effects) {
  if (!source.current || clock_.wall() < source.current->expires()) return;
  source.current = nullptr;
  tell(effects, event_of(CredentialEvent::Kind::kExpired, source,
                         "no credential is left; requests get 503"));
}

milliseconds CredentialService::Impl::next_retry(const Source& source,
                                                 const CredentialFailure& failure) {
  milliseconds delay = failure.lasting
                           ? timing_.lasting
                           : http::listed_pause(timing_.retries, source.item->failures());
  delay = std::max<milliseconds>(delay, failure.retry_after);
  delay += http::share_of_tenth(delay, http::chance(entropy_));
  if (source.current) {  // once more at its end at the latest: then it is dropped
    delay = std::min(delay, until(source.current->expires(), clock_.wall()) + milliseconds(1));
  }
  return std::max(delay, kSoonest);
}

void CredentialService::Impl::show(const Source& source) {
  auto& instruments = instruments_.of(source.upstream);
  const auto& current = source.current;
  instruments.ready.set(current ? 1 : 0);
  instruments.obtained.set(current ? unix_seconds(current->obtained()) : 0);
  bool ends = current && current->expires() != WallTime::max();
  instruments.expires.set(ends ? unix_seconds(current->expires()) : 0);
}

void CredentialService::Impl::publish_snapshot() {
  auto made = std::make_shared<Credentials>();
  {
    MutexLock lock(refresher_.mutex());
    for (const auto& source : sources_) {
      if (source->current) made->add(source->id, source->current);
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
    Source* source = find(id);
    if (source == nullptr || source->is_key()) return false;
    bool fetching = source->item->is_fetching();
    std::uint64_t current = source->current ? source->current->serial() : 0;
    if (!fetching && current != serial && current != 0) {
      effects.done.push_back(std::move(done));  // a newer one is on its way to the worker
    } else {
      if (!fetching && current == 0) return false;
      auto asked =
          refresher_.ask_early(*source->item, timing_.refused, {}, std::move(done), effects);
      if (asked == Refresher::Asked::kNo) return false;
      if (asked == Refresher::Asked::kJoined) return true;
      tell(effects, event_of(CredentialEvent::Kind::kRefused, *source));
    }
  }
  refresher_.post(std::move(effects));
  return true;
}

void CredentialService::Impl::note_refused(std::uint64_t id, int status) {
  MutexLock lock(refresher_.mutex());
  Source* source = find(id);
  if (source == nullptr) return;
  source->refused = clock_.wall();
  source->refused_status = status;
  instruments_.of(source->upstream).refused.add();
}

std::vector<CredentialHealth> CredentialService::Impl::health() const {
  MutexLock lock(refresher_.mutex());
  std::vector<CredentialHealth> out;
  for (const auto& source : sources_) {
    auto& row = out.emplace_back();
    row.upstream = source->upstream;
    row.source = name_of(source->settings->kind);
    row.ready = source->current != nullptr;
    if (source->current) {
      row.obtained = source->current->obtained();
      bool ends = source->current->expires() != WallTime::max();
      if (ends) row.expires = source->current->expires();
    }
    const Error& error = source->item->last_error();
    row.last_error = error.code.empty() ? "" : error.text();
    row.refused = source->refused;
    row.refused_status = source->refused_status;
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
