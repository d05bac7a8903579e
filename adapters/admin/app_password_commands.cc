#include "adapters/admin/commands.h"
#include "schema/scopes.h"
#include "store/app_passwords.h"

namespace telepost::adapters::admin {
namespace {

struct Named {
  schema::AccountId account;
  std::string name;
};

Result<Named> named(store::Store& store, Arguments& args) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(std::string name, args.text("name"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, who));
  return Named{account, std::move(name)};
}

}  // namespace

// The one time that the password is shown.
Result<void> add_app_password(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::vector<std::string> names, args.texts("scopes"));
  TELEPOST_ASSIGN(const Named given, named(store, args));
  schema::Scopes scopes;
  for (const std::string& name : names) {
    const std::optional<schema::Scope> scope = schema::scope_from(name);
    if (!scope) return {Errc::invalid, "no scope '" + name + "'; there are mail, send and contacts"};
    scopes.add(*scope);
  }
  if (names.empty()) scopes = schema::Scopes::of_app_password();
  TELEPOST_ASSIGN(const std::string password, store.app_passwords().add(given.account, given.name, scopes));
  return exchange.object({{"name", given.name}, {"scopes", names_of(scopes)}, {"password", password}});
}

Result<void> list_app_passwords(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const std::vector<store::AppPassword> all, store.app_passwords().list(account));
  for (const store::AppPassword& one : all) {
    TELEPOST_TRY(exchange.object({{"name", one.name}, {"scopes", names_of(one.scopes)}, {"created", to_rfc3339(one.created)}}));
  }
  return {};
}

Result<void> revoke_app_password(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const Named given, named(store, args));
  TELEPOST_TRY(store.app_passwords().revoke(given.account, given.name));
  return exchange.object({{"name", given.name}, {"revoked", true}});
}

}  // namespace telepost::adapters::admin
