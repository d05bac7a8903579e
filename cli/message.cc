// telepost message …
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "cli/files.h"

namespace telepost::cli {
namespace {

struct MessageOptions {
  std::string account, id, mailbox, before, output, file, to, from, key, received;
  std::vector<std::string> recipients, add, remove;
  std::uint64_t limit = 50;
  std::vector<std::string> ids;
  std::string since;
  bool deleted = false, server_only = false;
  bool xml = false, eml = false, as_arrived = false, new_id = false, as_subscriber = false;
};
using MessageOptionsPointer = std::shared_ptr<MessageOptions>;

const std::vector<Column> kMessageColumns = {{"ID", "id"},
                                             {"UID", "uid", Column::Show::right},
                                             {"MAILBOX", "mailbox", Column::Show::text, 20},
                                             {"KIND", "kind"},
                                             {"RECEIVED", "received", Column::Show::time},
                                             {"SIZE", "size", Column::Show::right},
                                             {"FLAGS", "flags", Column::Show::text, 24},
                                             {"FROM", "from", Column::Show::text, 32},
                                             {"SUBJECT", "subject", Column::Show::text, 48}};

const std::vector<Column> kDeletedColumns = {{"ID", "id"},
                                             {"LAY IN", "mailbox", Column::Show::text, 20},
                                             {"KIND", "kind"},
                                             {"DELETED", "deleted", Column::Show::time},
                                             {"REASON", "reason"},
                                             {"PURGE", "purge", Column::Show::time},
                                             {"SIZE", "size", Column::Show::right},
                                             {"FROM", "from", Column::Show::text, 32},
                                             {"SUBJECT", "subject", Column::Show::text, 48}};

void runs(CLI::App* command, Program& program, std::function<int()> run) {
  command->callback([&program, run = std::move(run)] { program.run = run; });
}

CLI::App* add_one(CLI::App& message, const MessageOptionsPointer& given, const char* name, const char* help) {
  CLI::App* const command = message.add_subcommand(name, help);
  command->add_option("ID", given->id, "The message's id")->required();
  return command;
}

void add_list(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const list = message.add_subcommand("list", "List an account's messages, newest first");
  list->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
  list->add_option("--mailbox", given->mailbox, "Only this one (default: all)");
  list->add_option("--limit", given->limit, "At most so many messages; 0 is all")->check(CLI::NonNegativeNumber)->capture_default_str();
  list->add_flag("--deleted", given->deleted, "Those that were deleted or expired and can be brought back");
  list->add_option("--since", given->since, "With --deleted: what was deleted at this time or later");
  list->add_option("--before", given->before, "Go on behind this message's id, or begin before this time");
  runs(list, program, [&program, given] {
    Json args = {{"account", given->account}, {"limit", given->limit}};
    if (given->deleted) {
      put(args, "since", given->since);
      return perform(program, {{"message.deleted", std::move(args)}, kDeletedColumns});
    }
    put(args, "mailbox", given->mailbox);
    put(args, "before", given->before);
    return perform(program, {{"message.list", std::move(args)}, kMessageColumns});
  });
}

void add_show(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const command = add_one(message, given, "show", "Show what is known of a message");
  command->add_flag("--as-subscriber", given->as_subscriber, "Counts as the subscriber's own reading: it delays archiving");
  runs(command, program, [&program, given] {
    return perform(program, {{"message.show", {{"id", given->id}, {"as_subscriber", given->as_subscriber}}}});
  });
}

int export_to(const Program& program, const MessageOptions& given) {
  auto file = NewFile::create(given.output);
  if (!file.ok()) return fail(file.error());
  Call call{{"message.export",
             {{"id", given.id}, {"format", given.xml ? "xml" : "eml"}, {"as_arrived", given.as_arrived}}}};
  call.sink = [&file](std::string_view bytes) { return (*file)->write(bytes); };
  if (const int failed = perform(program, call); failed != 0) return failed;
  const auto committed = (*file)->commit();
  return committed.ok() ? 0 : fail(committed.error());
}

void add_export(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const command = add_one(message, given, "export", "Write a message to a file or stdout");
  CLI::Option* const xml =
      command->add_flag("--xml", given->xml, "One XML file: document, annotations, state, content");
  command->add_flag("--eml", given->eml, "The source: our trace fields and what arrived (the default)")
      ->excludes(xml);
  command->add_flag("--as-arrived", given->as_arrived, "Only what arrived, unchanged")->excludes(xml);
  command->add_option("--output,-o", given->output, "The file (default: stdout)");
  runs(command, program, [&program, given] { return export_to(program, *given); });
}

void add_import(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const command =
      message.add_subcommand("import", "Bring in a file: an XML export, or mail as .eml");
  command->add_option("FILE", given->file, "The file; - is stdin")->required();
  command->add_option("--account", given->account,
                      "Into this account (mail needs it; an export has its own)");
  command->add_option("--mailbox", given->mailbox, "Into this mailbox");
  command->add_flag("--new-id", given->new_id, "As another message, also where the id is taken");
  runs(command, program, [&program, given] {
    auto content = read_pieces(given->file);
    if (!content.ok()) return fail(content.error());
    Json args = {{"new_id", given->new_id}};
    put(args, "account", given->account);
    put(args, "mailbox", given->mailbox);
    Call call{{"message.import", std::move(args)}};
    call.content = std::move(*content);
    return perform(program, call);
  });
}

void add_deliver(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const command = message.add_subcommand(
      "deliver", "Deliver a file as a trusted service would: Telepost-* fields state its kind and facts");
  command->add_option("FILE", given->file, "The file; - is stdin")->required();
  command->add_option("--to", given->recipients, "An address; may be given several times")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--from", given->from, "The sender (default: the null reverse path)");
  command->add_option("--key", given->key, "Delivery key: the same key within 7 days stores nothing again");
  command->add_option("--received", given->received, "Received time to keep");
  runs(command, program, [&program, given] {
    auto content = read_pieces(given->file);
    if (!content.ok()) return fail(content.error());
    Json args = {{"to", given->recipients}};
    put(args, "from", given->from);
    put(args, "key", given->key);
    put(args, "received", given->received);
    Call call{{"message.deliver", std::move(args)},
              {{"ID", "id"}, {"TO", "to", Column::Show::text, 60}, {"RESULT", "result"}}};
    call.content = std::move(*content);
    return perform(program, call);
  });
}

void add_send(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const command = message.add_subcommand("send", "Send a file in the name of an account: kept in Sent, given to the queue");
  command->add_option("FROM", given->from, "An address of the account")->required();
  command->add_option("TO", given->recipients, "The recipients")->required();
  command->add_option("--file", given->file, "The message; - is stdin")->required();
  runs(command, program, [&program, given] {
    auto content = read_pieces(given->file);
    if (!content.ok()) return fail(content.error());
    Call call{{"message.send", {{"from", given->from}, {"to", given->recipients}}},
              {{"ID", "id"}, {"RECIPIENTS", "recipients", Column::Show::right}, {"RESULT", "result"}}};
    call.content = std::move(*content);
    return perform(program, call);
  });
}

void add_changes(CLI::App& message, Program& program, const MessageOptionsPointer& given) {
  CLI::App* const remove = add_one(message, given, "delete", "Expunge a message; the answer says until when undelete brings it back");
  remove->add_option("--mailbox", given->mailbox, "Only out of this mailbox");
  remove->add_flag("--server-only", given->server_only, "Clients are told that they may keep copies which they hold");
  runs(remove, program, [&program, given] {
    Json args = {{"id", given->id}, {"server_only", given->server_only}};
    put(args, "mailbox", given->mailbox);
    return perform(program, {{"message.delete", std::move(args)}});
  });
  CLI::App* const undelete = message.add_subcommand("undelete", "Bring deleted messages back to where they lay");
  undelete->add_option("ID", given->ids, "Their ids: message list ACCOUNT --deleted shows them");
  undelete->add_option("--account", given->account, "All that this account lost since --since");
  undelete->add_option("--since", given->since, "A time");
  runs(undelete, program, [&program, given] {
    Json args = {{"ids", given->ids}};
    put(args, "account", given->account);
    put(args, "since", given->since);
    return perform(program, {{"message.undelete", std::move(args)}});
  });
  CLI::App* const move = add_one(message, given, "move", "Move a message to another mailbox");
  move->add_option("MAILBOX", given->to, "Where to")->required();
  move->add_option("--from", given->from, "Where it lies, if in several");
  runs(move, program, [&program, given] {
    Json args = {{"id", given->id}, {"to", given->to}};
    put(args, "from", given->from);
    return perform(program, {{"message.move", std::move(args)}});
  });
  CLI::App* const copy =
      add_one(message, given, "copy", "Place a message in one more mailbox, or copy it to another account");
  copy->add_option("MAILBOX", given->to, "Where to (default: INBOX)");
  copy->add_option("--account", given->account, "Into this account, as a new message");
  runs(copy, program, [&program, given] {
    Json args = {{"id", given->id}};
    put(args, "to", given->to);
    put(args, "account", given->account);
    return perform(program, {{"message.copy", std::move(args)}});
  });
  CLI::App* const flag =
      add_one(message, given, "flag", "Add or remove keywords: '$seen', '$flagged', '$answered' …");
  flag->add_option("--add", given->add, "A keyword; may be given several times")->allow_extra_args(false);
  flag->add_option("--remove", given->remove, "A keyword; may be given several times")
      ->allow_extra_args(false);
  runs(flag, program, [&program, given] {
    Json args = {{"id", given->id}, {"add", given->add}, {"remove", given->remove}};
    return perform(program, {{"message.flag", std::move(args)}, kMessageColumns});
  });
}

}  // namespace

void add_message(CLI::App& app, Program& program) {
  CLI::App* const message =
      app.add_subcommand("message", "List, show, bring in, take out and change messages");
  message->require_subcommand(1);
  const auto given = std::make_shared<MessageOptions>();
  add_list(*message, program, given);
  add_show(*message, program, given);
  add_export(*message, program, given);
  add_import(*message, program, given);
  add_deliver(*message, program, given);
  add_send(*message, program, given);
  add_changes(*message, program, given);
}

}  // namespace telepost::cli
