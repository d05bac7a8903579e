// One kept-open connection of the load generator: non-blocking, driven by epoll events.
#pragma once

#include <sys/uio.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/bench_load.h"

namespace telepost::cli {

using LoadClock = std::chrono::steady_clock;

// Latencies in powers of two cut into 16: bounded memory however long the run, 6 % wide.
class LatencyHistogram {
 public:
  void add(std::chrono::nanoseconds latency);
  double quantile_ms(double share) const;
  double max_ms() const { return static_cast<double>(max_ns_) / 1e6; }

 private:
  static constexpr std::size_t kBuckets = 64 * 16;
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ns_ = 0;
};

// What all connections of a run share: the messages, the clock and the books.
struct LoadRun {
  LoadRun(const LoadOptions& given, std::uint64_t seed)
      : options(given), pool(given.shape, given.domain, seed), new_account_seed(seed) {}

  const LoadOptions& options;
  MessagePool pool;
  LatencyHistogram latency;
  LoadReport report;
  LoadClock::time_point start, now, last_reply;
  std::vector<std::uint64_t> windows;  // deliveries acknowledged in each window since start
  std::uint64_t started = 0;           // transactions
  std::uint64_t new_account_seed;
  std::uint64_t named = 0;             // new accounts so far

  bool may_start() const;
  void acknowledge(std::uint64_t deliveries);
  void error(std::string_view what);
  std::string address(std::size_t index);
};

class LoadConnection {
 public:
  LoadConnection(LoadRun& run, std::size_t index) : run_(run), index_(index) {}
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  Result<void> connect();
  int fd() const { return fd_; }
  enum class State : unsigned char { open, done, lost };
  State on_event();                    // reads what came, sends what is due
  std::string_view waits_for() const;  // for the error of a run that hangs

 private:
  enum class Reply : unsigned char { greeting, hello, auth, rset, mail, rcpt, data, message };

  State read_replies();
  bool on_reply(std::string_view line);  // false: the connection is of no use any more
  void on_data_reply(bool positive);
  void begin();
  void send_text(std::string text);
  State flush();

  LoadRun& run_;
  const std::size_t index_;
  int fd_ = -1;
  std::string in_;
  std::deque<Reply> awaited_;
  std::string recipient_;
  std::size_t accepted_ = 0;   // recipients of this transaction
  std::size_t delivered_ = 0;  // of them, acknowledged
  bool failed_ = false;        // the next transaction starts with RSET
  bool done_ = false;
  LoadClock::time_point began_;
  std::string text_;           // commands; sent before pieces_
  LoadMessage message_;
  std::vector<iovec> unsent_;
};

// "host:port", "[v6]:port" or a path: a connected, blocking socket.
Result<int> connect_to(const std::string& target);
double own_cpu_seconds();  // of this process so far, user and system

}  // namespace telepost::cli
