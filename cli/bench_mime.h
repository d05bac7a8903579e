// `telepost bench mime FILE…`: what it costs to read mail, from bytes to the document that is stored.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace telepost::cli {

struct MimeSpeed {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
};

// Scans, describes and writes the document of each mail, again and again for so long, in chunks as a session feeds them.
MimeSpeed measure_mime(const std::vector<std::string>& mails, double seconds);

// Reads the files, measures, prints {"messages","bytes","seconds"}. args: --seconds N FILE…
int bench_mime(std::span<const std::string> args);

}  // namespace telepost::cli
