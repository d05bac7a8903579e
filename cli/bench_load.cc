#include "cli/bench_load.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <csignal>
#include <memory>

#include "base/random.h"
#include "cli/load_connection.h"

namespace telepost::cli {
namespace {

constexpr std::chrono::seconds kSilence{60};  // no reply on any connection for so long ends the run
constexpr std::uint64_t kLostPerRun = 1000;   // connections that may be lost and opened again

Result<void> check(const LoadOptions& options) {
  if (options.target.empty()) return Error{Errc::invalid, "name the server: --lmtp HOST:PORT or --smtp HOST:PORT"};
  if (options.connections == 0 || options.accounts == 0 || options.recipients == 0 || options.window_seconds == 0) {
    return Error{Errc::invalid, "connections, accounts, recipients and window must be at least 1"};
  }
  std::size_t known = options.addresses.empty() ? options.accounts : options.addresses.size();
  if (options.recipient == LoadOptions::Recipient::same_accounts && options.recipients > known) {
    return Error{Errc::invalid, fmt::format("{} recipients a message but only {} accounts", options.recipients, known)};
  }
  return {};
}

class Load {
 public:
  explicit Load(const LoadOptions& options) : run_(options, SystemRandom().u64()), poll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~Load() { ::close(poll_); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Result<LoadReport> go() {
    connections_.resize(run_.options.connections);
    double cpu_before = own_cpu_seconds();  // after the pools were generated
    run_.start = run_.now = run_.last_reply = LoadClock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) TELEPOST_TRY(open(i));
    while (active_ > 0) TELEPOST_TRY(turn());
    run_.report.cpu_seconds = own_cpu_seconds() - cpu_before;
    return finish();
  }

 private:
  Result<void> open(std::size_t index) {
    connections_[index] = std::make_unique<LoadConnection>(run_, index);
    TELEPOST_TRY(connections_[index]->connect());
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = index;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, connections_[index]->fd(), &event) != 0) {
      return Error{Errc::io, "epoll_ctl failed"};
    }
    ++active_;
    return {};
  }

  Result<void> turn() {
    std::array<epoll_event, 256> events;
    int ready = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 1000);
    run_.now = LoadClock::now();
    if (ready > 0) last_event_ = run_.now;
    if (ready == 0 && run_.now - last_event_ > kSilence) {
      return Error{Errc::timeout, fmt::format("no reply for {} s; waiting for {}", kSilence.count(), waits_for())};
    }
    for (int i = 0; i < ready; ++i) TELEPOST_TRY(on_event(events[static_cast<std::size_t>(i)].data.u64));
    return {};
  }

  Result<void> on_event(std::size_t index) {
    LoadConnection& connection = *connections_[index];
    LoadConnection::State state = connection.on_event();
    if (state == LoadConnection::State::open) return {};
    std::string_view awaited = connection.waits_for();
    connections_[index].reset();
    --active_;
    if (state == LoadConnection::State::done) return {};
    run_.error(fmt::format("connection lost while waiting for {}", awaited));
    if (++lost_ > kLostPerRun) {
      return Error{Errc::unavailable, fmt::format("{} connections lost; first error: {}", lost_, run_.report.first_error)};
    }
    return run_.may_start() ? open(index) : Result<void>();
  }

  std::string_view waits_for() const {
    for (const auto& connection : connections_) {
      if (connection) return connection->waits_for();
    }
    return "nothing";
  }

  LoadReport finish() {
    LoadReport& report = run_.report;
    auto seconds = [](LoadClock::duration time) { return std::chrono::duration<double>(time).count(); };
    report.seconds = seconds(run_.last_reply - run_.start);
    report.per_second = report.seconds > 0 ? static_cast<double>(report.count) / report.seconds : 0;
    auto full = static_cast<std::size_t>(report.seconds / static_cast<double>(run_.options.window_seconds));
    run_.windows.resize(full);  // the last, partial one would only tell when the run ended
    for (std::uint64_t count : run_.windows) {
      report.window_rates.push_back(static_cast<double>(count) / static_cast<double>(run_.options.window_seconds));
    }
    report.p50_ms = run_.latency.quantile_ms(0.5);
    report.p99_ms = run_.latency.quantile_ms(0.99);
    report.max_ms = run_.latency.max_ms();
    return report;
  }

  LoadRun run_;
  int poll_;
  std::vector<std::unique_ptr<LoadConnection>> connections_;
  std::size_t active_ = 0;
  std::uint64_t lost_ = 0;
  LoadClock::time_point last_event_ = LoadClock::now();
};

}  // namespace

Result<LoadReport> run_bench_load(const LoadOptions& options) {
  TELEPOST_TRY(check(options));
  ::signal(SIGPIPE, SIG_IGN);
  return Load(options).go();
}

}  // namespace telepost::cli
