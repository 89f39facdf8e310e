#include "admin/desk.h"

#include <sys/resource.h>

#include "base/check.h"
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
  closing_ = true;
  {
    MutexLock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::deque<Job> dropped;  // outside the lock: what they hold may be another desk's
  std::deque<Job> first_dropped;
  MutexLock lock(mutex_);
  dropped.swap(in_order_.waiting);
  first_dropped.swap(first_.waiting);
  while (places_ > 0) changed_.wait(mutex_);
}

bool Desk::take(const std::string& caller, Work work, Order order) {
  SALLYPORT_CHECK(!caller.empty());
  {
    MutexLock lock(mutex_);
    Queue& own = queue(order);
    if (stop_ || own.unanswered >= bounds_.waiting) return false;
    auto found = unanswered_of_.find(caller);
    if (found != unanswered_of_.end() && found->second >= bounds_.waiting_of_one) return false;
    own.waiting.push_back({caller, std::move(work)});
    ++unanswered_of_[caller];
    ++own.unanswered;
  }
  changed_.notify_one();
  return true;
}

void Desk::leave(const std::string& caller, Order order) {
  auto found = unanswered_of_.find(caller);
  if (--found->second == 0) unanswered_of_.erase(found);
  --queue(order).unanswered;
}

void Desk::Place::answered() {
  if (desk_ == nullptr || caller_.empty()) return;
  MutexLock lock(desk_->mutex_);
  desk_->leave(caller_, order_);
  caller_.clear();
}

Desk::Place::~Place() {
  if (desk_ == nullptr) return;
  answered();
  MutexLock lock(desk_->mutex_);
  --desk_->places_;
  desk_->changed_.notify_all();  // under the lock: the desk may be gone right behind it
}

void Desk::run() {
  stand_back(bounds_.nice);
  for (;;) {
    Job job;
    Order order = Order::kInOrder;
    {
      MutexLock lock(mutex_);
      while (!stop_ && first_.waiting.empty() && in_order_.waiting.empty()) changed_.wait(mutex_);
      if (stop_) return;
      order = first_.waiting.empty() ? Order::kInOrder : Order::kFirst;
      auto& waiting = queue(order).waiting;
      job = std::move(waiting.front());
      waiting.pop_front();
      ++places_;
    }
    job.work(Place(*this, std::move(job.caller), order));
  }
}

}  // namespace sallyport::admin
