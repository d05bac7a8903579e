// telepost account app-password …, second-factor …, session …
#include <CLI/CLI.hpp>

#include "cli/call.h"

namespace telepost::cli {
namespace {

struct SignInOptions {
  std::string account, name, code, number;
  std::vector<std::string> scopes;
  bool all = false;
};
using SignInOptionsPointer = std::shared_ptr<SignInOptions>;

const std::vector<Column> kAppPasswordColumns = {
    {"NAME", "name", Column::Show::text, 64}, {"SCOPES", "scopes"}, {"CREATED", "created", Column::Show::time}};
const std::vector<Column> kSessionColumns = {{"NUMBER", "number"},
                                             {"KIND", "kind"},
                                             {"CLIENT", "client"},
                                             {"LABEL", "label"},
                                             {"SCOPES", "scopes"},
                                             {"CREATED", "created", Column::Show::time},
                                             {"USED", "used", Column::Show::time},
                                             {"FROM", "peer"},
                                             {"ENDS", "expires", Column::Show::time}};

CLI::App* add_command(CLI::App& parent, const SignInOptionsPointer& given, const char* name, const char* help) {
  CLI::App* const command = parent.add_subcommand(name, help);
  command->add_option("ACCOUNT", given->account, "An address or the id of the account")->required();
  return command;
}

// What is shown this once, a line each.
std::string recovery_lines(const Json& confirmed) {
  std::string lines = "The second factor is on. These codes, each once, sign in who lost the authenticator:\n";
  for (const Json& code : confirmed.value("recovery", Json::array())) lines += code.get<std::string>() + "\n";
  return lines;
}

void add_app_passwords(CLI::App& account, Program& program, const SignInOptionsPointer& given) {
  CLI::App* const parent = account.add_subcommand("app-password", "Passwords of single devices");
  parent->require_subcommand(1);
  CLI::App* const add = add_command(*parent, given, "add", "Make one and show it, this once");
  add->add_option("NAME", given->name, "Of the device, as its owner calls it")->required();
  add->add_option("--scope", given->scopes, "What it opens: mail, send, contacts (default: all three); may be given several times")
      ->allow_extra_args(false);
  runs(*add, program, [given] {
    Json args = {{"account", given->account}, {"name", given->name}};
    if (!given->scopes.empty()) args["scopes"] = given->scopes;
    return Call{{"account.app-password.add", std::move(args)}, {}, [](const Json& made) { return made.value("password", "") + "\n"; }};
  });
  runs(*add_command(*parent, given, "list", "List them by name"), program,
       [given] { return Call{{"account.app-password.list", {{"account", given->account}}}, kAppPasswordColumns}; });
  CLI::App* const revoke = add_command(*parent, given, "revoke", "Let nobody log in by it any more");
  revoke->add_option("NAME", given->name, "Of the device")->required();
  runs(*revoke, program, [given] { return Call{{"account.app-password.revoke", {{"account", given->account}, {"name", given->name}}}}; });
}

void add_second_factor(CLI::App& account, Program& program, const SignInOptionsPointer& given) {
  CLI::App* const parent = account.add_subcommand("second-factor", "One-time passwords of an authenticator, beside the account's password");
  parent->require_subcommand(1);
  runs(*add_command(*parent, given, "enrol", "Make a secret for an authenticator and show it, this once; confirm turns it on"), program,
       [given] { return Call{{"account.second-factor.enrol", {{"account", given->account}}}}; });
  CLI::App* const confirm = add_command(*parent, given, "confirm", "Turn it on by a code of the authenticator; shows ten recovery codes, this once");
  confirm->add_option("CODE", given->code, "What the authenticator shows now")->required();
  runs(*confirm, program,
       [given] { return Call{{"account.second-factor.confirm", {{"account", given->account}, {"code", given->code}}}, {}, recovery_lines}; });
  runs(*add_command(*parent, given, "renew", "Make ten new recovery codes and show them, this once; the others are no use any more"), program,
       [given] { return Call{{"account.second-factor.renew", {{"account", given->account}}}, {}, recovery_lines}; });
  runs(*add_command(*parent, given, "show", "Show whether it is on, and how many recovery codes are left"), program,
       [given] { return Call{{"account.second-factor.show", {{"account", given->account}}}}; });
  runs(*add_command(*parent, given, "remove", "Turn it off and forget its secret and recovery codes"), program,
       [given] { return Call{{"account.second-factor.remove", {{"account", given->account}}}}; });
}

void add_sessions(CLI::App& account, Program& program, const SignInOptionsPointer& given) {
  CLI::App* const parent = account.add_subcommand("session", "Sign-ins at the portal, and what was granted to programs");
  parent->require_subcommand(1);
  runs(*add_command(*parent, given, "list", "List them, the newest first"), program,
       [given] { return Call{{"account.session.list", {{"account", given->account}}}, kSessionColumns}; });
  CLI::App* const revoke = add_command(*parent, given, "revoke", "End one, or all");
  CLI::Option* const number = revoke->add_option("NUMBER", given->number, "Its number in the list");
  revoke->add_flag("--all", given->all, "All of the account")->excludes(number);
  runs(*revoke, program, [given] {
    Json args = {{"account", given->account}};
    if (!given->number.empty()) args["number"] = given->number;
    if (given->all) args["all"] = true;
    return Call{{"account.session.revoke", std::move(args)}};
  });
}

}  // namespace

void add_sign_in(CLI::App& account, Program& program) {
  const auto given = std::make_shared<SignInOptions>();
  add_app_passwords(account, program, given);
  add_second_factor(account, program, given);
  add_sessions(account, program, given);
}

}  // namespace telepost::cli
