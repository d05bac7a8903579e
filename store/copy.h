// One recipient's copy of a message that arrived: the policy's verdict on it, and its records in the account's batch; and copies of what is
// stored.
#pragma once

#include <optional>

#include "base/result.h"
#include "policies/delivery.h"
#include "store/account_write.h"
#include "store/recipients.h"

namespace telepost::store {

struct Rooms;

// As the policy wants them, but for the subscriber's own rules (store/rule_actions.h).
policies::DeliveryFacts delivery_facts(AccountWrite& write, const Arrived& arrived);

// What was decided of a copy, as long as its batch keeps the account's lock; none: nobody asked yet.
using Decided = std::optional<policies::DeliveryVerdict>;

// Only what is the newest of its mailbox is put into the order by received time without reading.
// precondition: its inbox is loaded, or may be read.
bool needs_no_reads(Rooms& rooms, AccountWrite& write, const Arrived& arrived, std::size_t index, Decided& decided);

// The account's next batch in the mode that this copy needs. Errors: not_found, io, corrupt. May block.
struct BegunCopy {
  AccountWrite write;
  Decided decided;
};
Result<BegunCopy> begin_copy(Rooms& rooms, const Arrived& arrived, std::size_t index);

// Puts the copy into the batch; on an error the batch is to be thrown away. Errors: what the policy refuses with, too_large, corrupt (the
// account's rules cannot be read: nobody knows what becomes of it).
Result<Delivered> write_copy(Rooms& rooms, AccountWrite& write, Arrived& arrived, std::size_t index, Decided decided = std::nullopt);

// The same bytes for another message: inline ones copied, shared ones linked. What lies in the archive is fetched: a copy is online.
// Errors: as restore_content().
Result<Content> copy_content(Rooms& rooms, schema::MessageId id, const schema::MessageRecord& record, schema::MessageId target);

}  // namespace telepost::store
