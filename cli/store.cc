// telepost verify, inspect and cdr
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "cli/csv.h"

namespace telepost::cli {
namespace {

struct StoreOptions {
  std::string account, since;
  std::vector<std::string> what;
  bool archive = false;
};
using StoreOptionsPointer = std::shared_ptr<StoreOptions>;

void add_verify(CLI::App& app, Program& program, const StoreOptionsPointer& given) {
  CLI::App* const verify = app.add_subcommand(
      "verify",
      "Check that everything stored agrees: exit code 1 with damage, 0 with what a crash may leave (debris)");
  verify->add_option("--account", given->account, "Only this account and the pieces that it uses");
  verify->add_flag("--archive", given->archive, "Read all that is archived, not only the archive's list");
  verify->callback([&program, given] {
    program.run = [&program, given] {
      Json args = Json::object();
      if (!given->account.empty()) args["account"] = given->account;
      if (given->archive) args["archive"] = true;
      Call call{{"store.verify", std::move(args)}};
      call.sentence = [](const Json& object) {
        if (object.contains("sound")) return to_record(object);
        const std::string remedy = object.value("remedy", "");
        return fmt::format("{} {}: {}, key {}: {}{}\n", object.value("class", ""), object.value("check", ""),
                           object.value("partition", ""), object.value("key", ""),
                           printable(object.value("what", "")), remedy.empty() ? "" : "; " + remedy + " mends it");
      };
      return perform(program, call);
    };
  });
}

std::string fields_of(const Json& object) {
  std::string text;
  for (const auto& [name, value] : object.items())
    text += " " + name + "=" + printable(value.get<std::string>());
  return text;
}

void add_inspect(CLI::App& app, Program& program, const StoreOptionsPointer& given) {
  CLI::App* const inspect =
      app.add_subcommand("inspect", "Show the keys and records of a partition, decoded, without content");
  inspect
      ->add_option("PARTITION", given->what,
                   "An account's address or id, 'piece DIGEST', 'calendar 17', 'meta' …")
      ->required()
      ->expected(1, 2);
  inspect->callback([&program, given] {
    program.run = [&program, given] {
      Call call{{"store.inspect", {{"partition", fmt::format("{}", fmt::join(given->what, " "))}}}};
      call.sentence = [](const Json& object) {
        const std::string layout = object.value("layout", "");
        const std::string key = fields_of(object["named"]);
        return fmt::format("{}{}:{}\n", layout, key.empty() ? " " + object.value("key", "") : key,
                           fields_of(object["record"]));
      };
      return perform(program, call);
    };
  });
}

void add_cdr(CLI::App& app, Program& program, const StoreOptionsPointer& given) {
  CLI::App* const cdr = app.add_subcommand("cdr", "Charging records (schema/cdr.md)");
  cdr->require_subcommand(1);
  CLI::App* const command = cdr->add_subcommand(
      "export",
      "Print the CDRs behind a cursor as CSV (or --json), and the cursor to go on from: the last line with\n"
      "--json, \"cursor …\" on stderr with --csv");
  command->add_option("--since", given->since,
                      "The cursor that the last export gave (default: the beginning)");
  command->add_flag("--csv")->description("CSV (the default)");
  command->callback([&program, given] {
    program.run = [&program, given] {
      Call call{{"cdr.export", {{"since", given->since}}}};
      call.sentence = csv_lines();
      return perform(program, call);
    };
  });
}

}  // namespace

void add_store(CLI::App& app, Program& program) {
  const auto given = std::make_shared<StoreOptions>();
  add_verify(app, program, given);
  add_inspect(app, program, given);
  add_cdr(app, program, given);
}

}  // namespace telepost::cli
