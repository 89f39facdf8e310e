#include "admin/desk.h"

#include <sys/resource.h>

#include "base/log.h"

namespace sallyport::admin {

void stand_back(int nice) {
  if (nice == 0) return;
  if (::setpriority(PRIO_PROCESS, 0, nice) != 0) log::warning("admin.nice_failed");
}

Desk::Desk(Bounds bounds) : bounds_(bounds), thread_([this] { run(); }) {}

Desk::~Desk() {
  close();
}

void Desk::close() {
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Desk::take(const std::string& caller, std::function<void()> work, Place place) {
  {
    MutexLock lock(mutex_);
    auto& queue = place == Place::kFirst ? first_ : waiting_;
    if (stop_ || queue.size() >= bounds_.waiting) return false;
    auto found = waiting_of_.find(caller);
    if (found != waiting_of_.end() && found->second >= bounds_.waiting_of_one) return false;
    ++waiting_of_[caller];
    queue.push_back({caller, std::move(work)});
  }
  changed_.notify_one();
  return true;
}

void Desk::leave(const std::string& caller) {
  auto found = waiting_of_.find(caller);
  if (--found->second == 0) waiting_of_.erase(found);
}

void Desk::run() {
  stand_back(bounds_.nice);
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (!stop_ && first_.empty() && waiting_.empty()) changed_.wait(mutex_);
      if (stop_) return;
      auto& queue = first_.empty() ? waiting_ : first_;
      job = std::move(queue.front());
      queue.pop_front();
      leave(job.caller);
    }
    job.work();
  }
}

}  // namespace sallyport::admin
