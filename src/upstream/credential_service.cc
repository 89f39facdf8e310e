#include "upstream/credential_service.h"

#include <algorithm>
#include <mutex>

#include "cloud/token_source.h"
#include "upstream/credential_instruments.h"

namespace sallyport::upstream {
namespace {

using cloud::CredentialFailure;
using cloud::name_of;
using cloud::obtain;
using cloud::Obtained;
using Token = cloud::AccessToken;
using std::chrono::milliseconds;

constexpr std::size_t kMostWaiters = 4096;  // a request each; beyond, it is told no at once
constexpr milliseconds kSoonest{50};        // between two requests to a source that fails
constexpr milliseconds kSoonestRenewal{500};

/// What is left to do once the lock is given back. Runs on the fetch thread.
struct Effects {
  std::vector<CredentialEvent> events;
  CredentialsPtr publish;
  std::vector<std::function<void()>> done;
};

/// One upstream's credential, schedule and waiting requests. Guarded by the service's mutex.
struct Source {
  std::uint64_t id = 0;  ///< credential_id
  std::string upstream;
  std::shared_ptr<const CredentialSettings> settings;
  CredentialPtr current;
  Error last_error;  ///< without code after a success
  unsigned failures = 0;
  bool fetching = false;
  std::uint64_t round = 0;  ///< only the newest request's answer counts
  std::uint64_t timer = 0;  ///< only the newest timer counts
  std::optional<SteadyTime> last_forced;
  std::optional<WallTime> refused;
  int refused_status = 0;
  std::vector<std::function<void()>> waiters;

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

std::string_view name_of(CredentialEvent::Kind kind) {
  switch (kind) {
    case CredentialEvent::Kind::kObtained:
      return "credential.obtained";
    case CredentialEvent::Kind::kRotated:
      return "credential.rotated";
    case CredentialEvent::Kind::kFetchFailed:
      return "credential.fetch_failed";
    case CredentialEvent::Kind::kRecovered:
      return "credential.recovered";
    case CredentialEvent::Kind::kRefused:
      return "credential.refused_by_provider";
    case CredentialEvent::Kind::kExpired:
      return "credential.expired";
  }
  return "credential.obtained";
}

milliseconds renewal_delay(milliseconds life, std::uint8_t chance) {
  auto half = life / 2;
  auto delay =
      life >= std::chrono::hours(2) ? half : std::max(half, life - std::chrono::minutes(5));
  return delay - delay * chance / 2560;
}

/// Held by the service and, weakly, by everything it left with the Fetcher.
class CredentialService::Impl : public std::enable_shared_from_this<CredentialService::Impl> {
 public:
  Impl(http::Fetcher& fetcher, Clock& clock, Entropy& entropy, Metrics& metrics, Publish publish,
       OnEvent on_event, Timing timing)
      : fetcher_(fetcher),
        clock_(clock),
        entropy_(entropy),
        timing_(std::move(timing)),
        publish_(std::move(publish)),
        on_event_(std::move(on_event)),
        instruments_(metrics) {}

  void replace(const std::vector<UpstreamSettings>& upstreams, bool at_start);
  void begin();
  bool renew(std::uint64_t id, std::uint64_t serial, std::function<void()> done);
  void note_refused(std::uint64_t id, int status);
  std::vector<CredentialHealth> health() const;

  void stop() {
    std::lock_guard callbacks(callback_mutex_);
    stopped_ = true;
  }

 private:
  template <typename Work>
  void post(Work work) {
    fetcher_.post([weak = weak_from_this(), work = std::move(work)]() mutable {
      if (auto self = weak.lock()) work(*self);
    });
  }
  Source* find(std::uint64_t id) const {
    for (const auto& source : sources_) {
      if (source->id == id) return source.get();
    }
    return nullptr;
  }

  // On the fetch thread, without the lock:
  void fetch(std::uint64_t id);
  void on_timer(std::uint64_t id, std::uint64_t timer);
  void on_obtained(std::uint64_t id, std::uint64_t round, Obtained obtained);
  void run(Effects effects);

  // With the lock:
  std::unique_ptr<Source> take_over(const UpstreamSettings& settings, Effects& effects,
                                    std::vector<std::uint64_t>& fresh);
  void hold_key(Source& source);
  void succeed(Source& source, const Token& token, Effects& effects);
  void fail_with(Source& source, CredentialFailure failure, Effects& effects);
  void drop_if_expired(Source& source, Effects& effects);
  void schedule(Source& source, milliseconds delay);
  [[nodiscard]] milliseconds next_retry(const Source& source, const CredentialFailure& failure);
  void show(const Source& source);
  [[nodiscard]] std::uint8_t chance();
  [[nodiscard]] CredentialsPtr snapshot() const;

  http::Fetcher& fetcher_;
  Clock& clock_;
  Entropy& entropy_;
  const Timing timing_;
  const Publish publish_;
  const OnEvent on_event_;

  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Source>> sources_;                  ///< guarded, as the settings
  std::vector<std::pair<std::uint64_t, CredentialPtr>> retired_;  ///< guarded, of the last reload
  CredentialInstrumentTable instruments_;                         ///< guarded
  std::uint64_t last_serial_ = 0;                                 ///< guarded
  std::uint64_t last_round_ = 0;                                  ///< guarded
  std::uint64_t last_timer_ = 0;                                  ///< guarded

  std::mutex callback_mutex_;  ///< held while the owner's functions run
  bool stopped_ = false;       ///< guarded by it
};

void CredentialService::Impl::hold_key(Source& source) {
  std::string_view key = source.settings->secret ? source.settings->secret->reveal() : "";
  source.current = std::make_shared<const Credential>(source.settings->header, key, ++last_serial_,
                                                      clock_.wall(), WallTime::max());
}

// The source of these settings: the one that there is, or a new one.
std::unique_ptr<Source> CredentialService::Impl::take_over(const UpstreamSettings& settings,
                                                           Effects& effects,
                                                           std::vector<std::uint64_t>& fresh) {
  std::uint64_t id = credential_id(settings);
  auto old = std::ranges::find_if(
      sources_, [&](const auto& source) { return source != nullptr && source->id == id; });
  std::unique_ptr<Source> source;
  bool ask = true;
  if (old != sources_.end()) {
    source = std::move(*old);
    bool changed = !same_credential(*source->settings, settings.credential);
    ask = changed || source->failures > 0;
    if (changed) {
      source->settings = std::make_shared<const CredentialSettings>(settings.credential);
      effects.events.push_back(event_of(CredentialEvent::Kind::kRotated, *source));
      if (source->is_key()) hold_key(*source);
    }
  } else {
    source = std::make_unique<Source>();
    source->id = id;
    source->upstream = settings.name;
    source->settings = std::make_shared<const CredentialSettings>(settings.credential);
    if (source->is_key()) hold_key(*source);
  }
  if (ask && !source->is_key()) {
    source->fetching = true;
    fresh.push_back(id);
  }
  show(*source);
  return source;
}

void CredentialService::Impl::replace(const std::vector<UpstreamSettings>& upstreams,
                                      bool at_start) {
  auto effects = std::make_shared<Effects>();
  std::vector<std::uint64_t> fresh;
  {
    std::lock_guard lock(mutex_);
    for (const auto& source : sources_) instruments_.of(source->upstream).clear();
    std::vector<std::unique_ptr<Source>> next;
    for (const auto& settings : upstreams) next.push_back(take_over(settings, *effects, fresh));
    retired_.clear();
    for (auto& gone : sources_) {
      if (gone == nullptr) continue;
      if (gone->current) retired_.emplace_back(gone->id, gone->current);
      for (auto& waiter : gone->waiters) effects->done.push_back(std::move(waiter));
    }
    sources_ = std::move(next);
  }
  if (at_start) return;
  post([effects, fresh](Impl& self) {
    {
      std::lock_guard lock(self.mutex_);
      effects->publish = self.snapshot();
    }
    self.run(std::move(*effects));
    for (auto id : fresh) self.fetch(id);
  });
}

void CredentialService::Impl::begin() {
  post([](Impl& self) {
    Effects effects;
    std::vector<std::uint64_t> ids;
    {
      std::lock_guard lock(self.mutex_);
      effects.publish = self.snapshot();
      for (const auto& source : self.sources_) {
        if (source->fetching) ids.push_back(source->id);
      }
    }
    self.run(std::move(effects));
    for (auto id : ids) self.fetch(id);
  });
}

// `fetching` of the source is set already: only one request runs for it at a time.
void CredentialService::Impl::fetch(std::uint64_t id) {
  std::shared_ptr<const CredentialSettings> settings;
  std::uint64_t round = 0;
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr) return;
    settings = source->settings;
    round = source->round = ++last_round_;
  }
  obtain({fetcher_, clock_, entropy_, std::move(settings), timing_.fetch_timeout},
         [weak = weak_from_this(), id, round](Obtained obtained) {
           if (auto self = weak.lock()) self->on_obtained(id, round, std::move(obtained));
         });
}

void CredentialService::Impl::on_timer(std::uint64_t id, std::uint64_t timer) {
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr || source->timer != timer || source->fetching) return;
    source->fetching = true;
  }
  fetch(id);
}

void CredentialService::Impl::on_obtained(std::uint64_t id, std::uint64_t round,
                                          Obtained obtained) {
  Effects effects;
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr || source->round != round) return;
    source->fetching = false;
    if (obtained) {
      succeed(*source, *obtained, effects);
    } else {
      fail_with(*source, std::move(obtained.error()), effects);
    }
    show(*source);
    for (auto& waiter : source->waiters) effects.done.push_back(std::move(waiter));
    source->waiters.clear();
    effects.publish = snapshot();
  }
  run(std::move(effects));
}

void CredentialService::Impl::succeed(Source& source, const Token& token, Effects& effects) {
  WallTime now = clock_.wall();
  instruments_.of(source.upstream).fetched.add();
  // A platform may hand out the token that it has kept: then it is no newer one, and nobody who was
  // refused with it tries again.
  bool same = source.current && source.current->holds(token.text.reveal());
  std::uint64_t serial = same ? source.current->serial() : ++last_serial_;
  WallTime obtained = same ? source.current->obtained() : now;
  source.current = std::make_shared<const Credential>("authorization", token.text.reveal(), serial,
                                                      obtained, token.expires);
  if (source.failures > 0) {
    effects.events.push_back(event_of(CredentialEvent::Kind::kRecovered, source));
  }
  source.failures = 0;
  source.last_error = {};
  if (!same) {
    auto& event = effects.events.emplace_back(event_of(CredentialEvent::Kind::kObtained, source));
    event.expires = token.expires;
  }
  schedule(source, std::max(renewal_delay(until(token.expires, now), chance()), kSoonestRenewal));
}

void CredentialService::Impl::fail_with(Source& source, CredentialFailure failure,
                                        Effects& effects) {
  instruments_.of(source.upstream).failed.add();
  failure.error = fail(std::move(failure.error),
                       "while obtaining the credential of upstream " + source.upstream)
                      .error();
  // One line when it starts and one when the cause changes, not one a retry.
  if (source.failures++ == 0 || failure.error.code != source.last_error.code) {
    effects.events.push_back(
        event_of(CredentialEvent::Kind::kFetchFailed, source, failure.error.text()));
  }
  drop_if_expired(source, effects);
  schedule(source, next_retry(source, failure));
  source.last_error = std::move(failure.error);
}

void CredentialService::Impl::drop_if_expired(Source& source, Effects& effects) {
  if (!source.current || clock_.wall() < source.current->expires()) return;
  source.current = nullptr;
  effects.events.push_back(
      event_of(CredentialEvent::Kind::kExpired, source, "no credential is left; requests get 503"));
}

void CredentialService::Impl::schedule(Source& source, milliseconds delay) {
  source.timer = ++last_timer_;
  fetcher_.after(delay, [weak = weak_from_this(), id = source.id, timer = source.timer] {
    if (auto self = weak.lock()) self->on_timer(id, timer);
  });
}

milliseconds CredentialService::Impl::next_retry(const Source& source,
                                                 const CredentialFailure& failure) {
  std::size_t step = std::min<std::size_t>(source.failures, timing_.retries.size()) - 1;
  milliseconds delay = failure.lasting ? timing_.lasting : timing_.retries[step];
  delay = std::max<milliseconds>(delay, failure.retry_after);
  delay += delay * chance() / 2560;
  if (source.current) {  // once more at its end at the latest: then it is dropped
    delay = std::min(delay, until(source.current->expires(), clock_.wall()) + milliseconds(1));
  }
  return std::max(delay, kSoonest);
}

std::uint8_t CredentialService::Impl::chance() {
  std::uint8_t byte[1];
  entropy_.fill(byte);
  return byte[0];
}

void CredentialService::Impl::show(const Source& source) {
  auto& instruments = instruments_.of(source.upstream);
  const auto& current = source.current;
  instruments.ready.set(current ? 1 : 0);
  instruments.obtained.set(current ? unix_seconds(current->obtained()) : 0);
  bool ends = current && current->expires() != WallTime::max();
  instruments.expires.set(ends ? unix_seconds(current->expires()) : 0);
}

CredentialsPtr CredentialService::Impl::snapshot() const {
  auto made = std::make_shared<Credentials>();
  for (const auto& source : sources_) {
    if (source->current) made->add(source->id, source->current);
  }
  for (const auto& [id, credential] : retired_) {
    if (!made->find(id)) made->add(id, credential);
  }
  return made;
}

void CredentialService::Impl::run(Effects effects) {
  std::lock_guard callbacks(callback_mutex_);
  if (stopped_) return;
  for (const auto& event : effects.events) {
    if (on_event_) on_event_(event);
  }
  if (effects.publish != nullptr && publish_) publish_(std::move(effects.publish));
  for (const auto& done : effects.done) done();
}

bool CredentialService::Impl::renew(std::uint64_t id, std::uint64_t serial,
                                    std::function<void()> done) {
  Effects effects;
  bool ask = false;
  {
    std::lock_guard lock(mutex_);
    Source* source = find(id);
    if (source == nullptr || source->is_key()) return false;
    std::uint64_t current = source->current ? source->current->serial() : 0;
    if (source->fetching) {
      if (source->waiters.size() >= kMostWaiters) return false;
      source->waiters.push_back(std::move(done));
      return true;
    }
    if (current != serial && current != 0) {
      effects.done.push_back(std::move(done));  // a newer one is on its way to the worker
    } else {
      auto now = clock_.steady();
      bool again = source->last_forced && now - *source->last_forced < timing_.refused;
      if (current == 0 || again) return false;
      source->last_forced = now;
      source->fetching = ask = true;
      source->waiters.push_back(std::move(done));
      effects.events.push_back(event_of(CredentialEvent::Kind::kRefused, *source));
    }
  }
  auto held = std::make_shared<Effects>(std::move(effects));
  post([held, ask, id](Impl& self) {
    self.run(std::move(*held));
    if (ask) self.fetch(id);
  });
  return true;
}

void CredentialService::Impl::note_refused(std::uint64_t id, int status) {
  std::lock_guard lock(mutex_);
  Source* source = find(id);
  if (source == nullptr) return;
  source->refused = clock_.wall();
  source->refused_status = status;
  instruments_.of(source->upstream).refused.add();
}

std::vector<CredentialHealth> CredentialService::Impl::health() const {
  std::lock_guard lock(mutex_);
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
    row.last_error = source->last_error.code.empty() ? "" : source->last_error.text();
    row.refused = source->refused;
    row.refused_status = source->refused_status;
  }
  return out;
}

CredentialService::CredentialService(http::Fetcher& fetcher, Clock& clock, Entropy& entropy,
                                     Metrics& metrics,
                                     const std::vector<UpstreamSettings>& upstreams,
                                     Publish publish, OnEvent on_event, Timing timing)
    : impl_(std::make_shared<Impl>(fetcher, clock, entropy, metrics, std::move(publish),
                                   std::move(on_event), std::move(timing))) {
  impl_->replace(upstreams, true);
}

CredentialService::CredentialService(http::Fetcher& fetcher, Clock& clock, Entropy& entropy,
                                     Metrics& metrics,
                                     const std::vector<UpstreamSettings>& upstreams,
                                     Publish publish, OnEvent on_event)
    : CredentialService(fetcher, clock, entropy, metrics, upstreams, std::move(publish),
                        std::move(on_event), Timing{}) {}

CredentialService::~CredentialService() {
  impl_->stop();
}

void CredentialService::start() {
  impl_->begin();
}

void CredentialService::reload(const std::vector<UpstreamSettings>& upstreams) {
  impl_->replace(upstreams, false);
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
