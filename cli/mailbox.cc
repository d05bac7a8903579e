// telepost mailbox …
#include <CLI/CLI.hpp>

#include "cli/call.h"

namespace telepost::cli {
namespace {

struct MailboxOptions {
  std::string account, mailbox, to, role;
};

const std::vector<Column> kMailboxColumns = {
    {"MAILBOX", "mailbox", Column::Show::text, 60}, {"ROLE", "role"},
    {"MESSAGES", "messages", Column::Show::right},  {"UNSEEN", "unseen", Column::Show::right},
    {"SIZE", "size", Column::Show::right},          {"UIDNEXT", "uidnext", Column::Show::right}};

}  // namespace

void add_mailbox(CLI::App& app, Program& program) {
  CLI::App* const mailbox =
      app.add_subcommand("mailbox", "List and change the mailboxes (folders) of an account");
  mailbox->require_subcommand(1);
  const auto given = std::make_shared<MailboxOptions>();
  const auto add = [&](const char* name, const char* help, bool takes_mailbox) {
    CLI::App* const command = mailbox->add_subcommand(name, help);
    command->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
    if (takes_mailbox)
      command->add_option("MAILBOX", given->mailbox, "Its path: INBOX, Work/2026")->required();
    return command;
  };

  add("list", "List the mailboxes", false)->callback([&program, given] {
    program.run = [&program, given] {
      return perform(program, {{"mailbox.list", {{"account", given->account}}}, kMailboxColumns});
    };
  });
  CLI::App* const create = add("create", "Create a mailbox, and its parents", true);
  create->add_option("--role", given->role, "sent, drafts, trash, junk or archive");
  create->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"account", given->account}, {"mailbox", given->mailbox}};
      if (!given->role.empty()) args["role"] = given->role;
      return perform(program, {{"mailbox.create", std::move(args)}, kMailboxColumns});
    };
  });
  CLI::App* const rename = add("rename", "Rename or move a mailbox", true);
  rename->add_option("NEW", given->to, "The new path")->required();
  rename->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"account", given->account}, {"mailbox", given->mailbox}, {"to", given->to}};
      return perform(program, {{"mailbox.rename", std::move(args)}, kMailboxColumns});
    };
  });
  add("delete", "Delete a mailbox and its messages", true)->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"account", given->account}, {"mailbox", given->mailbox}};
      return perform(program, {{"mailbox.delete", std::move(args)}});
    };
  });
}

}  // namespace telepost::cli
