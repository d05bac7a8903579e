// The command line: parses it, and runs the command that it names. cli/main.cc only hands over its arguments.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "schema/configuration.h"

namespace CLI {
class App;
}

namespace telepost::cli {

inline constexpr int kExitUsage = 64;        // sysexits.h EX_USAGE
inline constexpr int kExitNoInput = 66;      // EX_NOINPUT: of a benchmark, a file that cannot be read
inline constexpr int kExitUnavailable = 69;  // EX_UNAVAILABLE: of a benchmark, nobody answered or not all went well

// What every command is given.
struct Program {
  schema::ConfigurationSource source;
  bool json = false;
  std::function<int()> run;  // the command that the arguments chose; its exit code
};

// arguments: without the program's name. Returns the exit code: 0, 64 usage, 65 the input is wrong, 67 no such account or
// message, 75 try later, 1 other failures.
int run_program(const std::vector<std::string>& arguments);

// Each adds its commands to the parser; they set program.run. The program outlives the parse and the run.
void add_serve(CLI::App& app, Program& program);
void add_account(CLI::App& app, Program& program);
void add_mailbox(CLI::App& app, Program& program);
void add_message(CLI::App& app, Program& program);
void add_queue(CLI::App& app, Program& program);
void add_store(CLI::App& app, Program& program);          // verify, inspect, cdr
void add_sweep(CLI::App& app, Program& program);          // sweep, audit
void add_hold(CLI::App& app, Program& program);
void add_visit(CLI::App& app, Program& program);
void add_clock(CLI::App& app, Program& program);
void add_configuration(CLI::App& app, Program& program);
void add_policy(CLI::App& app, Program& program);
void add_sign_in(CLI::App& account, Program& program);     // below account: app passwords, second factor, sessions
void add_own_policy(CLI::App& account, Program& program);  // below account: the subscriber's own settings
void add_dkim(CLI::App& app, Program& program);

}  // namespace telepost::cli
