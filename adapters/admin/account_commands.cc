#include "adapters/admin/commands.h"
#include "adapters/admin/operator_act.h"
#include "adapters/admin/rendering.h"

namespace telepost::adapters::admin {
namespace {

using schema::AccountId;

// Rows read at once: between two pages no iterator of the engine is held, however slowly the caller reads.
constexpr std::size_t kPage = 500;

Result<AccountId> account_argument(store::Store& store, Arguments& args) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  return account_named(store, who);
}

Result<void> answer_account(store::Store& store, AccountId id, Exchange& exchange) {
  TELEPOST_ASSIGN(const store::Account account, store.accounts().show(id));
  Json answer = to_json(account);
  if (account.profile.state == schema::AccountState::deleting) {
    TELEPOST_ASSIGN(const std::vector<std::string> kept_by, store.accounts().kept_by(id));
    if (!kept_by.empty()) answer["kept_by"] = kept_by;
  }
  return exchange.object(answer);
}

}  // namespace

Result<void> create_account(store::Store& store, Arguments& args, Exchange& exchange) {
  store::NewAccount account;
  TELEPOST_ASSIGN(std::string address, args.text("address"));
  TELEPOST_ASSIGN(const std::vector<std::string> aliases, args.texts("aliases"));
  TELEPOST_ASSIGN(account.class_of_service, args.text_or("class", ""));
  TELEPOST_ASSIGN(account.name, args.text_or("name", ""));
  TELEPOST_TRY(args.done());
  account.addresses.push_back(std::move(address));
  account.addresses.insert(account.addresses.end(), aliases.begin(), aliases.end());
  TELEPOST_ASSIGN(const AccountId id, store.accounts().create(account));
  for (const std::string& given : account.addresses) {
    const auto canonical = store::canonical_address(given);
    if (!canonical.ok() || store.deliver().serves(*canonical)) continue;
    TELEPOST_TRY(exchange.notice(*canonical + " lies in no [[domains]] or [[numbers]] of the configuration; mail for it is taken all the same"));
  }
  return answer_account(store, id, exchange);
}

Result<void> show_account(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_TRY(args.done());
  return answer_account(store, id, exchange);
}

Result<void> list_accounts(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::optional<std::string> after_text, args.optional_text("after"));
  TELEPOST_ASSIGN(const std::uint64_t limit, args.number_or("limit", 0));
  TELEPOST_TRY(args.done());
  std::optional<AccountId> after;
  if (after_text) {
    // An id may be of an account that is gone by now: the list goes on behind it all the same.
    const auto id = schema::account_id_from(*after_text);
    if (id.ok()) {
      after = *id;
    } else {
      TELEPOST_ASSIGN(after, account_named(store, *after_text));
    }
  }
  std::uint64_t left = limit == 0 ? std::uint64_t(-1) : limit;
  while (left > 0) {
    const std::size_t page_size = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPage));
    std::vector<std::pair<AccountId, schema::AccountListRecord>> page;
    TELEPOST_TRY(store.accounts().list(after, [&](AccountId id, const schema::AccountListRecord& record) {
      page.emplace_back(id, record);
      return page.size() < page_size;
    }));
    for (const auto& [id, record] : page) {
      TELEPOST_TRY(exchange.object(
          {{"id", to_string(id)}, {"address", record.address}, {"created", to_rfc3339(record.created)}}));
    }
    if (page.size() < page_size) break;
    after = page.back().first;
    left -= page.size();
  }
  return {};
}

Result<void> add_alias(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string address, args.text("address"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store.accounts().add_address(id, address));
  return answer_account(store, id, exchange);
}

Result<void> remove_alias(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string address, args.text("address"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store.accounts().remove_address(id, address));
  return answer_account(store, id, exchange);
}

Result<void> set_password(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string password, args.text("password"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store.accounts().set_password(id, password));
  return answer_account(store, id, exchange);
}

Result<void> set_account_state(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string name, args.text("state"));
  TELEPOST_TRY(args.done());
  for (const auto state :
       {schema::AccountState::active, schema::AccountState::disabled, schema::AccountState::closed}) {
    if (name_of(state) != name) continue;
    TELEPOST_TRY(record_act(store, schema::AuditRecord::Action::account_state_changed, id, name));
    TELEPOST_TRY(store.accounts().set_state(id, state));
    return answer_account(store, id, exchange);
  }
  return {Errc::invalid, "state wants active, disabled or closed"};
}

Result<void> set_class(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_ASSIGN(const std::string name, args.text("class"));
  TELEPOST_TRY(args.done());
  TELEPOST_TRY(store.accounts().set_class(id, name));
  return answer_account(store, id, exchange);
}

Result<void> delete_account(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const AccountId id, account_argument(store, args));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const std::vector<std::string> kept_by, store.accounts().kept_by(id));
  TELEPOST_TRY(store.accounts().remove(id));
  Json answer = {{"id", to_string(id)}, {"state", name_of(schema::AccountState::deleting)}};
  if (!kept_by.empty()) answer["kept_by"] = kept_by;
  return exchange.object(answer);
}

}  // namespace telepost::adapters::admin
