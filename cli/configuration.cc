// telepost config: what needs no store.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "schema/class_of_service.h"

namespace telepost::cli {
namespace {

using adapters::admin::to_line;

int show_keys(const Program& program) {
  Table table({{"KEY", "key", Column::Show::text, 40},
               {"TYPE", "type", Column::Show::text, 28},
               {"DEFAULT", "default", Column::Show::text, 28},
               {"MEANING", "meaning", Column::Show::text, 120}});
  for (const schema::ConfigurationKey& key : schema::configuration_keys()) {
    const Json object = {
        {"key", key.name}, {"type", key.type}, {"default", key.fallback}, {"meaning", key.sentence}};
    fmt::print("{}", program.json ? to_line(object) + "\n" : table.add(object));
  }
  fmt::print("{}", table.finish());
  return 0;
}

int check_configuration(const Program& program) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  const auto classes = schema::load_classes(loaded->configuration.policies_path);
  if (!classes.ok()) return fail_configuration(classes.error());
  const Json object = {{"file", loaded->file}, {"classes", classes->all().size()}, {"result", "ok"}};
  fmt::print("{}", program.json ? to_line(object) + "\n" : to_record(object));
  return 0;
}

}  // namespace

void add_configuration(CLI::App& app, Program& program) {
  CLI::App* const config = app.add_subcommand("config", "Check the configuration, or list its keys");
  config->require_subcommand(1);
  config->add_subcommand("check", "Read configuration and policies as serve would")->callback([&program] {
    program.run = [&program] { return check_configuration(program); };
  });
  config->add_subcommand("keys", "List every key, its type and its default")->callback([&program] {
    program.run = [&program] { return show_keys(program); };
  });
}

}  // namespace telepost::cli
