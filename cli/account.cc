// telepost account …
#include <CLI/CLI.hpp>

#include "cli/call.h"
#include "cli/files.h"

namespace telepost::cli {
namespace {

struct AccountOptions {
  std::string account, address, name, class_of_service, after, password_file;
  std::vector<std::string> aliases;
  std::uint64_t limit = 0;
  bool threads = false, search = false;
};
using AccountOptionsPointer = std::shared_ptr<AccountOptions>;

const std::vector<Column> kAccountColumns = {
    {"ID", "id"}, {"ADDRESS", "address", Column::Show::text, 60}, {"CREATED", "created", Column::Show::time}};

void add_create(CLI::App& account, Program& program, const AccountOptionsPointer& given) {
  CLI::App* const create = account.add_subcommand("create", "Create an account");
  create
      ->add_option("ADDRESS", given->address, "mailto:, tel: or sip:, or just ann@example.test or +15550100")
      ->required();
  create->add_option("--name", given->name, "Display name");
  create->add_option("--class", given->class_of_service,
                     "Class of service (default: that of the address's domain or range)");
  create->add_option("--alias", given->aliases, "A further address; may be given several times")
      ->allow_extra_args(false);
  create->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"address", given->address},
                   {"aliases", given->aliases},
                   {"name", given->name},
                   {"class", given->class_of_service}};
      return perform(program, {{"account.create", std::move(args)}});
    };
  });
}

void add_list(CLI::App& account, Program& program, const AccountOptionsPointer& given) {
  CLI::App* const list = account.add_subcommand("list", "List accounts in the order of their ids");
  list->add_option("--after", given->after, "Begin behind this account (id or address)");
  list->add_option("--limit", given->limit, "At most so many (default: all)")->check(CLI::NonNegativeNumber);
  list->callback([&program, given] {
    program.run = [&program, given] {
      Json args = {{"limit", given->limit}};
      if (!given->after.empty()) args["after"] = given->after;
      return perform(program, {{"account.list", std::move(args)}, kAccountColumns});
    };
  });
}

// A verb that takes the account and perhaps more of what was given.
void add_simple(CLI::App& parent, Program& program, const AccountOptionsPointer& given, const std::string& name,
                const std::string& help, const std::string& verb,
                const std::function<void(CLI::App&)>& options, const std::function<void(Json&)>& arguments) {
  CLI::App* const command = parent.add_subcommand(name, help);
  command->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
  if (options) options(*command);
  command->callback([&program, given, verb, arguments] {
    program.run = [&program, given, verb, arguments] {
      Json args = {{"account", given->account}};
      if (arguments) arguments(args);
      return perform(program, {{verb, std::move(args)}});
    };
  });
}

void add_password(CLI::App& account, Program& program, const AccountOptionsPointer& given) {
  CLI::App* const password =
      account.add_subcommand("password", "Set the password, read from the terminal or stdin");
  password->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
  password->add_option("--password-file", given->password_file, "Take its first line instead");
  password->callback([&program, given] {
    program.run = [&program, given] {
      auto secret = read_secret(given->password_file);
      if (!secret.ok()) return fail(secret.error());
      return perform(program, {{"account.password", {{"account", given->account}, {"password", *secret}}}});
    };
  });
}

void add_states(CLI::App& account, Program& program, const AccountOptionsPointer& given) {
  struct State {
    const char *name, *help, *state;
  };
  for (const State& state : {State{"disable", "Allow no log-in; messages still arrive", "disabled"},
                             State{"enable", "Allow log-in again", "active"},
                             State{"close", "Allow no log-in and take no messages", "closed"},
                             State{"reopen", "Take messages and allow log-in again", "active"}}) {
    add_simple(account, program, given, state.name, state.help, "account.state", {},
               [value = state.state](Json& args) { args["state"] = value; });
  }
}

}  // namespace

void add_account(CLI::App& app, Program& program) {
  CLI::App* const account = app.add_subcommand("account", "Create, show and change accounts");
  account->require_subcommand(1);
  const auto given = std::make_shared<AccountOptions>();
  add_create(*account, program, given);
  add_simple(*account, program, given, "show", "Show an account", "account.show", {}, {});
  add_simple(*account, program, given, "quota", "Show what an account holds of what it may, and what leaves it next", "account.quota", {}, {});
  add_list(*account, program, given);
  CLI::App* const alias = account->add_subcommand("alias", "Add or remove an address");
  alias->require_subcommand(1);
  const auto address_option = [given](CLI::App& command) {
    command.add_option("ADDRESS", given->address, "The address")->required();
  };
  const auto address_argument = [given](Json& args) { args["address"] = given->address; };
  add_simple(*alias, program, given, "add", "Add an address", "account.alias.add", address_option,
             address_argument);
  add_simple(*alias, program, given, "remove", "Remove an address", "account.alias.remove", address_option,
             address_argument);
  add_password(*account, program, given);
  add_sign_in(*account, program);
  add_own_policy(*account, program);
  add_states(*account, program, given);
  add_simple(
      *account, program, given, "class", "Put an account into a class of service", "account.class",
      [given](CLI::App& command) {
        command.add_option("CLASS", given->class_of_service, "The class's name")->required();
      },
      [given](Json& args) { args["class"] = given->class_of_service; });
  add_simple(
      *account, program, given, "reindex", "Make the account's threads and the full text of its mail anew, from the mail itself", "account.reindex",
      [given](CLI::App& command) {
        command.add_flag("--threads", given->threads, "The threads and lists alone");
        command.add_flag("--search", given->search, "The full text alone");
      },
      [given](Json& args) {
        args["threads"] = given->threads;
        args["search"] = given->search;
      });
  add_simple(*account, program, given, "delete",
             "Delete an account: its addresses at once, its messages by sweeping", "account.delete", {}, {});
}

}  // namespace telepost::cli
