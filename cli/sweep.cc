// telepost sweep and audit
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>

#include "cli/call.h"

namespace telepost::cli {
namespace {

struct SweepOptions {
  std::vector<std::string> kinds;
  std::string until, account, since;
  std::uint64_t rate = 0;
  bool dry_run = false, all = false;
};
using SweepOptionsPointer = std::shared_ptr<SweepOptions>;

const std::vector<Column> kSweepColumns = {{"KIND", "kind"},
                                           {"DUE", "due", Column::Show::right},
                                           {"DONE", "done", Column::Show::right},
                                           {"FAILED", "failed", Column::Show::right},
                                           {"LATE", "late", Column::Show::right},
                                           {"HELD", "skipped_held", Column::Show::right},
                                           {"FREED", "bytes_freed", Column::Show::right},
                                           {"SECONDS", "seconds", Column::Show::right}};

const std::vector<Column> kAuditColumns = {{"TIME", "time", Column::Show::time},
                                           {"ACTION", "action"},
                                           {"ACCOUNT", "account"},
                                           {"MESSAGES", "count", Column::Show::right},
                                           {"POLICY", "policy", Column::Show::text, 40},
                                           {"REASON", "reason", Column::Show::text, 60}};

int sweep(const Program& program, const SweepOptions& given) {
  Json args = {{"kinds", given.kinds}, {"everything", given.all}, {"dry_run", given.dry_run}, {"rate", given.rate}};
  if (!given.until.empty()) args["until"] = given.until;
  Call call{{"store.sweep", std::move(args)}, kSweepColumns};
  if (given.dry_run) call.columns[2].title = "WOULD DO";
  call.is_row = [](const Json& object) {
    if (object.value("finished", false)) return true;
    std::fprintf(stderr, "%s: %s done\n", object.value("kind", "").c_str(), object["done"].dump().c_str());
    return false;
  };
  return perform(program, call);
}

void add_sweep_command(CLI::App& app, Program& program, const SweepOptionsPointer& given) {
  CLI::App* const command = app.add_subcommand(
      "sweep",
      "Do now what is due, in this order: expire, archive, compress, reclaim. Exit code 1 with failures,\n"
      "75 where more is left");
  command
      ->add_option("--kind", given->kinds,
                   "expire: what is past its time; archive; compress; reclaim: what deletions left, also in the\n"
                   "engine's files, and without a server before its grace ends; verify: check the store. May be\n"
                   "given several times (default: the first four, reclaim as far as it is due)")
      ->allow_extra_args(false);
  command->add_option("--until", given->until, "Only what was due by this time");
  command->add_flag("--dry-run", given->dry_run, "Say what would be done, and do nothing");
  command->add_option("--rate", given->rate, "At most so many items a second")->check(CLI::NonNegativeNumber);
  command->add_flag("--all", given->all,
                    "Also what is not due yet, without the grace for crashes and open readers; only without a server");
  command->callback([&program, given] { program.run = [&program, given] { return sweep(program, *given); }; });
}

void add_audit(CLI::App& app, Program& program, const SweepOptionsPointer& given) {
  CLI::App* const audit = app.add_subcommand("audit", "What policies and operators did to messages");
  audit->require_subcommand(1);
  CLI::App* const list = audit->add_subcommand(
      "list", "List the audit log, oldest first; with --json the last line has the cursor to go on from");
  list->add_option("--since", given->since, "The cursor that the last list gave (default: the beginning)");
  list->add_option("--account", given->account, "Only of this account: an address, or the id also of one that is gone");
  list->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"since", given->since}};
      if (!given->account.empty()) args["account"] = given->account;
      Call call{{"audit.list", std::move(args)}, kAuditColumns};
      call.is_row = [](const Json& object) { return !object.contains("cursor"); };
      return perform(program, call);
    };
  });
}

}  // namespace

void add_sweep(CLI::App& app, Program& program) {
  const auto given = std::make_shared<SweepOptions>();
  add_sweep_command(app, program, given);
  add_audit(app, program, given);
}

}  // namespace telepost::cli
