#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace telepost::metrics {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, const Metric*> metrics;
};

Registry& registry() {
  static Registry* const kRegistry = new Registry;  // outlives every static metric
  return *kRegistry;
}

void append_label(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append("=\"");
  for (const char c : value) {
    if (c == '\\' || c == '"') text.push_back('\\');
    if (c == '\n') text.append("\\n");
    else text.push_back(c);
  }
  text.append("\"");
}

}  // namespace

Metric::Metric(std::string name, std::string help, std::string_view type)
    : name_(std::move(name)), help_(std::move(help)), type_(type) {
  const std::lock_guard lock(registry().mutex);
  TELEPOST_ASSERT(registry().metrics.emplace(name_, this).second);
}

Metric::~Metric() {
  const std::lock_guard lock(registry().mutex);
  registry().metrics.erase(name_);
}

void Metric::append_head(std::string& text) const {
  text.append(fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help_, name_, type_));
}

Counter::Counter(std::string name, std::string help, Labels label_names)
    : Metric(std::move(name), std::move(help), "counter"), label_names_(std::move(label_names)) {}

Counter::Cell& Counter::with(const Labels& values) {
  TELEPOST_ASSERT(values.size() == label_names_.size());
  const std::lock_guard lock(mutex_);
  auto& cell = cells_[values];
  if (!cell) cell = std::make_unique<Cell>();
  return *cell;
}

void Counter::append_to(std::string& text) const {
  append_head(text);
  const std::lock_guard lock(mutex_);
  for (const auto& [values, cell] : cells_) {
    text.append(name_);
    for (std::size_t i = 0; i < values.size(); ++i) {
      text.append(i == 0 ? "{" : ",");
      append_label(text, label_names_[i], values[i]);
    }
    text.append(fmt::format("{} {}\n", values.empty() ? "" : "}", cell->value()));
  }
}

Gauge::Gauge(std::string name, std::string help) : Metric(std::move(name), std::move(help), "gauge") {}

void Gauge::append_to(std::string& text) const {
  append_head(text);
  text.append(fmt::format("{} {}\n", name_, value_.load(std::memory_order_relaxed)));
}

Histogram::Histogram(std::string name, std::string help, std::vector<double> upper_bounds)
    : Metric(std::move(name), std::move(help), "histogram"),
      upper_bounds_(std::move(upper_bounds)),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(upper_bounds_.size() + 1)) {}

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(upper_bounds_.begin(), upper_bounds_.end(), value);
  buckets_[static_cast<std::size_t>(bound - upper_bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

void Histogram::append_to(std::string& text) const {
  append_head(text);
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= upper_bounds_.size(); ++i) {
    cumulative += buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < upper_bounds_.size() ? fmt::format("{}", upper_bounds_[i]) : "+Inf";
    text.append(fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name_, bound, cumulative));
  }
  text.append(fmt::format("{}_sum {}\n{}_count {}\n", name_, sum_.load(std::memory_order_relaxed), name_, cumulative));
}

std::string exposition() {
  std::string text;
  const std::lock_guard lock(registry().mutex);
  for (const auto& [name, metric] : registry().metrics) metric->append_to(text);
  return text;
}

std::vector<double> latency_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

}  // namespace telepost::metrics
