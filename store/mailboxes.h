// The mailbox tree of an account (folders, as in IMAP and JMAP). INBOX is there from the first moment, with id 1.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/kept_record.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

inline constexpr schema::MailboxId kInbox{1};

struct MailboxInTree {
  schema::MailboxRecord record;
  std::string path;  // names from the top joined by "/": "INBOX", "Work/2026"
};

// The account's mailbox for what has this role, loaded into its head: by its role, else the one at the top that is named so, which gets
// the role, else one that this write makes. Mode with_reads. Errors: too_many.
Result<schema::MailboxId> mailbox_for(AccountWrite& write, schema::Role role, std::string_view name);

class Mailboxes {
 public:
  explicit Mailboxes(Rooms& rooms) : rooms_(rooms) {}

  Result<std::vector<MailboxInTree>> list(schema::AccountId account);                    // by path; not_found
  Result<schema::MailboxId> find(schema::AccountId account, std::string_view path);      // INBOX in any case; not_found
  // Makes missing parents too. Names: 1 to 255 bytes of UTF-8 (RFC 5198), no "/" and no control characters; depth to 16.
  // Errors: exists (the path, or a mailbox of that role), invalid, too_many (10,000 mailboxes).
  Result<schema::MailboxId> create(schema::AccountId account, std::string_view path,
                                   schema::Role role = schema::Role::none);
  Result<void> rename(schema::AccountId account, schema::MailboxId mailbox, std::string_view new_path);
  // With its messages (those placed nowhere else are expunged). Errors: refused (INBOX, or it has children).
  Result<void> remove(schema::AccountId account, schema::MailboxId mailbox);

 private:
  Rooms& rooms_;
};

// Where a kept message comes back to: the mailbox in which it lay, else the one of that role, else the one of that path, which is made
// where it is missing. Mode with_reads. Errors: too_many.
Result<schema::MailboxId> mailbox_of(AccountWrite& write, const schema::KeptRecord::Place& place);

}  // namespace telepost::store
