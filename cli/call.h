// One verb from the command line: its request, what goes along, and how the answer is shown.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/admin/exchange.h"
#include "cli/program.h"
#include "cli/table.h"

namespace CLI {
class App;
}  // namespace CLI

namespace telepost::cli {

using adapters::admin::Json;

struct Call {
  adapters::admin::Request request;
  // For people: a table of these columns; none: each object as a record.
  std::vector<Column> columns = {};
  // For people, instead of both: one line (or none) for each object.
  std::function<std::string(const Json&)> sentence = {};
  std::function<Result<std::string>()> content = {};        // what the verb may ask for; "" at its end
  std::function<Result<void>(std::string_view)> sink = {};  // the bytes that it gives; none: stdout
  // For people, of a table: whether the object is one of its rows; none: each is.
  std::function<bool(const Json&)> is_row = {};
};

// An argument where it was given.
void put(Json& args, const char* name, const std::string& value);

// Loads the configuration, runs the verb and prints its answer; a failure goes to stderr. Returns the exit code.
int perform(const Program& program, const Call& call);

// Where this command is given, the program runs this call, made when the options are read.
void runs(CLI::App& command, Program& program, std::function<Call()> call);

// "telepost: no account has the address x (not_found)" to stderr; returns its exit code.
int fail(const Error& error);
// The same for the configuration: a file that is not there is no missing account.
int fail_configuration(const Error& error);

}  // namespace telepost::cli
