// All mailboxes of an account while they are changed together: first as they are to be, then checked, then written. Inside the store.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "store/account_write.h"
#include "store/mailboxes.h"

namespace telepost::store {

// One level of a path. Error: invalid.
Result<void> check_mailbox_name(std::string_view name);

// A mailbox that is to be, with the account's next id and uidvalidity; nothing of it is written yet. Error: too_many.
Result<schema::MailboxRecord> new_mailbox(AccountWrite& write, schema::MailboxId parent, std::string name, schema::Role role);
std::string id_value(schema::MailboxId id);  // what a mailbox's place in the tree leads to

class MailboxForest {
 public:
  // Of a write that touched no mailbox yet; mode with_reads. The write outlives it.
  static Result<MailboxForest> read(AccountWrite& write);

  // As they are to be; nothing is checked before write(). Errors: not_found, too_many.
  Result<schema::MailboxId> add(const NewMailbox& mailbox);
  Result<void> change(const MailboxChange& change);
  bool has_inside(schema::MailboxId mailbox, schema::MailboxId other) const;  // or is it
  // Checks what is new and puts it into the account's batch. Errors: those of Mailboxes::change.
  Result<void> write();

 private:
  explicit MailboxForest(AccountWrite& write) : write_(write) {}
  Result<void> check(const schema::MailboxRecord& mailbox) const;
  Result<void> check_siblings() const;
  Result<void> check_depth() const;

  AccountWrite& write_;
  std::map<schema::MailboxId, schema::MailboxRecord> all_;      // as they are to be
  std::map<schema::MailboxId, schema::MailboxRecord> changed_;  // as they were; of a new one without an id
};

}  // namespace telepost::store
