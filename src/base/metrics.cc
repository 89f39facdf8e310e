#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace sallyport {
namespace {

std::string format_labels(const Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ",";
    out += name + "=\"";
    for (char c : value) {
      if (c == '\\' || c == '"') out.push_back('\\');
      if (c == '\n') {
        out += "\\n";
      } else {
        out.push_back(c);
      }
    }
    out += "\"";
  }
  return out;
}

std::string braces(const std::string& labels, std::string_view more = {}) {
  if (labels.empty() && more.empty()) return {};
  return fmt::format("{{{}{}{}}}", labels, labels.empty() || more.empty() ? "" : ",", more);
}

}  // namespace

Metrics::Entry& Metrics::entry(Kind kind, std::string name, std::string help,
                               const Labels& labels) {
  return entries_.emplace_back(Entry{kind,
                                     std::move(name),
                                     std::move(help),
                                     format_labels(labels),
                                     nullptr,
                                     nullptr,
                                     nullptr,
                                     {},
                                     nullptr,
                                     nullptr});
}

Counter& Metrics::counter(std::string name, std::string help, Labels labels) {
  MutexLock lock(mutex_);
  auto& metric = counters_.emplace_back();
  entry(Kind::kCounter, std::move(name), std::move(help), labels).counter = &metric;
  return metric;
}

Gauge& Metrics::gauge(std::string name, std::string help, Labels labels) {
  MutexLock lock(mutex_);
  auto& metric = gauges_.emplace_back();
  entry(Kind::kGauge, std::move(name), std::move(help), labels).gauge = &metric;
  return metric;
}

Histogram& Metrics::histogram(std::string name, std::string help, Labels labels) {
  MutexLock lock(mutex_);
  auto& metric = histograms_.emplace_back();
  entry(Kind::kHistogram, std::move(name), std::move(help), labels).histogram = &metric;
  return metric;
}

void Metrics::sum(std::string name, std::string help, const Labels& labels,
                  std::function<std::uint64_t()> read) {
  MutexLock lock(mutex_);
  entry(Kind::kSum, std::move(name), std::move(help), labels).read_sum = std::move(read);
}

void Metrics::histograms(std::string name, std::string help,
                         std::vector<const OwnHistogram*> parts) {
  MutexLock lock(mutex_);
  entry(Kind::kHistogram, std::move(name), std::move(help), {}).parts = std::move(parts);
}

void Metrics::callback(std::string name, std::string help, Labels labels,
                       std::function<double()> read) {
  MutexLock lock(mutex_);
  entry(Kind::kCallback, std::move(name), std::move(help), labels).read = std::move(read);
}

void Metrics::render_histogram(std::string& out, const Entry& e) {
  std::uint64_t total = 0;
  double sum = 0;
  if (e.histogram != nullptr) sum = e.histogram->sum();
  for (const auto* part : e.parts) sum += part->sum();
  for (std::size_t i = 0; i <= Histogram::kBounds.size(); ++i) {
    if (e.histogram != nullptr) total += e.histogram->bucket(i);
    for (const auto* part : e.parts) total += part->bucket(i);
    auto bound = i == Histogram::kBounds.size()
                     ? std::string("+Inf")
                     : fmt::format("{}", static_cast<double>(Histogram::kBounds[i]) / 1e6);
    out += fmt::format("{}_bucket{} {}\n", e.name,
                       braces(e.labels, fmt::format("le=\"{}\"", bound)), total);
  }
  out += fmt::format("{}_sum{} {}\n{}_count{} {}\n", e.name, braces(e.labels), sum, e.name,
                     braces(e.labels), total);
}

std::string Metrics::render() const {
  MutexLock lock(mutex_);
  // Same name: in the order of creation; entries_ never moves, so a map keeps it simple.
  std::multimap<std::string_view, const Entry*> by_name;
  for (const auto& e : entries_) by_name.emplace(e.name, &e);
  std::string out;
  std::string_view previous;
  for (const auto& [name, e] : by_name) {
    if (e->name != previous) {
      bool counts = e->kind == Kind::kCounter || e->kind == Kind::kSum;
      const char* type = counts ? "counter" : e->kind == Kind::kHistogram ? "histogram" : "gauge";
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", e->name, e->help, e->name, type);
      previous = e->name;
    }
    switch (e->kind) {
      case Kind::kCounter:
        out += fmt::format("{}{} {}\n", e->name, braces(e->labels), e->counter->value());
        break;
      case Kind::kGauge:
        out += fmt::format("{}{} {}\n", e->name, braces(e->labels), e->gauge->value());
        break;
      case Kind::kCallback:
        out += fmt::format("{}{} {}\n", e->name, braces(e->labels), e->read());
        break;
      case Kind::kSum:
        out += fmt::format("{}{} {}\n", e->name, braces(e->labels), e->read_sum());
        break;
      case Kind::kHistogram:
        render_histogram(out, *e);
        break;
    }
  }
  return out;
}

}  // namespace sallyport
