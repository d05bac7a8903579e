// telepost clock …
#include <CLI/CLI.hpp>

#include "cli/call.h"

namespace telepost::cli {

void add_clock(CLI::App& app, Program& program) {
  CLI::App* const clock = app.add_subcommand("clock", "The store's time, and what to do when the machine's clock leaps ahead");
  clock->require_subcommand(1);
  const auto add = [&](const char* name, const char* help) {
    clock->add_subcommand(name, help)->callback([&program, verb = std::string("clock.") + name] {
      program.run = [&program, verb] { return perform(program, {{verb, Json::object()}}); };
    });
  };
  add("show", "Show the machine's time, the store's, and whether the store believes the machine");
  add("accept",
      "Believe the machine's clock again after it leapt ahead by more than clock.max_jump. Until then the store's time goes\n"
      "on as if nothing had happened, and nothing is removed or moved (telepost sweep ends with 75)");
}

}  // namespace telepost::cli
