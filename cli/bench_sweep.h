// `telepost bench sweep`: what expiry costs, through the store's own verbs in a store of its own whose clock is moved ahead. Prints
// one JSON object.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"

namespace telepost::cli {

struct SweepBenchOptions {
  std::string folder;                // parent of the store's folder, which is removed at the end
  std::uint64_t messages = 200'000;  // stored
  std::uint64_t expire = 100'000;    // of them
  std::uint64_t accounts = 100;
  std::uint64_t size_bytes = 1000;
  std::uint64_t load_seconds = 0;    // deliveries at saturation: so long alone, then beside the sweep
};

struct SweepBenchReport {
  std::uint64_t expired = 0;
  double seconds = 0;
  double operations = 0;         // of the engine, per expired message
  double alone_per_second = 0;   // deliveries
  double beside_per_second = 0;  // deliveries while the sweep runs
};

Result<SweepBenchReport> run_bench_sweep(const SweepBenchOptions& options);
int bench_sweep(std::span<const std::string> args);

}  // namespace telepost::cli
