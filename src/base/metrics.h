// Counters, gauges and histograms, rendered in the Prometheus text format. A metric belongs to the
// folder that causes it and is created once, at construction of its owner; labels are fixed then,
// so a stranger cannot make new series. Updating is one relaxed atomic operation, from any thread.
//
//   Counter& requests = metrics.counter("sallyport_requests_total", "Requests by outcome.",
//                                       {{"outcome", "complete"}});
//   requests.add();
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace sallyport {

class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A counter that one thread adds to and any thread reads: no locked instruction.
class OwnCounter {
 public:
  void add(std::uint64_t by = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void set(std::uint64_t to) { value_.store(to, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t to) { value_.store(to, std::memory_order_relaxed); }
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Seconds, in fixed buckets from 1 ms to 10 minutes; of either kind of counter.
template <typename Cell>
class HistogramOf {
 public:
  void observe(std::chrono::microseconds time) {
    auto micros = static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
    std::size_t at = 0;
    while (at < kBounds.size() && micros > kBounds[at]) ++at;
    buckets_[at].add();
    micros_.add(micros);
  }
  void observe(double seconds) {
    observe(std::chrono::microseconds(static_cast<std::int64_t>(std::max(0.0, seconds) * 1e6)));
  }
  [[nodiscard]] std::uint64_t bucket(std::size_t index) const { return buckets_[index].value(); }
  [[nodiscard]] double sum() const { return static_cast<double>(micros_.value()) / 1e6; }

  /// Upper bounds in microseconds; one bucket more is without.
  static constexpr std::array<std::uint64_t, 14> kBounds{
      1000,   2500,   5000,    10000,   25000,    50000,     100000,
      250000, 500000, 1000000, 5000000, 30000000, 120000000, 600000000};

 private:
  std::array<Cell, kBounds.size() + 1> buckets_;
  Cell micros_;
};
using Histogram = HistogramOf<Counter>;
using OwnHistogram = HistogramOf<OwnCounter>;

using Labels = std::vector<std::pair<std::string, std::string>>;

/// The process's table of metrics; lives as long as everybody who uses it.
class Metrics {
 public:
  Counter& counter(std::string name, std::string help, Labels labels = {});
  Gauge& gauge(std::string name, std::string help, Labels labels = {});
  Histogram& histogram(std::string name, std::string help, Labels labels = {});
  /// A counter that is kept elsewhere, in parts perhaps; read when the table is rendered.
  void sum(std::string name, std::string help, const Labels& labels,
           std::function<std::uint64_t()> read);
  /// One histogram of parts that are kept elsewhere, by a thread each.
  void histograms(std::string name, std::string help, std::vector<const OwnHistogram*> parts);
  /// A value that is asked for when the table is rendered (from the admin thread).
  void callback(std::string name, std::string help, Labels labels, std::function<double()> read);

  /// Prometheus text exposition format 0.0.4, sorted by name.
  [[nodiscard]] std::string render() const;

 private:
  enum class Kind { kCounter, kGauge, kSum, kHistogram, kCallback };
  struct Entry {
    Kind kind;
    std::string name, help, labels;
    const Counter* counter = nullptr;
    const Gauge* gauge = nullptr;
    const Histogram* histogram = nullptr;
    std::vector<const OwnHistogram*> parts;
    std::function<std::uint64_t()> read_sum;
    std::function<double()> read;
  };
  static void render_histogram(std::string& out, const Entry& entry);
  Entry& entry(Kind kind, std::string name, std::string help, const Labels& labels)
      REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);
  std::deque<Counter> counters_ GUARDED_BY(mutex_);
  std::deque<Gauge> gauges_ GUARDED_BY(mutex_);
  std::deque<Histogram> histograms_ GUARDED_BY(mutex_);
};

}  // namespace sallyport
