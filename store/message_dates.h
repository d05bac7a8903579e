// When a message is due to expire, to be archived and to be compressed, by the class of service of its account: read from what is
// stored, decided by policies/lifecycle.h, written into the account's due list.
#pragma once

#include <optional>

#include "policies/lifecycle.h"
#include "schema/message.h"
#include "schema/records.h"
#include "store/account_write.h"

namespace telepost::store {

struct DatedMessage {
  const schema::MessageRecord& record;
  const schema::Summary& summary;
  const schema::Document* document = nullptr;  // null: read where the class asks for header fields (mode with_reads)
  std::optional<Time> accessed = {};
};

// The rules belong to write.service(). Errors: io, corrupt (no document).
Result<policies::Lifecycle> lifecycle_of(AccountWrite& write, const DatedMessage& message);

// Due work for each date that is earlier than it was. What became later, or never, is found out when its old date comes.
void add_due_dates(AccountWrite& write, schema::LocalId local, const policies::Lifecycle& was, const policies::Lifecycle& is);

// Whether every mailbox of these is a Trash, and there is one.
Result<bool> lies_in_trash_only(AccountWrite& write, const std::vector<schema::Placement>& placements);

}  // namespace telepost::store
