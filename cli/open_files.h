// How many files the server may have open, and how many connections fit.
#pragma once

#include <cstdint>

#include "schema/configuration.h"

namespace telepost::cli {

// With every listener at its maximum: connections, the store's engine and what the process itself needs.
std::uint64_t files_wanted(const schema::Configuration& configuration);

// The configuration as it fits: the maxima of connections go down together when `open_files` is less than files_wanted().
// At least one connection a listener stays.
schema::Configuration fit_connections(schema::Configuration configuration, std::uint64_t open_files);

// Raises the soft limit of open files (RLIMIT_NOFILE) as far as it is wanted and allowed; what does not fit then goes, and a
// warning says what to set. Beyond the limit every accept fails, the admin socket's too.
schema::Configuration fit_to_open_files(schema::Configuration configuration);

}  // namespace telepost::cli
