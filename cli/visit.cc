// telepost visit …
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "cli/csv.h"

namespace telepost::cli {
namespace {

struct VisitOptions {
  std::string account, since, until, peer, at, cursor, last_hour = "PT1H";
  std::uint64_t at_least = 5;
  bool failed = false;
};
using VisitOptionsPointer = std::shared_ptr<VisitOptions>;

constexpr const char* kTimeHelp = "A time, or how long ago: 2026-11-22T09:00:00Z, PT1H";

const std::vector<Column> kVisitColumns = {{"TIME", "time", Column::Show::time},
                                           {"EVENT", "event"},
                                           {"RESULT", "result"},
                                           {"LISTENER", "listener"},
                                           {"PEER", "peer"},
                                           {"NAME", "name", Column::Show::text, 40},
                                           {"METHOD", "method"},
                                           {"BEGUN", "begun", Column::Show::time},
                                           {"IN", "bytes_in", Column::Show::right},
                                           {"OUT", "bytes_out", Column::Show::right},
                                           {"REASON", "reason", Column::Show::text, 60}};
const std::vector<Column> kOnlineColumns = {{"BEGUN", "begun", Column::Show::time}, {"ENDED", "ended", Column::Show::time},
                                            {"LISTENER", "listener"}, {"PEER", "peer"}, {"ACCOUNT", "account"},
                                            {"NAME", "name", Column::Show::text, 40}, {"METHOD", "method"}};
const std::vector<Column> kFailureColumns = {{"COUNT", "count", Column::Show::right}, {"PEER", "peer"}, {"ACCOUNT", "account"},
                                             {"NAME", "name", Column::Show::text, 40}, {"FIRST", "first", Column::Show::time},
                                             {"LAST", "last", Column::Show::time}};

void add_visit_list(CLI::App& visit, Program& program, const VisitOptionsPointer& given) {
  CLI::App* const list = visit.add_subcommand("list", "List log-ins and connections, oldest first; a connection stands at its end");
  list->add_option("--account", given->account, "Only of this account: an address, or the id also of one that is gone");
  list->add_flag("--failed", given->failed, "Only what was refused");
  list->add_option("--since", given->since, kTimeHelp);
  list->add_option("--until", given->until, kTimeHelp);
  list->add_option("--peer", given->peer, "Only from this network or address: 192.0.2.0/24");
  runs(*list, program, [given] {
    Json args = {{"failed", given->failed}};
    put(args, "account", given->account);
    put(args, "since", given->since);
    put(args, "until", given->until);
    put(args, "peer", given->peer);
    return Call{{"visit.list", std::move(args)}, kVisitColumns};
  });
}

void add_visit_online(CLI::App& visit, Program& program, const VisitOptionsPointer& given) {
  CLI::App* const online = visit.add_subcommand("online", "Who was logged in, and connected, at a time");
  online->add_option("--at", given->at, std::string(kTimeHelp) + " (default: now)");
  runs(*online, program, [given] {
    Json args = Json::object();
    put(args, "at", given->at);
    return Call{{"visit.online", std::move(args)}, kOnlineColumns};
  });
}

void add_visit_failures(CLI::App& visit, Program& program, const VisitOptionsPointer& given) {
  CLI::App* const failures = visit.add_subcommand("failures", "Who fails to log in again and again: refused log-ins by peer and account");
  failures->add_option("--since", given->last_hour, kTimeHelp)->capture_default_str();
  failures->add_option("--until", given->until, kTimeHelp);
  failures->add_option("--at-least", given->at_least, "Only where there were so many")->check(CLI::PositiveNumber)->capture_default_str();
  runs(*failures, program, [given] {
    Json args = {{"at_least", given->at_least}};
    put(args, "since", given->last_hour);
    put(args, "until", given->until);
    return Call{{"visit.failures", std::move(args)}, kFailureColumns};
  });
}

void add_visit_export(CLI::App& visit, Program& program, const VisitOptionsPointer& given) {
  CLI::App* const command = visit.add_subcommand(
      "export",
      "Print the records behind a cursor as CSV (or --json), and the cursor to go on from: the last line with\n"
      "--json, \"cursor …\" on stderr with --csv");
  command->add_option("--since", given->cursor, "The cursor that the last export gave (default: the beginning)");
  command->add_flag("--csv")->description("CSV (the default)");
  runs(*command, program, [given] {
    Call call{{"visit.export", {{"since", given->cursor}}}};
    call.sentence = csv_lines();
    return call;
  });
}

}  // namespace

void add_visit(CLI::App& app, Program& program) {
  CLI::App* const visit = app.add_subcommand("visit", "Log-ins and connections: who came, who was refused, who was there");
  visit->require_subcommand(1);
  const auto given = std::make_shared<VisitOptions>();
  add_visit_list(*visit, program, given);
  add_visit_online(*visit, program, given);
  add_visit_failures(*visit, program, given);
  add_visit_export(*visit, program, given);
}

}  // namespace telepost::cli
