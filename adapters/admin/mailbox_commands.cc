#include "adapters/admin/commands.h"
#include "adapters/admin/operator_act.h"
#include "adapters/admin/rendering.h"

namespace telepost::adapters::admin {
namespace {

using schema::AccountId;
using schema::MailboxId;

Result<schema::Role> role_from(std::string_view name) {
  using schema::Role;
  for (const Role role :
       {Role::none, Role::inbox, Role::sent, Role::drafts, Role::trash, Role::junk, Role::archive}) {
    if (name_of(role) == name) return role;
  }
  return {Errc::invalid, "role wants sent, drafts, trash, junk, archive or none"};
}

Result<void> answer_mailbox(store::Store& store, AccountId account, MailboxId id, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(account));
  for (const store::MailboxInTree& mailbox : tree) {
    if (mailbox.record.id == id) return exchange.object(to_json(mailbox));
  }
  return {Errc::not_found, "the mailbox is gone again"};
}

}  // namespace

Result<void> list_mailboxes(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const std::vector<store::MailboxInTree> tree, store.mailboxes().list(account));
  for (const store::MailboxInTree& mailbox : tree) TELEPOST_TRY(exchange.object(to_json(mailbox)));
  return {};
}

Result<void> create_mailbox(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const std::string path, args.text("mailbox"));
  TELEPOST_ASSIGN(const std::string role_name, args.text_or("role", name_of(schema::Role::none)));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const schema::Role role, role_from(role_name));
  TELEPOST_ASSIGN(const AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const MailboxId id, store.mailboxes().create(account, path, role));
  return answer_mailbox(store, account, id, exchange);
}

Result<void> rename_mailbox(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const std::string path, args.text("mailbox"));
  TELEPOST_ASSIGN(const std::string new_path, args.text("to"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const MailboxId id, store.mailboxes().find(account, path));
  TELEPOST_TRY(store.mailboxes().rename(account, id, new_path));
  return answer_mailbox(store, account, id, exchange);
}

Result<void> delete_mailbox(store::Store& store, Arguments& args, Exchange& exchange) {
  TELEPOST_ASSIGN(const std::string who, args.text("account"));
  TELEPOST_ASSIGN(const std::string path, args.text("mailbox"));
  TELEPOST_TRY(args.done());
  TELEPOST_ASSIGN(const AccountId account, account_named(store, who));
  TELEPOST_ASSIGN(const MailboxId id, store.mailboxes().find(account, path));
  TELEPOST_TRY(record_act(store, schema::AuditRecord::Action::mailbox_deleted, account, path + " was deleted with what lay in no other mailbox"));
  TELEPOST_TRY(store.mailboxes().remove(account, id));
  return exchange.object({{"mailbox", path}, {"deleted", true}});
}

}  // namespace telepost::adapters::admin
