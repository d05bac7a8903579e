// telepost config and policy: what needs no store.
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

template <typename Number>
Json or_null(const std::optional<Number>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json to_json(const schema::ClassOfService& service) {
  Json kinds = Json::array();
  for (std::size_t kind = 1; kind <= service.kinds.size(); ++kind) {
    const schema::KindRule& rule = service.rule(static_cast<schema::Kind>(kind));
    if (rule == schema::KindRule{}) continue;
    kinds.push_back({{"kind", name_of(static_cast<schema::Kind>(kind))},
                     {"allow", rule.allow},
                     {"max_size", or_null(rule.max_size_bytes)},
                     {"retention", rule.retention ? Json(rule.retention->count() / 1000) : Json(nullptr)}});
  }
  return {{"class", service.name},
          {"quota_size", or_null(service.quota_bytes)},
          {"quota_messages", or_null(service.quota_messages)},
          {"kinds", std::move(kinds)}};
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
    const Json object = to_json(service);
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
