#include "base/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/check.h"
#include "base/uninitialized.h"

namespace sallyport {
namespace {

constexpr int kEventsPerTurn = 256;

}  // namespace

void Signal::raise(std::uint32_t bits) {
  raised_ |= bits;
  if (sleeper_ && (raised_ & mask_) != 0) {
    loop_.schedule(std::exchange(sleeper_, nullptr));
    mask_ = 0;
  }
}

Watch::Watch(EventLoop& loop, int fd) : loop_(loop), fd_(fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = this;
  if (::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_ADD, fd_, &event) != 0) error_ = errno;
}

Watch::~Watch() {
  if (error_ == 0) ::epoll_ctl(loop_.epoll_.get(), EPOLL_CTL_DEL, fd_, nullptr);
}

void Watch::attach(Signal* signal, std::uint32_t read_bit, std::uint32_t write_bit,
                   std::uint32_t hang_up_bit) {
  signal_ = signal;
  read_bit_ = read_bit;
  write_bit_ = write_bit;
  hang_up_bit_ = hang_up_bit;
}

void Deadline::set(SteadyTime at) {
  at_ = at;
  signal_->clear(bit_);
  // Already looked at before that time: it will be moved on then. Otherwise put it in (anew).
  if (link_ != nullptr && slot_time_ <= at) return;
  unlink();
  loop_.link(*this);
}

void Deadline::unlink() {
  if (link_ == nullptr) return;
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  if (loop_.wheel_[slot_] == nullptr) loop_.occupied_[slot_ / 64] &= ~(1ULL << (slot_ % 64));
  link_ = nullptr;
  next_ = nullptr;
}

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      start_(std::chrono::steady_clock::now()),
      now_(start_),
      next_second_(start_ + std::chrono::seconds(1)) {
  SALLYPORT_CHECK(epoll_ && wake_);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  SALLYPORT_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

EventLoop::~EventLoop() = default;

void EventLoop::post(std::function<void()> run) {
  bool first = false;
  {
    MutexLock lock(posted_mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(run));
  }
  if (first) {
    std::uint64_t one = 1;
    auto written = ::write(wake_.get(), &one, sizeof one);
    (void)written;  // a full counter wakes as well
  }
}

void EventLoop::stop() {
  post([this] {
    MutexLock lock(posted_mutex_);
    stopping_ = true;
  });
}

void EventLoop::run() {
  for (;;) {
    turn();
    MutexLock lock(posted_mutex_);
    if (stopping_) {
      stopping_ = false;
      return;
    }
  }
}

std::uint64_t EventLoop::tick_of(SteadyTime time) const {
  if (time <= start_) return 0;
  return static_cast<std::uint64_t>((time - start_) / kTick);
}

void EventLoop::link(Deadline& deadline) {
  // One tick more, so that it never fires early; what lies beyond the wheel is looked at on the
  // way.
  std::uint64_t tick = std::clamp(tick_of(deadline.at_) + 1, tick_ + 1, tick_ + kSlots - 1);
  deadline.slot_ = static_cast<std::uint32_t>(tick % kSlots);
  deadline.slot_time_ = start_ + static_cast<std::int64_t>(tick) * kTick;
  Deadline*& head = wheel_[deadline.slot_];
  deadline.next_ = head;
  if (head != nullptr) head->link_ = &deadline.next_;
  head = &deadline;
  deadline.link_ = &head;
  occupied_[deadline.slot_ / 64] |= 1ULL << (deadline.slot_ % 64);
}

void EventLoop::run_deadlines() {
  std::uint64_t until = tick_of(now_);
  // After a long sleep one look at every slot is enough.
  if (until > tick_ + kSlots) tick_ = until - kSlots;
  while (tick_ < until) {
    ++tick_;
    std::size_t slot = tick_ % kSlots;
    while (Deadline* deadline = wheel_[slot]) {
      deadline->unlink();
      if (!deadline->is_set()) continue;
      if (deadline->at_ <= now_) {
        deadline->at_ = SteadyTime::max();
        deadline->signal_->raise(deadline->bit_);
      } else {
        link(*deadline);
      }
    }
  }
}

int EventLoop::wait_time() const {
  using std::chrono::milliseconds;
  SteadyTime next = next_second_;
  if (seconds_.empty()) next = SteadyTime::max();
  for (std::size_t ahead = 1; ahead <= kSlots; ++ahead) {
    std::size_t slot = (tick_ + ahead) % kSlots;
    std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word == 0) {
      ahead += 63 - slot % 64;
      continue;
    }
    ahead += static_cast<std::size_t>(std::countr_zero(word));
    next = std::min(next, start_ + static_cast<std::int64_t>(tick_ + ahead) * kTick);
    break;
  }
  if (next == SteadyTime::max()) return -1;
  auto now = std::chrono::steady_clock::now();
  if (next <= now) return 0;
  return static_cast<int>(std::chrono::ceil<milliseconds>(next - now).count());
}

void EventLoop::run_ready() {
  while (!ready_.empty()) {
    running_.swap(ready_);
    for (auto sleeper : running_) sleeper.resume();
    running_.clear();
  }
}

void EventLoop::run_posted() {
  std::vector<std::function<void()>> work;
  {
    MutexLock lock(posted_mutex_);
    work.swap(posted_);
  }
  for (auto& run : work) run();
}

void EventLoop::turn() {
  // Three kilobytes a turn that the kernel fills: not zeroed before.
  SALLYPORT_UNINITIALIZED std::array<epoll_event, kEventsPerTurn> events;
  int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, wait_time());
  SALLYPORT_CHECK(count >= 0 || errno == EINTR);
  now_ = std::chrono::steady_clock::now();
  bool woken = false;
  // Nothing runs here yet: raising only schedules, so no watch can go while its event is looked at.
  for (int i = 0; i < count; ++i) {
    auto* watch = static_cast<Watch*>(events[static_cast<std::size_t>(i)].data.ptr);
    if (watch == nullptr) {
      woken = true;
      continue;
    }
    std::uint32_t what = events[static_cast<std::size_t>(i)].events;
    std::uint32_t bits = 0;
    if ((what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      watch->hung_up = true;
      bits |= watch->hang_up_bit_;
    }
    if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
      watch->readable = true;
      bits |= watch->read_bit_;
    }
    if ((what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
      watch->writable = true;
      bits |= watch->write_bit_;
    }
    if (watch->signal_ != nullptr && bits != 0) watch->signal_->raise(bits);
  }
  if (woken) {
    std::uint64_t counter = 0;
    auto drained = ::read(wake_.get(), &counter, sizeof counter);
    (void)drained;
    run_posted();
  }
  run_deadlines();
  if (!seconds_.empty() && now_ >= next_second_) {
    next_second_ = now_ + std::chrono::seconds(1);
    for (auto& hook : seconds_) hook();
  }
  do {
    run_ready();
    for (auto& hook : hooks_) hook();
  } while (!ready_.empty());
}

}  // namespace sallyport
