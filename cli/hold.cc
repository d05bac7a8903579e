// telepost hold …
#include <CLI/CLI.hpp>

#include "cli/call.h"

namespace telepost::cli {
namespace {

struct HoldOptions {
  std::string account, id, reason, mailbox, role, sender, larger, smaller, flag, without_flag, header, matches;
  std::vector<std::string> kinds;
  bool everything = false;
};
using HoldOptionsPointer = std::shared_ptr<HoldOptions>;

const std::vector<Column> kHoldColumns = {{"ID", "id"},
                                          {"STATE", "state"},
                                          {"CREATED", "created", Column::Show::time},
                                          {"ABOUT", "about", Column::Show::text, 60},
                                          {"REASON", "reason", Column::Show::text, 60}};

Json add_arguments(const HoldOptions& given) {
  Json args = {{"reason", given.reason}};
  const auto put = [&](const char* name, const std::string& value) {
    if (!value.empty()) args[name] = value;
  };
  put("account", given.account);
  put("mailbox", given.mailbox);
  put("role", given.role);
  put("sender", given.sender);
  put("larger", given.larger);
  put("smaller", given.smaller);
  put("flag", given.flag);
  put("without_flag", given.without_flag);
  put("header", given.header);
  put("matches", given.matches);
  if (!given.kinds.empty()) args["kinds"] = given.kinds;
  if (given.everything) args["everything"] = true;
  return args;
}

void add_add(CLI::App& hold, Program& program, const HoldOptionsPointer& given) {
  CLI::App* const command = hold.add_subcommand(
      "add",
      "Keep stored what would be removed: of an account, or of those messages of which all is so that the options say.\n"
      "Messages that come later are covered; the subscriber sees nothing of it. Returns when it is in force everywhere.\n"
      "Mailbox, role and flags are those at the moment of the removal, and the subscriber can change them before");
  command->add_option("ACCOUNT", given->account, "An address or the id of an account; without it every account is meant");
  command->add_option("--reason", given->reason, "Why, for the audit log")->required();
  command->add_option("--kind", given->kinds, "email, voice, fax, sms, mms, video, image or text; may be given several times")
      ->allow_extra_args(false);
  command->add_option("--mailbox", given->mailbox, "The path of its mailbox, or of the last one; * stands for any characters");
  command->add_option("--role", given->role, "The role of that mailbox: inbox, sent, drafts, trash, junk, archive, none");
  command->add_option("--sender", given->sender, "Its sender, such as *@example.test");
  command->add_option("--larger", given->larger, "Sources of more than so many bytes: 10MiB");
  command->add_option("--smaller", given->smaller, "Sources of fewer bytes");
  command->add_option("--flag", given->flag, "A flag that it has");
  command->add_option("--without-flag", given->without_flag, "A flag that it has not");
  command->add_option("--header", given->header, "A header field that it has");
  command->add_option("--matches", given->matches, "What that field says; * stands for any characters");
  command->add_flag("--everything", given->everything, "All messages of all accounts");
  command->callback([&program, given] {
    program.run = [&program, given] { return perform(program, {{"hold.add", add_arguments(*given)}}); };
  });
}

void add_named(CLI::App& hold, Program& program, const HoldOptionsPointer& given, const char* name, const char* help) {
  CLI::App* const command = hold.add_subcommand(name, help);
  command->add_option("ID", given->id, "The number of the hold")->required();
  command->callback([&program, given, verb = std::string("hold.") + name] {
    program.run = [&program, given, verb] { return perform(program, {{verb, {{"id", given->id}}}}); };
  });
}

}  // namespace

void add_hold(CLI::App& app, Program& program) {
  CLI::App* const hold = app.add_subcommand("hold", "Legal holds: what stays stored, whoever deletes it and whatever expires");
  hold->require_subcommand(1);
  const auto given = std::make_shared<HoldOptions>();
  add_add(*hold, program, given);
  hold->add_subcommand("list", "List the holds")->callback([&program] {
    program.run = [&program] { return perform(program, {{"hold.list", Json::object()}, kHoldColumns}); };
  });
  add_named(*hold, program, given, "show", "Show a hold, and how much is stored for it alone");
  add_named(*hold, program, given, "release", "End a hold: what nothing else keeps is removed");
}

}  // namespace telepost::cli
