// telepost config and policy: what needs no store.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "schema/effective_class.h"

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

// Every value that some layer states, and who does.
Json to_json(const schema::EffectiveClass& service) {
  Json values = Json::object();
  const auto table = schema::class_setting_table();
  for (const auto& [key, layer] : service.stated_by) {
    values[schema::name_of(key)] = {{"value", table[key.row].write(service.settings, key.kind)}, {"from", layer}};
  }
  return {{"class", service.name}, {"settings", std::move(values)}};
}

// The folder that was named, else policies.path.
int show_classes(const Program& program, const std::string& folder, bool only_check) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  const std::string& path = folder.empty() ? loaded->configuration.policies_path : folder;
  const auto classes = schema::load_classes(path);
  if (!classes.ok()) return fail_configuration(classes.error());
  std::string gap;
  for (const auto& [name, service] : classes->all()) {
    if (only_check) break;
    const Json object = to_json(schema::resolve(*classes, {nullptr, name, ""}));
    fmt::print("{}", program.json ? to_line(object) + "\n" : gap + to_record(object));
    gap = "\n";
  }
  if (only_check) {
    const Json object = {{"folder", path}, {"classes", classes->all().size()}, {"result", "ok"}};
    fmt::print("{}", program.json ? to_line(object) + "\n" : to_record(object));
  }
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

  CLI::App* const policy = app.add_subcommand("policy", "Check or show the classes of service");
  policy->require_subcommand(1);
  const auto folder = std::make_shared<std::string>();
  for (const bool only_check : {true, false}) {
    CLI::App* const command = policy->add_subcommand(
        only_check ? "check" : "show", only_check ? "Read the classes as SIGHUP would" : "Show the classes");
    command->add_option("FOLDER", *folder, "Default: policies.path");
    command->callback([&program, folder, only_check] {
      program.run = [&program, folder, only_check] { return show_classes(program, *folder, only_check); };
    });
  }
}

}  // namespace telepost::cli
