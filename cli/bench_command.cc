// The command line of `telepost bench`: arguments to LoadOptions, LoadReport to a table or a line of JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/bench_lists.h"
#include "cli/bench_load.h"
#include "cli/bench_mime.h"
#include "cli/bench_scale.h"
#include "cli/bench_sweep.h"
#include "cli/program.h"

namespace telepost::cli {
namespace {

struct Arguments {
  LoadOptions load;
  std::string lmtp, smtp, password_file;
  bool new_accounts = false;
  bool json = false;
};

void describe(CLI::App& app, Arguments& into) {
  LoadOptions& load = into.load;
  app.add_option("--lmtp", into.lmtp, "LMTP server: HOST:PORT or the path of its socket");
  app.add_option("--smtp", into.smtp, "SMTP server: HOST:PORT or the path of its socket");
  app.add_option("--domain", load.domain, "recipients are user1 to userN at this domain");
  app.add_option("--from", load.from, "envelope sender");
  app.add_option("--user", load.user, "log in first, by AUTH PLAIN: whose mail it is");
  app.add_option("--password-file", into.password_file, "a file whose first line is the password of --user");
  app.add_option("--to", load.addresses, "recipients to use instead; may stand several times");
  app.add_option("--accounts", load.accounts, "number of accounts");
  app.add_option("--connections", load.connections, "kept-open connections in all");
  app.add_option("--recipients", load.recipients, "recipients per message");
  app.add_option("--size", load.shape.size_bytes, "bytes per message");
  app.add_option("--attachment", load.shape.attachment_bytes, "one more part of so many bytes, the same in each message");
  app.add_option("--seconds", load.seconds, "how long transactions may start");
  app.add_option("--messages", load.messages, "stop after so many messages");
  app.add_option("--window", load.window_seconds, "seconds per printed rate");
  app.add_flag("--new-account-per-message", into.new_accounts, "each message to an address never used before");
  app.add_flag("--json", into.json, "print one line of JSON");
}

void print_json(const LoadReport& report) {
  nlohmann::ordered_json line = {{"count", report.count},
                                 {"messages", report.messages},
                                 {"bytes", report.bytes},
                                 {"errors", report.errors},
                                 {"first_error", report.first_error},
                                 {"seconds", report.seconds},
                                 {"per_second", report.per_second},
                                 {"window_rates", report.window_rates},
                                 {"p50_ms", report.p50_ms},
                                 {"p99_ms", report.p99_ms},
                                 {"max_ms", report.max_ms},
                                 {"cpu_seconds", report.cpu_seconds}};
  // A server may say anything in the error that is quoted: bytes that are not UTF-8 become U+FFFD.
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_table(const LoadReport& report, std::uint64_t window_seconds) {
  for (std::size_t i = 0; i < report.window_rates.size(); ++i) {
    fmt::print("{:>6} s  {:>9.0f} deliveries/s\n", (i + 1) * window_seconds, report.window_rates[i]);
  }
  fmt::print("{} deliveries of {} messages in {:.1f} s: {:.0f}/s, {:.1f} MB/s\n", report.count, report.messages,
             report.seconds, report.per_second,
             report.seconds > 0 ? static_cast<double>(report.bytes) / report.seconds / 1e6 : 0);
  fmt::print("latency {:.2f} ms (median), {:.2f} ms (99 %), {:.2f} ms (longest); own CPU {:.1f} s\n", report.p50_ms,
             report.p99_ms, report.max_ms, report.cpu_seconds);
  if (report.errors > 0) fmt::print("{} errors, the first: {}\n", report.errors, report.first_error);
}

int bench_load(std::span<const std::string> args) {
  CLI::App app("Delivers mail as fast as the server takes it", "telepost bench load");
  Arguments arguments;
  describe(app, arguments);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  LoadOptions& load = arguments.load;
  load.protocol = arguments.smtp.empty() ? LoadProtocol::lmtp : LoadProtocol::smtp;
  load.target = arguments.smtp.empty() ? arguments.lmtp : arguments.smtp;
  if (!load.user.empty()) {
    std::ifstream file(arguments.password_file);
    if (!std::getline(file, load.password)) {
      fmt::print(stderr, "telepost bench load: --user wants a --password-file with the password in its first line\n");
      return kExitUsage;
    }
  }
  if (arguments.new_accounts) load.recipient = LoadOptions::Recipient::new_account_per_message;
  Result<LoadReport> report = run_bench_load(load);
  if (!report.ok()) {
    fmt::print(stderr, "telepost bench load: {}\n", report.error().detail);
    return report.error().kind == Errc::invalid ? kExitUsage : kExitUnavailable;
  }
  arguments.json ? print_json(*report) : print_table(*report, load.window_seconds);
  return report->errors == 0 ? 0 : kExitUnavailable;
}

}  // namespace

int bench_command(std::span<const std::string> args) {
  if (!args.empty() && args.front() == "load") return bench_load(args.subspan(1));
  if (!args.empty() && args.front() == "lists") return bench_lists(args.subspan(1));
  if (!args.empty() && args.front() == "scale") return bench_scale(args.subspan(1));
  if (!args.empty() && args.front() == "mime") return bench_mime(args.subspan(1));
  if (!args.empty() && args.front() == "sweep") return bench_sweep(args.subspan(1));
  fmt::print(stderr, "usage: telepost bench load|lists|mime|scale|sweep OPTIONS; `telepost bench load --help` tells them\n");
  return kExitUsage;
}

}  // namespace telepost::cli
