// The verbs: one function each, calling the store. Blocking: run on a thread of the admin socket or in a command.
//
//   account.   create show list alias.add alias.remove password state class delete app-password.add|list|revoke
//   mailbox.   list create rename delete
//   message.   list show export import deliver send delete move copy flag
//   store.     verify sweep inspect
//   queue.     list show hold release retry delete
//   cdr.       export
//   audit.     list
//   clock.     show accept
#pragma once

#include "adapters/admin/arguments.h"
#include "adapters/admin/exchange.h"
#include "store/store.h"

namespace telepost::adapters::admin {

// Runs the request's verb. unsupported: no such verb. An error after the answer began leaves what was sent.
Result<void> run_verb(store::Store& store, const Request& request, Exchange& exchange);

using Verb = Result<void>(store::Store& store, Arguments& args, Exchange& exchange);

Verb create_account, show_account, list_accounts, add_alias, remove_alias, set_password, set_account_state,
    set_class, delete_account;
Verb add_app_password, list_app_passwords, revoke_app_password;
Verb list_mailboxes, create_mailbox, rename_mailbox, delete_mailbox;
Verb list_messages, show_message, delete_message, move_message, copy_message, flag_message;
Verb export_message, import_message, deliver_message, send_message;
Verb list_queue, show_queue, hold_queue, release_queue, retry_queue, delete_queue;
Verb verify_store, sweep_store, inspect_store, export_cdrs, list_audit;
Verb show_clock, accept_clock;

// The account that `who` (an address or an id) names; not_found also for what names nothing at all.
Result<schema::AccountId> account_named(store::Store& store, std::string_view who);
// A message id; not_found for what is no id.
Result<schema::MessageId> message_named(std::string_view id);

}  // namespace telepost::adapters::admin
