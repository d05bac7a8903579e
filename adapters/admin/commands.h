// The verbs: one function each, calling the store. Blocking: run on a thread of the admin socket or in a command.
//
//   account.   create show list alias.add alias.remove password state class delete reindex app-password.add|list|revoke
//   account.second-factor.   enrol confirm renew show remove
//   account.session.   list revoke
//   account.policy.   set show (the subscriber's own settings)
//   policy.    explain
//   mailbox.   list create rename delete
//   message.   list show export import deliver send delete move copy flag deleted undelete
//   store.     verify sweep inspect
//   queue.     list show hold release retry delete
//   cdr.       export
//   audit.     list
//   visit.     list online failures export
//   clock.     show accept
//   hold.      add list show release
#pragma once

#include <functional>

#include "adapters/admin/arguments.h"
#include "adapters/admin/exchange.h"
#include "store/store.h"

namespace telepost::adapters::admin {

// Runs the request's verb. unsupported: no such verb. An error after the answer began leaves what was sent.
Result<void> run_verb(store::Store& store, const Request& request, Exchange& exchange);

using Verb = Result<void>(store::Store& store, Arguments& args, Exchange& exchange);

Verb show_quota;
Verb create_account, show_account, list_accounts, add_alias, remove_alias, set_password, set_account_state,
    set_class, delete_account;
Verb reindex_account;
Verb add_app_password, list_app_passwords, revoke_app_password;
Verb enrol_second_factor, confirm_second_factor, renew_recovery_codes, show_second_factor, remove_second_factor;
Verb list_sessions, revoke_session;
Verb explain_policy, set_account_policy, show_account_policy;
Verb list_mailboxes, create_mailbox, rename_mailbox, delete_mailbox;
Verb list_messages, show_message, delete_message, move_message, copy_message, flag_message;
Verb list_deleted, undelete_messages;
Verb export_message, import_message, deliver_message, send_message;
Verb list_queue, show_queue, hold_queue, release_queue, retry_queue, delete_queue;
Verb verify_store, sweep_store, inspect_store, export_cdrs, list_audit;
Verb list_visits, list_online, list_failures, export_visits;
Verb show_clock, accept_clock;
Verb add_hold, list_holds, show_hold, release_hold;

// The account that `who` (an address or an id) names; not_found also for what names nothing at all.
Result<schema::AccountId> account_named(store::Store& store, std::string_view who);
// The same where what is asked outlives accounts: an id needs none any more.
Result<schema::AccountId> account_ever_named(store::Store& store, std::string_view who);
// Of a reading that may have to fetch from the archive: tells the caller why it takes long.
std::function<void()> tells_that_it_waits(Exchange& exchange);
// A message id; not_found for what is no id.
Result<schema::MessageId> message_named(std::string_view id);

}  // namespace telepost::adapters::admin
