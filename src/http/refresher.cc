#include "http/refresher.h"

#include <algorithm>

#include "base/check.h"

namespace sallyport::http {

using std::chrono::milliseconds;

Refresher::Refresher(FetchThread& thread, Clock& clock, Owner owner)
    : thread_(thread), clock_(clock), owner_(std::move(owner)) {}

Refresher::~Refresher() {
  stop();
}

void Refresher::stop() {
  std::lock_guard lock(life_->mutex);
  SALLYPORT_CHECK(life_->depth == 0);
  life_->stopped = true;
}

void Refresher::post(std::function<void()> work) {
  thread_.post(while_alive(std::move(work)));
}

void Refresher::post(Effects effects) {
  post([this, effects = std::move(effects)]() mutable { run(std::move(effects)); });
}

void Refresher::run(Effects effects) {
  for (const auto& event : effects.events) event();
  if (effects.publish) owner_.publish();
  for (const auto& done : effects.done) done();
  for (const auto& ticket : effects.fetches) {
    {
      MutexLock lock(mutex_);
      if (find(ticket) == nullptr) continue;  // gone or overtaken since
    }
    owner_.fetch(ticket);
  }
}

Refresher::Item& Refresher::add() {
  Item& item = items_[++last_id_];
  item.id_ = last_id_;
  return item;
}

void Refresher::remove(Item& item, Effects& effects) {
  release(item, effects);
  SALLYPORT_CHECK(items_.erase(item.id_) == 1);
}

Refresher::Item* Refresher::find(const Ticket& ticket) {
  auto found = items_.find(ticket.item);
  return found != items_.end() && found->second.round_ == ticket.round ? &found->second : nullptr;
}

void Refresher::begin(Item& item, Effects& effects) {
  item.fetching_ = true;
  item.early_ = false;
  item.round_ = ++last_round_;
  effects.fetches.push_back({item.id_, item.round_});
}

Refresher::Item* Refresher::end(const Ticket& ticket) {
  Item* item = find(ticket);
  if (item == nullptr || !item->fetching_) return nullptr;
  item->fetching_ = false;
  return item;
}

void Refresher::schedule(Item& item, milliseconds delay) {
  item.timer_ = ++last_timer_;
  thread_.after(delay,
                while_alive([this, id = item.id_, timer = item.timer_] { on_timer(id, timer); }));
}

void Refresher::on_timer(std::uint64_t id, std::uint64_t timer) {
  Effects effects;
  {
    MutexLock lock(mutex_);
    auto found = items_.find(id);
    if (found == items_.end()) return;
    Item& item = found->second;
    if (item.timer_ != timer || item.fetching_) return;
    begin(item, effects);
  }
  run(std::move(effects));
}

bool Refresher::succeeded(Item& item) {
  item.last_error_ = {};
  return std::exchange(item.failures_, 0U) > 0;
}

bool Refresher::failed(Item& item, Error error) {
  bool news = item.failures_++ == 0 || error.code != item.last_error_.code;
  item.last_error_ = std::move(error);
  return news;
}

Refresher::Asked Refresher::ask_early(Item& item, milliseconds once_in, std::string what,
                                      std::function<void()> done, Effects& effects) {
  if (item.waiters_.size() >= kMostWaiters) return Asked::kNo;
  if (!item.fetching_ && !may_begin_early(item, once_in)) return Asked::kNo;
  item.waiters_.push_back({std::move(what), std::move(done)});
  if (item.fetching_) return Asked::kJoined;
  begin_early(item, effects);
  return Asked::kBegun;
}

bool Refresher::may_begin_early(const Item& item, milliseconds once_in) const {
  return !item.last_early_ || clock_.steady() - *item.last_early_ >= once_in;
}

void Refresher::begin_early(Item& item, Effects& effects) {
  begin(item, effects);
  item.early_ = true;
  item.last_early_ = clock_.steady();
}

void Refresher::release(Item& item, Effects& effects) {
  for (auto& waiter : item.waiters_) effects.done.push_back(std::move(waiter.done));
  item.waiters_.clear();
}

void Refresher::release_if(Item& item, const std::function<bool(const std::string&)>& ready,
                           Effects& effects) {
  std::vector<Item::Waiter> waiting;
  for (auto& waiter : item.waiters_) {
    if (ready(waiter.what)) {
      effects.done.push_back(std::move(waiter.done));
    } else {
      waiting.push_back(std::move(waiter));
    }
  }
  item.waiters_ = std::move(waiting);
}

milliseconds doubling_pause(milliseconds first, milliseconds most, unsigned failures) {
  SALLYPORT_CHECK(failures > 0);
  return std::min(first * (1U << std::min(failures - 1, 20U)), most);
}

milliseconds listed_pause(const std::vector<milliseconds>& pauses, unsigned failures) {
  SALLYPORT_CHECK(failures > 0 && !pauses.empty());
  return pauses[std::min<std::size_t>(failures, pauses.size()) - 1];
}

std::uint8_t chance(Entropy& entropy) {
  std::uint8_t byte[1];
  entropy.fill(byte);
  return byte[0];
}

}  // namespace sallyport::http
