// Counters, gauges and histograms, shown in the Prometheus text format 0.0.4.
// A metric is a static at its place of use and registers itself by its construction:
//   static metrics::Counter deliveries("telepost_deliveries_total", "Messages delivered", {"kind", "result"});
//   deliveries.with({"email", "stored"}).add();
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::metrics {

using Labels = std::vector<std::string>;

// Base of the three kinds; registered for the life of the process.
class Metric {
 public:
  Metric(std::string name, std::string help, std::string_view type);
  virtual ~Metric();
  Metric(const Metric&) = delete;
  Metric& operator=(const Metric&) = delete;
  virtual void append_to(std::string& text) const = 0;

 protected:
  void append_head(std::string& text) const;
  const std::string name_;
  const std::string help_;
  const std::string type_;
};

// Only grows. Each set of label values is a cell; ask with() once and keep the reference where speed matters.
class Counter final : public Metric {
 public:
  class Cell {
   public:
    void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_{0};
  };
  Counter(std::string name, std::string help, Labels label_names = {});
  Cell& with(const Labels& values);  // the reference stays valid
  void add(std::uint64_t amount = 1) { with({}).add(amount); }
  void append_to(std::string& text) const override;

 private:
  const Labels label_names_;
  mutable std::mutex mutex_;
  std::map<Labels, std::unique_ptr<Cell>> cells_;  // guarded by mutex_
};

class Gauge final : public Metric {
 public:
  Gauge(std::string name, std::string help);
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void append_to(std::string& text) const override;

 private:
  std::atomic<double> value_{0};
};

// Cumulative buckets with fixed upper bounds.
class Histogram final : public Metric {
 public:
  Histogram(std::string name, std::string help, std::vector<double> upper_bounds);
  void observe(double value);
  void append_to(std::string& text) const override;

 private:
  const std::vector<double> upper_bounds_;  // ascending, without the last, which is infinite
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

// Every registered metric, by name.
std::string exposition();

// Seconds from 100 microseconds to 10 seconds, for Histogram.
std::vector<double> latency_bounds();

}  // namespace telepost::metrics
