#include "cli/bench_lists.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "cli/load_connection.h"
#include "cli/program.h"

namespace telepost::cli {
namespace {

class ListBench {
 public:
  explicit ListBench(const ListBenchOptions& options) : options_(options) {}

  Result<ListBenchReport> go() {
    std::vector<std::unique_ptr<ListClient>> clients;
    while (clients.size() < options_.connections) {
      TELEPOST_ASSIGN(auto client, options_.connect());
      clients.push_back(std::move(client));
    }
    const double cpu_before = own_cpu_seconds();
    start_ = LoadClock::now();
    end_ = start_ + std::chrono::seconds(options_.seconds);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < clients.size(); ++i) threads.emplace_back([this, i, &client = *clients[i]] { show_pages(client, i); });
    threads.clear();
    report_.seconds = std::chrono::duration<double>(LoadClock::now() - start_).count();
    report_.cpu_seconds = own_cpu_seconds() - cpu_before;
    report_.per_second = report_.seconds > 0 ? static_cast<double>(report_.count) / report_.seconds : 0;
    report_.p50_ms = latency_.quantile_ms(0.5);
    report_.p99_ms = latency_.quantile_ms(0.99);
    report_.max_ms = latency_.max_ms();
    if (report_.count == 0) return {Errc::unavailable, "no page was shown: " + report_.first_error};
    return report_;
  }

 private:
  // When the next request is due; of a closed loop: now.
  LoadClock::time_point next_due() {
    if (options_.rate <= 0) return LoadClock::now();
    const std::lock_guard lock(mutex_);
    const auto after = std::chrono::duration<double>(static_cast<double>(begun_++) / options_.rate);
    return start_ + std::chrono::duration_cast<LoadClock::duration>(after);
  }

  void show_pages(ListClient& client, std::size_t seed) {
    std::mt19937_64 random(seed);
    for (;;) {
      const LoadClock::time_point due = next_due();
      if (due >= end_) return;
      std::this_thread::sleep_until(due);
      const std::uint64_t spread = options_.positions == 0 ? 0 : random() % options_.positions;
      const Result<void> shown = client.list(options_.position + spread);
      const std::lock_guard lock(mutex_);
      if (shown.ok()) {
        ++report_.count;
        latency_.add(LoadClock::now() - due);
        continue;
      }
      if (report_.errors++ == 0) report_.first_error = shown.error().detail;
      if (shown.error().kind == Errc::unavailable || shown.error().kind == Errc::timeout) return;  // the connection is lost
    }
  }

  const ListBenchOptions& options_;
  LoadClock::time_point start_, end_;
  std::mutex mutex_;  // guards all below
  std::uint64_t begun_ = 0;
  LatencyHistogram latency_;
  ListBenchReport report_;
};

struct ListArguments {
  ListBenchOptions bench;
  ListClientOptions client;
  std::string jmap, imap, password_file, command = "UID FETCH %u (FLAGS ENVELOPE BODYSTRUCTURE)";
  bool tls = false, envelope = false, json = false;
};

void describe_lists(CLI::App& app, ListArguments& into) {
  app.add_option("--jmap", into.jmap, "JMAP server: HOST:PORT");
  app.add_option("--imap", into.imap, "IMAP server: HOST:PORT");
  app.add_flag("--tls", into.tls, "speak TLS, whatever certificate the server has");
  app.add_option("--user", into.client.user, "who logs in")->required();
  app.add_option("--password-file", into.password_file, "a file whose first line is the password")->required();
  app.add_option("--connections", into.bench.connections, "kept-open connections");
  app.add_option("--rate", into.bench.rate, "requests per second of all together; 0: each asks again at once");
  app.add_option("--seconds", into.bench.seconds, "how long requests may begin");
  app.add_option("--limit", into.client.limit, "messages of a page");
  app.add_option("--position", into.bench.position, "where pages begin, from the newest on");
  app.add_option("--positions", into.bench.positions, "they begin at any of so many places from there on");
  app.add_flag("--envelope", into.envelope, "JMAP: ask for all that ENVELOPE and BODYSTRUCTURE of IMAP say");
  app.add_option("--command", into.command, "IMAP: the command; %u stands for the uids of the page");
  app.add_flag("--json", into.json, "print one line of JSON");
}

void print_report(const ListBenchReport& report, bool as_json) {
  if (!as_json) {
    fmt::print("{} pages in {:.1f} s: {:.0f}/s; {:.2f} ms (median), {:.2f} ms (99 %), {:.2f} ms (longest); own CPU {:.1f} s\n", report.count, report.seconds,
               report.per_second, report.p50_ms, report.p99_ms, report.max_ms, report.cpu_seconds);
    if (report.errors > 0) fmt::print("{} errors, the first: {}\n", report.errors, report.first_error);
    return;
  }
  const nlohmann::ordered_json line = {{"count", report.count},   {"errors", report.errors},           {"first_error", report.first_error},
                                       {"seconds", report.seconds}, {"per_second", report.per_second}, {"p50_ms", report.p50_ms},
                                       {"p99_ms", report.p99_ms}, {"max_ms", report.max_ms},           {"cpu_seconds", report.cpu_seconds}};
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

int complain(std::string_view what, int code) {
  fmt::print(stderr, "telepost bench lists: {}\n", what);
  return code;
}

}  // namespace

Result<ListBenchReport> run_bench_lists(const ListBenchOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);
  return ListBench(options).go();
}

int bench_lists(std::span<const std::string> args) {
  CLI::App app("Shows pages of a mailbox as mail clients do", "telepost bench lists");
  ListArguments arguments;
  describe_lists(app, arguments);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  if (arguments.jmap.empty() == arguments.imap.empty()) return complain("name one server: --jmap HOST:PORT or --imap HOST:PORT", kExitUsage);
  ListClientOptions& client = arguments.client;
  std::ifstream file(arguments.password_file);
  if (!std::getline(file, client.password)) return complain("no password in " + arguments.password_file, kExitUsage);
  client.tls = arguments.tls ? WireTls::unchecked : WireTls::none;
  client.target = arguments.jmap.empty() ? arguments.imap : arguments.jmap;
  arguments.bench.connect = [&]() -> Result<std::unique_ptr<ListClient>> {
    if (arguments.jmap.empty()) return connect_imap(client, arguments.command);
    return connect_jmap(client, arguments.envelope ? ListProperties::envelope : ListProperties::summary);
  };
  const Result<ListBenchReport> report = run_bench_lists(arguments.bench);
  if (!report.ok()) return complain(report.error().detail, kExitUnavailable);
  print_report(*report, arguments.json);
  return report->errors == 0 ? 0 : kExitUnavailable;
}

}  // namespace telepost::cli
