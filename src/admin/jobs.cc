#include "admin/jobs.h"

#include <fmt/format.h>

#include <algorithm>

#include "admin/desk.h"
#include "base/check.h"

namespace sallyport::admin {
namespace {

constexpr int kNice = 10;  // what takes minutes stands back from what answers people

Problem full(std::string message) {
  return {429, {"jobs.full", std::move(message), "wait for one to end, or cancel it"}, {}, 5};
}

Problem too_large() {
  return {500,
          {"jobs.result_too_large", "the result is larger than what is kept",
           "ask for less at once, or use the command on the gateway's machine"}};
}

bool may_see(const Caller& caller, const std::string& owner) {
  return caller.who == owner || caller.roles.has(Role::kAdministrator);
}

}  // namespace

std::string_view text(JobState state) {
  switch (state) {
    case JobState::kRunning:
      return "running";
    case JobState::kDone:
      return "done";
    case JobState::kFailed:
      return "failed";
    case JobState::kCancelled:
      return "cancelled";
  }
  check_failed("a state of a job has a name", __FILE__, __LINE__);
}

bool JobTable::Watch::go_on(std::uint64_t done, std::uint64_t all) {
  done_ = done;
  all_ = all;
  return !cancelled_;
}

JobTable::~JobTable() {
  std::vector<std::unique_ptr<Job>> jobs;
  {
    MutexLock lock(mutex_);
    for (auto& job : jobs_) job->watch.cancelled_ = true;
    jobs.swap(jobs_);
  }
  for (auto& job : jobs) job->thread.join();
}

JobView JobTable::view_of(const Job& job, const Caller& caller) {
  JobView view = job.view;
  if (!caller.roles.shares(view.roles)) view.result.clear();
  view.done = job.watch.done_;
  view.all = job.watch.all_;
  return view;
}

// Only one whose thread is at its end, so that the join waits for nothing.
void JobTable::drop(std::size_t index) {
  jobs_[index]->thread.join();
  jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(index));
}

void JobTable::forget_old() {
  const auto now = clock_.wall();
  for (std::size_t i = jobs_.size(); i-- > 0;) {
    const Job& job = *jobs_[i];
    if (job.left && job.view.ended && *job.view.ended + kKept < now) drop(i);
  }
}

// The oldest ended one goes: of the person where they have too many, else of anybody.
bool JobTable::make_room(const std::string& who) {
  auto of_one = std::ranges::count_if(jobs_, [&](const auto& job) { return job->view.by == who; });
  bool own_full = static_cast<std::size_t>(of_one) >= kMostOfOne;
  if (!own_full && jobs_.size() < kMost) return true;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (!jobs_[i]->left || (own_full && jobs_[i]->view.by != who)) continue;
    drop(i);
    return true;
  }
  return false;
}

std::expected<std::string, Problem> JobTable::start(const Caller& caller, std::string_view kind,
                                                    Roles roles, Work work) {
  MutexLock lock(mutex_);
  forget_old();
  std::size_t running = 0;
  std::size_t own = 0;
  for (const auto& job : jobs_) {
    if (job->left) continue;
    ++running;
    if (job->view.by == caller.who) ++own;
  }
  if (own >= kMostRunningOfOne) {
    return std::unexpected(full(fmt::format("{} jobs of yours run already", own)));
  }
  if (running >= kMostRunning || !make_room(caller.who)) {
    return std::unexpected(full(fmt::format("{} jobs run already", running)));
  }
  auto job = std::make_unique<Job>();
  job->view.id = make_id_();
  job->view.kind = kind;
  job->view.by = caller.who;
  job->view.roles = roles;
  job->view.started = clock_.wall();
  auto id = job->view.id;
  job->thread = std::thread([this, here = job.get(), work = std::move(work)] { run(*here, work); });
  jobs_.push_back(std::move(job));
  return id;
}

void JobTable::run(Job& job, const Work& work) {
  stand_back(kNice);
  std::expected<std::string, Problem> result;
  try {
    result = work(job.watch);
  } catch (const std::exception& error) {  // memory, say
    result = std::unexpected(Problem{500, {"jobs.failed", error.what(), "try again"}});
  }
  if (result && result->size() > kMaxResult) result = std::unexpected(too_large());
  MutexLock lock(mutex_);
  job.view.ended = clock_.wall();
  if (job.watch.cancelled_) {
    job.view.state = JobState::kCancelled;
  } else if (result) {
    job.view.state = JobState::kDone;
    job.view.result = std::move(*result);
  } else {
    job.view.state = JobState::kFailed;
    job.view.problem = std::move(result.error());
  }
  job.left = true;
}

JobTable::Job* JobTable::see(const Caller& caller, const std::string& id) {
  auto found = std::ranges::find(jobs_, id, [](const auto& job) { return job->view.id; });
  if (found == jobs_.end() || !may_see(caller, (*found)->view.by)) return nullptr;
  return found->get();
}

std::vector<JobView> JobTable::list(const Caller& caller) {
  MutexLock lock(mutex_);
  forget_old();
  std::vector<JobView> views;
  for (const auto& job : jobs_) {
    if (may_see(caller, job->view.by)) views.push_back(view_of(*job, caller));
  }
  std::ranges::reverse(views);
  return views;
}

std::optional<JobView> JobTable::find(const Caller& caller, const std::string& id) {
  MutexLock lock(mutex_);
  forget_old();
  const Job* job = see(caller, id);
  if (job == nullptr) return std::nullopt;
  return view_of(*job, caller);
}

JobTable::Cancelled JobTable::cancel(const Caller& caller, const std::string& id) {
  MutexLock lock(mutex_);
  Job* job = see(caller, id);
  if (job == nullptr) return Cancelled::kUnknown;
  if (job->left) return Cancelled::kEnded;
  job->watch.cancelled_ = true;
  return Cancelled::kAsked;
}

}  // namespace sallyport::admin
