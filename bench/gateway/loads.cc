#include "loads.h"

#include <charconv>
#include <deque>
#include <utility>

#include "process.h"

namespace rig {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t in_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * 1e9);
}

/// What all loads share: the window, in which answers are counted and the peer's CPU is read.
class Load : public Driver {
 public:
  Load(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan)
      : Driver(port, tls, std::move(shape)), plan_(std::move(plan)) {
    report_.memory_before_kib = memory_kib(plan_.pids);
  }

 protected:
  void open_window() {
    cpu_at_start_ = cpu_us(plan_.pids);
    start_ = now_ns();
    end_ = start_ + in_ns(plan_.seconds);
    is_open_ = true;
  }
  Report close_window() {
    is_open_ = false;
    report_.seconds = static_cast<double>(now_ns() - start_) / 1e9;
    report_.memory_kib = memory_kib(plan_.pids);
    report_.cpu_us = cpu_us(plan_.pids) - cpu_at_start_;
    report_.errors = errors();
    report_.first_error = first_error();
    return report_;
  }
  void count(Latency& latency, std::int64_t since) const {
    if (is_open_) latency.add(now_ns() - since);
  }

  Plan plan_;
  Report report_;
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  bool is_open_ = false;

 private:
  std::int64_t cpu_at_start_ = 0;
};

class ClosedLoad : public Load {
 public:
  using Load::Load;

  Report run() {
    for (std::size_t i = 0; i < plan_.connections; ++i) send_request(add_connection(), now_ns());
    std::int64_t warm = now_ns() + in_ns(plan_.warm_up);
    std::int64_t give_up = now_ns() + 120 * kSecond;
    while ((now_ns() < warm || sent() < plan_.first) && errors() < kHopeless) {
      if (now_ns() > give_up) die("the warm-up does not end");
      turn(kSecond / 10);
      retry();
    }
    open_window();
    while (now_ns() < end_ && errors() < kHopeless) {
      turn(end_ - now_ns());
      retry();
    }
    return close_window();
  }

 private:
  static constexpr std::uint64_t kHopeless = 10000;

  void on_answer(Connection& connection, bool good) override {
    if (good && is_open_) ++report_.answers;
    if (good) count(report_.latency, connection.started);
    if (good) return send_request(connection, now_ns());
    failed_.push_back(&connection);
  }
  // Not from within on_answer: a peer that refuses at once would recurse without end.
  void retry() {
    for (Connection* connection : std::exchange(failed_, {})) send_request(*connection, now_ns());
  }
  std::vector<Connection*> failed_;
};

class OpenLoad : public Load {
 public:
  using Load::Load;

  Report run() {
    for (std::size_t i = 0; i < plan_.connections; ++i) idle_.push_back(&add_connection());
    std::int64_t interval = in_ns(1 / plan_.rate);
    std::int64_t due = now_ns();
    std::int64_t warm = due + in_ns(plan_.warm_up);
    while (!is_open_ || now_ns() < end_) {
      if (!is_open_ && now_ns() >= warm) open_window();
      for (; due <= now_ns(); due += interval) send_one(due);
      turn(due - now_ns());
    }
    return close_window();
  }

 private:
  // In turn, as many clients would; one more where all wait for answers.
  void send_one(std::int64_t due) {
    Connection* connection = idle_.empty() ? &add_connection() : idle_.front();
    if (!idle_.empty()) idle_.pop_front();
    send_request(*connection, due);
  }
  void on_answer(Connection& connection, bool good) override {
    if (good && is_open_) ++report_.answers;
    if (good) count(report_.latency, connection.started);
    idle_.push_back(&connection);
  }
  std::deque<Connection*> idle_;
};

class StreamsLoad : public Load {
 public:
  using Load::Load;

  Report run() {
    open_streams();
    std::int64_t warm = now_ns() + in_ns(plan_.warm_up);
    while (now_ns() < warm) turn(warm - now_ns());
    open_window();
    while (now_ns() < end_) turn(end_ - now_ns());
    return close_window();
  }

 private:
  static constexpr std::size_t kMarker = 30;  // @19 digits#8 digits@

  void open_streams() {
    std::int64_t interval = in_ns(1 / plan_.ramp);
    std::int64_t due = now_ns();
    for (std::size_t i = 0; i < plan_.connections; ++i, due += interval) {
      while (now_ns() < due) turn(due - now_ns());
      send_request(add_connection(), now_ns());
    }
    std::int64_t give_up = now_ns() + 30 * kSecond;
    while (begun_ + errors() < plan_.connections && now_ns() < give_up) turn(kSecond / 100);
    if (begun_ < plan_.connections) {
      fail(std::to_string(plan_.connections - begun_) + " streams never began");
    }
  }

  void on_answer(Connection&, bool good) override {
    if (good) fail("a stream ended");
  }

  void on_body(Connection& connection, std::string_view piece) override {
    if (!connection.has_begun) {
      connection.has_begun = true;
      ++begun_;
      report_.first_event.add(now_ns() - connection.started);
    }
    if (!connection.cut_marker.empty()) {
      std::size_t missing = kMarker - connection.cut_marker.size();
      connection.cut_marker += piece.substr(0, missing);
      if (connection.cut_marker.size() < kMarker) return;
      take_event(connection, std::exchange(connection.cut_marker, {}));
      piece.remove_prefix(missing);
    }
    for (std::size_t at; (at = piece.find('@')) != std::string_view::npos;) {
      piece.remove_prefix(at);
      if (piece.size() < kMarker) {
        connection.cut_marker = piece;
        return;
      }
      take_event(connection, piece.substr(0, kMarker));
      piece.remove_prefix(kMarker);
    }
  }

  void take_event(Connection& connection, std::string_view marker) {
    std::int64_t sent = 0;
    std::uint64_t number = 0;
    std::from_chars(marker.data() + 1, marker.data() + 20, sent);
    std::from_chars(marker.data() + 21, marker.data() + 29, number);
    if (number != ++connection.events) fail("an event is missing or twice there");
    connection.events = number;
    if (is_open_) ++report_.events;
    count(report_.latency, sent);
  }

  std::size_t begun_ = 0;
};

}  // namespace

Report run_closed(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan) {
  return ClosedLoad(port, tls, std::move(shape), std::move(plan)).run();
}

Report run_open(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan) {
  return OpenLoad(port, tls, std::move(shape), std::move(plan)).run();
}

Report run_streams(std::uint16_t port, SSL_CTX* tls, RequestShape shape, Plan plan) {
  return StreamsLoad(port, tls, std::move(shape), std::move(plan)).run();
}

}  // namespace rig
