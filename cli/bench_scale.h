// `telepost bench scale`: what deliveries and lists cost as an account and the number of accounts grow. Works on a store of its own
// in a new folder, through the store's own verbs; prints one JSON object per measured row.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace telepost::cli {

struct ScaleOptions {
  std::string folder;                   // parent of the store's folder, which is removed at the end
  std::vector<std::uint64_t> messages;  // sizes of one account, ascending
  std::vector<std::uint64_t> accounts;  // numbers of accounts, ascending
  std::uint64_t rounds = 300;           // measured deliveries per row
  std::uint64_t lists = 20'000;         // measured lists per row: after opening, compaction works beside the first ones
};

struct ScaleRow {
  std::string what;        // "delivery", "list by uid, middle", …
  std::string of;          // "messages" or "accounts"
  std::uint64_t size = 0;
  double operations = 0;   // engine operations per call
  double records = 0;      // records that the engine's scans gave per call
  double micros = 0;       // median
  double cold_micros = 0;  // first call after the store was opened; 0: not measured
};

Result<std::vector<ScaleRow>> run_bench_scale(const ScaleOptions& options);
int bench_scale(std::span<const std::string> args);

}  // namespace telepost::cli
