// Objects as CSV (RFC 4180), for who reads exports by a program.
#pragma once

#include <functional>
#include <string>

#include "adapters/admin/exchange.h"

namespace telepost::cli {

// One line for each object, the names of the fields before the first; an object that is a cursor alone goes to stderr instead, beside the
// table of records.
std::function<std::string(const adapters::admin::Json&)> csv_lines();

}  // namespace telepost::cli
