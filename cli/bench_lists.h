// `telepost bench lists`: mail clients that show pages of a mailbox, of a JMAP server or of an IMAP server, so that both are measured by
// the same hand. Closed loop: each connection asks again once it was answered. Open loop: requests are due at a fixed rate whether or
// not the server keeps up, and one that starts late has waited since it was due.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"
#include "cli/list_client.h"

namespace telepost::cli {

struct ListBenchOptions {
  std::function<Result<std::unique_ptr<ListClient>>()> connect;
  std::size_t connections = 16;  // a thread each
  double rate = 0;               // requests per second of all together; 0: closed loop
  std::uint64_t seconds = 20;    // no request begins later
  std::uint64_t position = 0;    // of the first message of each page
  std::uint64_t positions = 0;   // each page begins somewhere from `position` on, at so many places; 0: there
};

struct ListBenchReport {
  std::uint64_t count = 0;  // pages
  std::uint64_t errors = 0;
  std::string first_error;
  double seconds = 0;
  double per_second = 0;
  double cpu_seconds = 0;  // of this process
  double p50_ms = 0, p99_ms = 0, max_ms = 0;
};

// unavailable: nobody answers, or every connection was lost. invalid: the log-in was refused.
Result<ListBenchReport> run_bench_lists(const ListBenchOptions& options);
int bench_lists(std::span<const std::string> args);

}  // namespace telepost::cli
