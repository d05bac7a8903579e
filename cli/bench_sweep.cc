#include "cli/bench_sweep.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "cli/bench_store.h"

namespace telepost::cli {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

// Undelete keeps what expires: the entry, the tombstone and the audit record are all counted.
constexpr const char* kClasses =
    "<policies xmlns='urn:telepost:policy:1'><class name='standard'><undelete keep='P30D'/><retention keep='P10D'/></class></policies>";
constexpr std::uint64_t kLoadAccounts = 8;

class SweepBench {
 public:
  SweepBench(BenchStore& bench, const SweepBenchOptions& options) : bench_(bench), options_(options) {}

  Result<SweepBenchReport> run() {
    TELEPOST_TRY(bench_.open());
    TELEPOST_TRY(fill("due", options_.expire));
    bench_.clock().advance(std::chrono::days(5));
    TELEPOST_TRY(fill("later", options_.messages - options_.expire));
    TELEPOST_TRY(settle());
    TELEPOST_TRY(bench_.open());
    if (options_.load_seconds == 0) return expire();
    return expire_beside_deliveries();
  }

 private:
  // Spread over the accounts.
  Result<void> fill(std::string_view what, std::uint64_t messages) {
    fmt::print(stderr, "{} messages, {}\n", messages, what);
    for (std::uint64_t i = 0; i < options_.accounts; ++i) {
      TELEPOST_ASSIGN(const auto to, recipient(fmt::format("mailto:subscriber{}@example.test", i)));
      TELEPOST_TRY(bench_.fill(to, messages / options_.accounts + (i < messages % options_.accounts ? 1 : 0)));
    }
    return {};
  }

  // What deliveries left to be checked is not what is measured.
  Result<void> settle() {
    bench_.clock().advance(1h);
    return sweep({}).ok() ? Result<void>() : Result<void>(Errc::io, "the sweep before the measurement failed");
  }

  Result<store::SweepCount> sweep(store::SweepKinds kinds) {
    store::SweepOptions options;
    if (!kinds.empty()) options.kinds = kinds;
    TELEPOST_ASSIGN(const store::SweepReport report, bench_->sweep().run(options));
    if (report.total().failed > 0) return {Errc::io, "due work failed"};
    return report.of(store::SweepKind::expire);
  }

  Result<SweepBenchReport> expire() {
    bench_.clock().advance(std::chrono::days(5) + 1h);
    const Counted before = counted();
    const auto begin = Steady::now();
    TELEPOST_ASSIGN(const store::SweepCount count, sweep({store::SweepKind::expire}));
    SweepBenchReport report;
    report.seconds = std::chrono::duration<double>(Steady::now() - begin).count();
    report.expired = count.done;
    report.operations = static_cast<double>(counted().operations - before.operations) / static_cast<double>(count.done);
    return report;
  }

  // Deliveries to accounts of their own, as many at a time as a busy server has.
  Result<SweepBenchReport> expire_beside_deliveries() {
    std::atomic<bool> over{false};
    std::atomic<std::uint64_t> delivered{0};
    std::vector<std::thread> threads;
    std::vector<store::Recipient> to;
    for (std::uint64_t i = 0; i < kLoadAccounts; ++i) {
      TELEPOST_ASSIGN(to.emplace_back(), recipient(fmt::format("mailto:busy{}@example.test", i)));
    }
    for (const store::Recipient& one : to) {
      threads.emplace_back([&, one] {
        while (!over) {
          if (!bench_.fill(one, 256).ok()) return;
          delivered += 256;
        }
      });
    }
    const auto rate = [&](auto until) {
      const auto begin = Steady::now();
      const std::uint64_t from = delivered;
      until();
      return static_cast<double>(delivered - from) / std::chrono::duration<double>(Steady::now() - begin).count();
    };
    const auto wait = [&] { std::this_thread::sleep_for(std::chrono::seconds(options_.load_seconds)); };
    rate(wait);  // warm
    const double before = rate(wait);
    Result<SweepBenchReport> report(Errc::io, "");
    const double beside = rate([&] { report = expire(); });
    const double after = rate(wait);
    fmt::print(stderr, "{:.0f} deliveries/s before, {:.0f} meanwhile, {:.0f} after\n", before, beside, after);
    over = true;
    for (std::thread& thread : threads) thread.join();
    // The store grows all the while, and its compaction with it: that is not the sweep's doing.
    if (report.ok()) report->alone_per_second = (before + after) / 2, report->beside_per_second = beside;
    return report;
  }

  Result<store::Recipient> recipient(const std::string& address) {
    return store::wait_for<store::Recipient>([&](auto done) { bench_->deliver().resolve(address, {"bench"}, std::move(done)); });
  }

  BenchStore& bench_;
  const SweepBenchOptions& options_;
};

}  // namespace

Result<SweepBenchReport> run_bench_sweep(const SweepBenchOptions& options) {
  std::string folder = options.folder + "/telepost-sweep-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return {Errc::io, "cannot make a folder in " + options.folder};
  BenchStore bench(folder, kClasses, options.size_bytes);
  return SweepBench(bench, options).run();
}

int bench_sweep(std::span<const std::string> args) {
  CLI::App app("Measures how fast messages expire", "telepost bench sweep");
  SweepBenchOptions options;
  options.folder = "/tmp";
  app.add_option("--folder", options.folder, "where the store is made and removed");
  app.add_option("--messages", options.messages, "how many are stored");
  app.add_option("--expire", options.expire, "how many of them expire");
  app.add_option("--accounts", options.accounts, "how many accounts hold them");
  app.add_option("--size", options.size_bytes, "bytes per message")->check(CLI::Range(100, 1 << 20));
  app.add_option("--load", options.load_seconds, "deliver at saturation: so many seconds alone, then beside the sweep");
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  const auto report = run_bench_sweep(options);
  if (!report.ok()) {
    fmt::print(stderr, "telepost bench sweep: {}\n", to_string(report.error()));
    return 1;
  }
  const nlohmann::ordered_json line = {{"messages", options.messages},
                                       {"expired", report->expired},
                                       {"seconds", report->seconds},
                                       {"per_second", static_cast<double>(report->expired) / report->seconds},
                                       {"operations", report->operations},
                                       {"alone_per_second", report->alone_per_second},
                                       {"beside_per_second", report->beside_per_second}};
  fmt::print("{}\n", line.dump());
  return 0;
}

}  // namespace telepost::cli
