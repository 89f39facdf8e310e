#include "identity/revocation_register.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/log.h"

namespace sallyport::identity {
namespace {

constexpr std::chrono::seconds kLook{1};

constexpr std::string_view kNothingChanged = "nothing was changed";

}  // namespace

// What one writing of the log takes: the jobs that can be done, one after the other.
struct RevocationRegister::Batch {
  /// A job's changes: first those that were asked for, then the lifts of what they replace.
  struct Share {
    std::size_t asked = 0;
    std::size_t all = 0;
  };
  std::vector<Job> jobs;
  std::vector<Share> shares;  ///< of each job
  std::vector<RevocationChange> changes;
  std::set<std::string> lifted;
  RevocationTable made;
  std::size_t places = 0;  ///< that its revocations take, at most
};

Result<std::unique_ptr<RevocationRegister>> RevocationRegister::open(RevocationLog& log,
                                                                     Clock& clock, Entropy& entropy,
                                                                     Metrics& metrics,
                                                                     OnChange on_change) {
  auto loaded = log.load();
  if (!loaded) return fail(std::move(loaded.error()), "while reading the revocations");
  std::unique_ptr<RevocationRegister> made(
      new RevocationRegister(log, clock, entropy, metrics, std::move(on_change)));
  WallTime now = clock.wall();
  MutexLock lock(made->mutex_);
  for (auto& revocation : *loaded) {
    if (revocation.ended(now)) continue;
    auto one = std::make_shared<const Revocation>(std::move(revocation));
    made->in_force_.emplace(one->id, one);
    made->table_.add(std::move(one));
  }
  made->in_force_gauge_.set(static_cast<std::int64_t>(made->in_force_.size()));
  lock.unlock();
  return made;
}

RevocationRegister::RevocationRegister(RevocationLog& log, Clock& clock, Entropy& entropy,
                                       Metrics& metrics, OnChange on_change)
    : log_(log),
      clock_(clock),
      entropy_(entropy),
      on_change_(std::move(on_change)),
      in_force_gauge_(metrics.gauge("sallyport_revocations_in_force", "Revocations in force.")),
      revoked_(metrics.counter("sallyport_revocations_total", "Revocations that were applied.",
                               {{"change", "revoked"}})),
      lifted_(metrics.counter("sallyport_revocations_total", "Revocations that were applied.",
                              {{"change", "lifted"}})),
      failed_(metrics.counter("sallyport_revocations_failed_total",
                              "Revocations and lifts that could not be stored: nothing changed.")),
      cut_counter_(metrics.counter("sallyport_revocations_cut_total",
                                   "Running requests that a revocation told to end.")),
      seconds_(metrics.histogram("sallyport_revocation_seconds",
                                 "From the command to the last worker that applied it.")) {}

RevocationRegister::~RevocationRegister() {
  stop();
}

void RevocationRegister::start(RevocationFanout& fanout) {
  fanout_ = &fanout;
  thread_ = std::thread([this] { run(); });
}

void RevocationRegister::stop() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void RevocationRegister::revoke(std::vector<RevocationRequest> requests, Done done) {
  enqueue({std::move(requests), std::nullopt, std::move(done), clock_.steady()});
}

void RevocationRegister::lift(LiftRequest request, Done done) {
  enqueue({{}, std::move(request), std::move(done), clock_.steady()});
}

void RevocationRegister::enqueue(Job job) {
  {
    MutexLock lock(mutex_);
    if (!stop_ && waiting_.size() < kMaxWaiting) {
      waiting_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  job.done(fail(kRevocationBusy, fmt::format("too many revocations wait; {}", kNothingChanged),
                "try again in a moment"));
}

RevocationReach RevocationRegister::preview(const std::vector<RevocationRequest>& requests) {
  std::vector<RevocationPtr> revocations;
  revocations.reserve(requests.size());
  for (const auto& request : requests) {
    auto made = shape(request, clock_.wall());
    made.id = fmt::format("preview {}", revocations.size());
    revocations.push_back(std::make_shared<const Revocation>(std::move(made)));
  }
  return fanout_ == nullptr ? RevocationReach{} : fanout_->preview(revocations);
}

std::vector<RevocationPtr> RevocationRegister::in_force() const {
  MutexLock lock(mutex_);
  std::vector<RevocationPtr> all;
  all.reserve(in_force_.size());
  for (const auto& [id, revocation] : in_force_) all.push_back(revocation);
  return all;
}

RevocationPtr RevocationRegister::find(const Principal& person, WallTime now) const {
  MutexLock lock(mutex_);
  return table_.find(person, now);
}

RevocationHealth RevocationRegister::health() const {
  MutexLock lock(mutex_);
  RevocationHealth health = health_;
  health.in_force = in_force_.size();
  health.cut = cut_counter_.value();
  return health;
}

// ---- the register's thread ---------------------------------------------------------------------

void RevocationRegister::run() {
  auto next_look = clock_.steady();
  for (;;) {
    std::vector<Job> jobs;
    {
      MutexLock lock(mutex_);
      auto end = std::chrono::steady_clock::now() + kLook;
      while (!stop_ && waiting_.empty() && changed_.wait_until(mutex_, end)) continue;
      if (stop_ && waiting_.empty()) return;
      while (!waiting_.empty()) {
        jobs.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
      }
    }
    if (!jobs.empty()) carry_out(std::move(jobs));
    if (clock_.steady() < next_look) continue;
    next_look = clock_.steady() + kLook;
    look_at_log();
    end_what_is_over();
  }
}

// Durable, applied everywhere, recorded, acknowledged.
void RevocationRegister::carry_out(std::vector<Job> jobs) {
  Batch batch;
  for (auto& job : jobs) {
    auto changes = prepare(job, batch);
    if (!changes) {
      job.done(std::unexpected(std::move(changes.error())));
      continue;
    }
    batch.shares.push_back({job.lift ? 1 : job.revoke.size(), changes->size()});
    for (auto& change : *changes) batch.changes.push_back(std::move(change));
    batch.jobs.push_back(std::move(job));
  }
  if (batch.jobs.empty()) return;
  auto written = log_.check();
  if (written) written = log_.append(batch.changes);
  if (written) written = log_.check();  // and it was this file that has them
  set_problem(written);
  if (!written) {
    failed_.add(batch.changes.size());
    for (auto& job : batch.jobs) {
      Error error = written.error();
      error.message += fmt::format("; {}", kNothingChanged);
      job.done(std::unexpected(std::move(error)));
    }
    return;
  }
  auto effects = fanout_->apply(batch.changes);
  auto applied = clock_.steady();
  put_in_force(batch.changes);
  acknowledge(batch, std::move(effects), applied);
}

void RevocationRegister::acknowledge(Batch& batch, std::vector<RevocationEffect> effects,
                                     SteadyTime applied) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
    Job& job = batch.jobs[i];
    auto took = std::chrono::duration_cast<std::chrono::microseconds>(applied - job.asked);
    std::vector<RevocationOutcome> outcomes;
    outcomes.reserve(batch.shares[i].asked);
    for (std::size_t n = 0; n < batch.shares[i].all; ++n, ++at) {
      RevocationOutcome outcome{std::move(batch.changes[at]), std::move(effects[at]), took};
      cut_counter_.add(outcome.effect.cut);
      on_change_(outcome);
      if (n < batch.shares[i].asked) outcomes.push_back(std::move(outcome));
    }
    seconds_.observe(static_cast<double>(took.count()) / 1e6);
    job.done(std::move(outcomes));
  }
}

Result<std::vector<RevocationChange>> RevocationRegister::prepare(const Job& job,
                                                                  Batch& batch) const {
  if (job.lift) return prepare_lift(*job.lift, batch);
  auto room = take_places(job, batch);
  if (!room) return std::unexpected(std::move(room.error()));
  std::vector<RevocationChange> changes;
  changes.reserve(job.revoke.size());
  std::vector<RevocationChange> replaced;
  for (const auto& request : job.revoke) {
    auto revocation = make(request);
    for (auto& earlier : replaced_by(*revocation, batch)) {
      replaced.push_back({RevocationChange::What::kLifted, std::move(earlier), revocation->at,
                          revocation->by, fmt::format("replaced by {}", revocation->id)});
    }
    batch.made.add(revocation);
    changes.push_back({RevocationChange::What::kRevoked, revocation, revocation->at, revocation->by,
                       revocation->reason});
  }
  // Behind the new ones: there is no moment at which neither holds.
  std::ranges::move(replaced, std::back_inserter(changes));
  return changes;
}

Result<std::vector<RevocationChange>> RevocationRegister::prepare_lift(const LiftRequest& request,
                                                                       Batch& batch) const {
  MutexLock lock(mutex_);
  auto found = in_force_.find(request.id);
  if (found == in_force_.end() || !batch.lifted.insert(request.id).second) {
    return fail(kRevocationUnknown,
                fmt::format("no revocation {} is in force; {}", request.id, kNothingChanged),
                "`sallyport revoke list` shows those that are");
  }
  return std::vector<RevocationChange>{
      {RevocationChange::What::kLifted, found->second, clock_.wall(), request.by, request.reason}};
}

// One that replaces another takes no place.
Result<void> RevocationRegister::take_places(const Job& job, Batch& batch) const {
  const bool leaves = std::ranges::any_of(job.revoke, &RevocationRequest::leaves_reserve);
  const std::size_t most = leaves ? kMaxInForce - kReserve : kMaxInForce;
  const WallTime now = clock_.wall();
  std::size_t places = 0;
  MutexLock lock(mutex_);
  for (const auto& request : job.revoke) {
    if (table_.replaced_by(shape(request, now)).empty()) ++places;
  }
  if (places > 0 && in_force_.size() + batch.places + places > most) {
    return fail(kRevocationFull,
                fmt::format("{} revocations are in force, and there is room for {}; {}",
                            in_force_.size(), most, kNothingChanged),
                "lift those that are not needed any more, or revoke a group or a client");
  }
  batch.places += places;
  return {};
}

// In force, or about to be by the same batch; each once.
std::vector<RevocationPtr> RevocationRegister::replaced_by(const Revocation& later,
                                                           Batch& batch) const {
  auto earlier = batch.made.replaced_by(later);
  {
    MutexLock lock(mutex_);
    std::ranges::move(table_.replaced_by(later), std::back_inserter(earlier));
  }
  std::erase_if(earlier,
                [&](const RevocationPtr& one) { return !batch.lifted.insert(one->id).second; });
  return earlier;
}

RevocationPtr RevocationRegister::make(const RevocationRequest& request) const {
  auto made = shape(request, clock_.wall());
  made.id = make_uuid7(made.at, entropy_);
  return std::make_shared<const Revocation>(std::move(made));
}

// All but its id.
Revocation RevocationRegister::shape(const RevocationRequest& request, WallTime now) {
  Revocation made;
  made.at = now;
  made.kind = request.kind;
  made.issuer = request.issuer;
  made.target = request.target;
  made.person = request.person;
  made.until = request.until;
  made.by = request.by;
  made.reason = request.reason;
  made.source = request.source;
  if (made.heals()) {
    made.not_before = unix_seconds(request.happened.value_or(made.at)) + request.hold_off.count();
    made.until.reset();
  }
  if (made.kind == RevocationKind::kToken && !made.until) made.until = made.at + kTokenLife;
  return made;
}

void RevocationRegister::put_in_force(const std::vector<RevocationChange>& changes) {
  MutexLock lock(mutex_);
  for (const auto& change : changes) {
    table_.apply(change);
    bool revoked = change.what == RevocationChange::What::kRevoked;
    if (revoked) {
      in_force_.emplace(change.revocation->id, change.revocation);
      revoked_.add();
    } else {
      in_force_.erase(change.revocation->id);
      if (change.what == RevocationChange::What::kLifted) lifted_.add();
    }
    ++health_.applied;
  }
  in_force_gauge_.set(static_cast<std::int64_t>(in_force_.size()));
}

// The tables look at `until` themselves; this is for the memory, the list and the record.
void RevocationRegister::end_what_is_over() {
  std::vector<RevocationChange> changes;
  WallTime now = clock_.wall();
  {
    MutexLock lock(mutex_);
    for (const auto& [id, revocation] : in_force_) {
      if (!revocation->ended(now)) continue;
      changes.push_back({RevocationChange::What::kEnded, revocation, *revocation->until, {}, {}});
    }
  }
  if (changes.empty()) return;
  auto effects = fanout_->apply(changes);
  put_in_force(changes);
  for (auto& change : changes) on_change_({std::move(change), {}, {}});
}

void RevocationRegister::look_at_log() {
  set_problem(log_.check());
}

void RevocationRegister::set_problem(const Result<void>& state) {
  std::string problem = state ? std::string() : state.error().text();
  std::size_t count = 0;
  {
    MutexLock lock(mutex_);
    if (problem.empty() == health_.problem.empty()) return;
    health_.problem = problem;
    count = in_force_.size();
  }
  if (problem.empty()) {
    log::info("revocation.store_back", {{"in_force", std::uint64_t{count}}});
    return;
  }
  log::error("revocation.store_gone",
             {{"reason", problem},
              {"in_force", std::uint64_t{count}},
              {"next_step",
               "what was revoked stays revoked; nothing can be revoked or lifted "
               "until the store is back"}});
}

}  // namespace sallyport::identity
