// Mailboxes by path where a message is put by somebody's wish. Inside the store, but for the check.
#pragma once

#include <string_view>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::store {

class AccountWrite;

// "Work/2026": as Mailboxes::create() takes it. Error: invalid.
Result<void> check_mailbox_path(std::string_view path);
// The mailbox there, loaded; what is missing of the path is made. Mode with_reads. Errors: invalid, too_many, io, corrupt.
Result<schema::MailboxId> mailbox_at(AccountWrite& write, std::string_view path);

}  // namespace telepost::store
