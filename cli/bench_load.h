// `telepost bench load`: a load generator for any LMTP or SMTP server, so that Telepost and another server are measured
// by the same hand. One thread, one epoll; each connection is kept open and has one transaction at a time:
// MAIL, RCPT and DATA in one group as RFC 2920 allows, the message in the next, every reply awaited.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/load_message.h"

namespace telepost::cli {

enum class LoadProtocol : unsigned char { lmtp, smtp };

struct LoadOptions {
  LoadProtocol protocol = LoadProtocol::lmtp;
  std::string target;               // "host:port", "[::1]:port", or the path of a unix socket (contains a '/')
  std::string domain = "example.test";
  std::string from = "load@sender.test";
  std::string user, password;       // each connection logs in by AUTH PLAIN; an empty user logs nobody in
  std::vector<std::string> addresses;  // recipients; empty: user1@domain to userN@domain
  std::size_t accounts = 8;
  std::size_t connections = 64;     // in all; connection c writes to account c modulo accounts
  std::size_t recipients = 1;       // per message, neighbouring accounts
  enum class Recipient : unsigned char { same_accounts, new_account_per_message };
  Recipient recipient = Recipient::same_accounts;
  MessageShape shape;
  std::uint64_t seconds = 20;       // no transaction starts later
  std::uint64_t messages = 0;       // 0: no limit but the time
  std::uint64_t window_seconds = 10;
};

struct LoadReport {
  std::uint64_t count = 0;          // deliveries acknowledged: one per accepted recipient
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;          // of acknowledged messages, once per message
  std::uint64_t errors = 0;         // refused commands, recipients and messages, lost connections
  std::string first_error;
  double seconds = 0;               // from the first transaction to the last reply
  double cpu_seconds = 0;           // of this process, user and system
  std::vector<double> window_rates; // deliveries per second of each full window
  double per_second = 0;
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  // MAIL sent to last reply
};

// unavailable: nobody answers at the target, or connections keep failing. invalid: the options do not make sense.
Result<LoadReport> run_bench_load(const LoadOptions& options);

// `telepost bench ARGS…`, without the word bench. Prints to stdout; returns the exit code (sysexits).
int bench_command(std::span<const std::string> args);

}  // namespace telepost::cli
