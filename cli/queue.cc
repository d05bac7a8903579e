// telepost queue …
#include <CLI/CLI.hpp>

#include "cli/call.h"

namespace telepost::cli {
namespace {

struct QueueOptions {
  std::vector<std::string> ids;
  std::string id, network, destination, account, state, after;
  std::uint64_t limit = 100;
  bool all = false;
};
using QueueOptionsPointer = std::shared_ptr<QueueOptions>;

const std::vector<Column> kJobColumns = {{"ID", "id"},
                                         {"NETWORK", "network"},
                                         {"DESTINATION", "destination", Column::Show::text, 40},
                                         {"STATE", "state"},
                                         {"ATTEMPTS", "attempts", Column::Show::right},
                                         {"NEXT", "next_attempt", Column::Show::time},
                                         {"FROM", "from", Column::Show::text, 40},
                                         {"REASON", "reason", Column::Show::text, 60}};

void add_filters(CLI::App* command, const QueueOptionsPointer& given) {
  command->add_option("--network", given->network, "mail, sms, mms, fax, call, push or webhook");
  command->add_option("--destination", given->destination, "A domain, a number, the host of a URL");
  command->add_option("--account", given->account, "An address or the id of an account");
  command->add_option("--state", given->state, "waiting, held or sending");
}

Json filters(const QueueOptions& given) {
  Json args = Json::object();
  put(args, "network", given.network);
  put(args, "destination", given.destination);
  put(args, "account", given.account);
  put(args, "state", given.state);
  return args;
}

void add_change(CLI::App& queue, Program& program, const QueueOptionsPointer& given, const char* name, const char* help) {
  CLI::App* const command = queue.add_subcommand(name, help);
  command->add_option("ID", given->ids, "The numbers of the jobs");
  command->add_flag("--all", given->all, "All jobs, or those that the filters leave");
  add_filters(command, given);
  command->callback([&program, given, verb = std::string("queue.") + name] {
    if (given->ids.empty() != given->all) throw CLI::ValidationError("ID", "name jobs by their numbers, or give --all, with filters or without");
    program.run = [&program, given, verb] {
      Json args = filters(*given);
      if (!given->ids.empty()) args["ids"] = given->ids;
      if (given->all) args["all"] = true;
      return perform(program, {{verb, std::move(args)}});
    };
  });
}

}  // namespace

void add_queue(CLI::App& app, Program& program) {
  CLI::App* const queue = app.add_subcommand("queue", "What is to be sent: list it, hold it, send it now, delete it");
  queue->require_subcommand(1);
  const auto given = std::make_shared<QueueOptions>();
  CLI::App* const list = queue->add_subcommand("list", "List the jobs");
  add_filters(list, given);
  list->add_option("--limit", given->limit, "At most so many jobs; 0 is all")->check(CLI::NonNegativeNumber)->capture_default_str();
  list->add_option("--after", given->after, "Behind this job, the last of the list before");
  list->callback([&program, given] {
    program.run = [&program, given] {
      Json args = filters(*given);
      args["limit"] = given->limit;
      put(args, "after", given->after);
      return perform(program, {{"queue.list", std::move(args)}, kJobColumns});
    };
  });
  CLI::App* const show = queue->add_subcommand("show", "Show a job, or how a message that was handed in stands with its recipients");
  show->add_option("ID", given->id, "The job's number, or a message id")->required();
  show->callback([&program, given] {
    program.run = [&program, given] { return perform(program, {{"queue.show", {{"id", given->id}}}}); };
  });
  add_change(*queue, program, given, "hold", "Keep jobs from being sent until they are released");
  add_change(*queue, program, given, "release", "Let held jobs go, now");
  add_change(*queue, program, given, "retry", "Try jobs now, not at their time");
  add_change(*queue, program, given, "delete", "Take jobs out; nobody is told");
}

}  // namespace telepost::cli
