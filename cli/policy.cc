// telepost policy … and telepost account policy …. check and show need no store.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>

#include "cli/call.h"
#include "cli/files.h"
#include "schema/class_files.h"
#include "schema/class_text.h"
#include "schema/effective_class.h"

namespace telepost::cli {
namespace {

using adapters::admin::to_line;

const std::vector<Column> kLineColumns = {
    {"WHAT", "what", Column::Show::text, 40}, {"VALUE", "value", Column::Show::text, 100}, {"FROM", "from", Column::Show::text, 60}};

struct PolicyOptions {
  std::vector<std::string> paths;
  std::string name, account, message;
};

// What the configuration asks of the classes.
Result<void> check_ranges(const schema::Configuration& configuration, const schema::ClassSet& classes) {
  const auto check = [&](const std::string& range, const std::string& name) -> Result<void> {
    if (classes.find(name) != nullptr) return {};
    return {Errc::invalid, "the range " + range + " of the configuration has the class '" + name +
                               "', which no file defines; define it, or give the range another class"};
  };
  for (const schema::Domain& domain : configuration.domains) TELEPOST_TRY(check(domain.name, domain.class_of_service));
  for (const schema::NumberRange& range : configuration.numbers) TELEPOST_TRY(check(range.prefix, range.class_of_service));
  return {};
}

// What is sound, and lets strangers do what the operator may not mean.
void warn_of(const schema::ClassSet& classes) {
  for (const auto& [name, service] : classes.all()) {
    const schema::EffectiveClass effective = schema::resolve(classes, {nullptr, name, ""});
    const bool honours = std::any_of(effective.rules.retention.begin(), effective.rules.retention.end(), [](const schema::Retention& rule) {
      return rule.since == schema::Since::expires_header && rule.keep;
    });
    if (!honours || effective.settings.undelete.keep == Duration(0) || effective.settings.undelete.bytes) continue;
    fmt::print(stderr, "telepost: warning: the class '{}' honours Expires fields and its undelete has no bytes: whoever sends mail that expires soon "
                       "has it kept for the time of undelete; set <undelete bytes=…>\n", name);
  }
}

// Tells of every file that is wrong, not only of the first.
int check_classes(const Program& program, const std::vector<std::string>& paths) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  const schema::Configuration& configuration = loaded->configuration;
  const auto files = schema::class_files(paths.empty() ? std::vector{configuration.policies_path} : paths);
  if (!files.ok()) return fail_configuration(files.error());
  schema::ClassSet classes;
  int exit_code = 0;
  for (const std::string& file : *files) {
    const Result<void> read = schema::load_classes_of(file, classes);
    if (!read.ok()) exit_code = fail_configuration(read.error());
  }
  Result<void> whole = schema::check_classes(classes);
  if (whole.ok() && paths.empty()) whole = check_ranges(configuration, classes);
  if (exit_code == 0 && !whole.ok()) exit_code = fail_configuration(whole.error());
  if (exit_code != 0) return exit_code;
  warn_of(classes);
  const Json object = {{"files", files->size()}, {"classes", classes.all().size()}, {"result", "ok"}};
  fmt::print("{}", program.json ? to_line(object) + "\n" : to_record(object));
  return 0;
}

void print_class(const Program& program, const schema::EffectiveClass& service) {
  Table table(kLineColumns);
  if (!program.json) fmt::print("class {}\n", service.name);
  for (const schema::ClassLine& line : schema::lines_of(service)) {
    const Json object = {{"class", service.name}, {"what", line.what}, {"value", line.value}, {"from", line.from}};
    fmt::print("{}", program.json ? to_line(object) + "\n" : table.add(object));
  }
  fmt::print("{}", table.finish());
}

int show_classes(const Program& program, const std::string& name) {
  const auto loaded = schema::load_configuration(program.source);
  if (!loaded.ok()) return fail_configuration(loaded.error());
  const auto classes = schema::load_classes(loaded->configuration.policies_path);
  if (!classes.ok()) return fail_configuration(classes.error());
  if (!name.empty() && classes->find(name) == nullptr) return fail({Errc::not_found, "no class '" + name + "'; telepost policy show lists them"});
  std::string_view gap;
  for (const auto& [each, service] : classes->all()) {
    if (!name.empty() && each != name) continue;
    if (!program.json) fmt::print("{}", std::exchange(gap, "\n"));
    print_class(program, schema::resolve(*classes, {nullptr, each, ""}));
  }
  return 0;
}

int explain(const Program& program, const PolicyOptions& given) {
  Json args = {{"account", given.account}};
  if (given.message.empty()) return perform(program, {{"policy.explain", std::move(args)}, kLineColumns});
  args["message"] = given.message;
  return perform(program, {{"policy.explain", std::move(args)},
                           {{"WHAT", "what"}, {"TIME", "time", Column::Show::time}, {"POLICY", "policy", Column::Show::text, 60}, {"REASON", "reason", Column::Show::text, 60}}});
}

}  // namespace

void add_policy(CLI::App& app, Program& program) {
  CLI::App* const policy = app.add_subcommand("policy", "Check, show and explain classes of service");
  policy->require_subcommand(1);
  const auto given = std::make_shared<PolicyOptions>();
  CLI::App* const check = policy->add_subcommand("check", "Read classes as serve would, and tell what is wrong");
  check->add_option("FILE", given->paths, "Files and folders (default: policies.path)");
  check->callback([&program, given] { program.run = [&program, given] { return check_classes(program, given->paths); }; });
  CLI::App* const show = policy->add_subcommand("show", "What holds for the accounts of each class, and who says so");
  show->add_option("CLASS", given->name, "One class (default: all)");
  show->callback([&program, given] { program.run = [&program, given] { return show_classes(program, given->name); }; });
  CLI::App* const explained = policy->add_subcommand("explain", "What holds for an account, or when a message goes and why");
  explained->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
  explained->add_option("MESSAGE", given->message, "The id of one of its messages");
  explained->callback([&program, given] { program.run = [&program, given] { return explain(program, *given); }; });
}

void add_own_policy(CLI::App& account, Program& program) {
  CLI::App* const parent = account.add_subcommand("policy", "The subscriber's own settings: what to keep and to be told of");
  parent->require_subcommand(1);
  const auto given = std::make_shared<PolicyOptions>();
  const auto add = [&](const char* name, const char* help) {
    CLI::App* const command = parent->add_subcommand(name, help);
    command->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
    return command;
  };
  const auto apply = [&program, given](const std::string& settings) {
    return perform(program, {{"account.policy.set", {{"account", given->account}, {"settings", settings}}}, kLineColumns});
  };
  CLI::App* const set = add("set", "Take them from a file: <settings> of schema/policy.xsd");
  set->add_option("FILE", given->paths, "The file, or \"-\" for stdin")->required()->expected(1);
  set->callback([&program, given, apply] {
    program.run = [given, apply] {
      const auto settings = read_text(given->paths.front(), schema::kMaxSubscriberSettings);
      return settings.ok() ? apply(*settings) : fail(settings.error());
    };
  });
  add("clear", "Let the class of service decide again")->callback([&program, apply] { program.run = [apply] { return apply(""); }; });
  add("show", "Show them as they were set")->callback([&program, given] {
    program.run = [&program, given] {
      const auto sentence = [](const Json& shown) { return shown.value("settings", ""); };
      return perform(program, {{"account.policy.show", {{"account", given->account}}}, {}, sentence});
    };
  });
}

}  // namespace telepost::cli
