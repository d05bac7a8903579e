#include "cli/program.h"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

#include "cli/bench_load.h"

namespace telepost::cli {
namespace {

constexpr const char* kFooter =
    "Commands about what is stored ask the running server (store.path/admin.sock); without one they open the store themselves.\n"
    "Exit codes: 0 done, 64 usage, 65 the input is wrong, 67 no such account or message, 75 try later, 1 "
    "other failures.";

void add_bench(CLI::App& app, Program& program) {
  CLI::App* const bench = app.add_subcommand("bench", "Measure a server: telepost bench load --help");
  bench->fallthrough(false);  // else its arguments would be the program's
  bench->prefix_command();
  bench->set_help_flag();
  bench->callback([bench, &program] {
    program.run = [arguments = bench->remaining()] { return bench_command(arguments); };
  });
}

std::string full_name(const CLI::App* command) {
  return command->get_parent() == nullptr ? command->get_name() : full_name(command->get_parent()) + " " + command->get_name();
}

// `telepost help message list` says what `telepost message list --help` says.
void add_help(CLI::App& app, Program& program) {
  CLI::App* const help = app.add_subcommand("help", "Show the commands, or how one of them is used");
  help->fallthrough(false);  // else the words would be taken for commands to run
  const auto words = std::make_shared<std::vector<std::string>>();
  help->add_option("COMMAND", *words, "message list, account …");
  help->callback([&app, &program, words] {
    program.run = [&app, words] {
      CLI::App* shown = &app;
      for (const std::string& word : *words) {
        const auto next =
            shown->get_subcommands([&word](const CLI::App* one) { return one->get_name() == word; });
        if (next.empty()) {
          std::fprintf(stderr, "telepost: no command %s\n", word.c_str());
          return kExitUsage;
        }
        shown = next.front();
      }
      // Not shown->help(): that goes on to the command that was parsed, which is this one.
      std::fputs(shown->get_formatter()->make_help(shown, full_name(shown), CLI::AppFormatMode::Normal).c_str(), stdout);
      return 0;
    };
  });
}

// CLI11 says "A subcommand is required" and nothing of the word that it took for none.
const CLI::App* deepest_of(const CLI::App& app) {
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at;
}

int tell_usage(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<std::string> words = app.remaining(true);
  if (error.get_exit_code() != static_cast<int>(CLI::ExitCodes::RequiredError) || words.empty()) {
    return app.exit(error) == 0 ? 0 : kExitUsage;  // 0: help or version was asked for
  }
  const std::string known = full_name(deepest_of(app));
  std::fprintf(stderr, "telepost: no command '%s %s'; %s --help lists those that there are\n", known.c_str(), words.front().c_str(),
               known.c_str());
  return kExitUsage;
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is told by the write that meets it
  Program program;
  CLI::App app("Telepost: one store for a subscriber's mail, voice, fax, SMS and video", "telepost");
  app.set_version_flag("--version", "telepost " TELEPOST_VERSION);
  app.footer(kFooter);
  app.fallthrough();
  app.require_subcommand(1);
  app.add_option("--config", program.source.file,
                 "Configuration file (else $TELEPOST_CONFIG, /etc/telepost/telepost.toml, the defaults)");
  app.add_option("--set", program.source.overrides,
                 "key=value over the configuration file; may be given several times")
      ->allow_extra_args(false);
  app.add_flag("--json", program.json, "Print one JSON object per line");
  add_serve(app, program);
  add_account(app, program);
  add_mailbox(app, program);
  add_message(app, program);
  add_queue(app, program);
  add_store(app, program);
  add_sweep(app, program);
  add_hold(app, program);
  add_visit(app, program);
  add_clock(app, program);
  add_configuration(app, program);
  add_policy(app, program);
  add_dkim(app, program);
  add_bench(app, program);
  add_help(app, program);
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes the last first
  } catch (const CLI::ParseError& error) {
    return tell_usage(app, error);
  }
  return program.run();
}

}  // namespace telepost::cli
