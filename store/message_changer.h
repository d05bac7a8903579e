// Everything that changes stored messages. Each verb is one batch in the account's partition, durable at return.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;

class MessageChanger {
 public:
  explicit MessageChanger(Rooms& rooms) : rooms_(rooms) {}

  // JMAP keywords (RFC 8621 section 4.1.1): lower case, 1 to 255 of the letters it allows, at most 128 a message.
  // A keyword in both lists ends up removed. Errors: not_found, invalid, too_many.
  Result<schema::Modseq> set_keywords(schema::MessageId id, const std::vector<std::string>& add,
                                      const std::vector<std::string>& remove);
  // Keeps the id and gives a new uid. Every placement in `from` goes to `to`.
  Result<schema::Uid> move(schema::MessageId id, schema::MailboxId from, schema::MailboxId to);
  // Into the same account: one more placement (too_many over 64).
  Result<schema::Uid> copy(schema::MessageId id, schema::MailboxId to);
  // Into another account: a new message with the same source, keywords and received time. over_quota, too_large: of that account;
  // so is a second copy in the same mailbox.
  Result<schema::MessageId> copy_to_account(schema::MessageId id, schema::AccountId account, schema::MailboxId to);
  // Takes the message out of one mailbox; out of its last: the message goes.
  Result<void> remove_placement(schema::MessageId id, schema::MailboxId from);
  Result<void> expunge(schema::MessageId id, schema::Removal reason = schema::Removal::expunged);
  Result<schema::Modseq> annotate(const schema::Annotation& annotation);

  // Import under a given id: exists when the id is taken; over_quota, too_large: as a delivery. document.id.local 0: under a new id in document.id.account.
  // Used by `message import`.
  struct Appended {
    std::string source;       // trace block and what arrived
    std::uint64_t trace_size_bytes;
    schema::Document document;  // its id is the one to keep
    std::vector<schema::Placement> placements;  // uids are given anew where taken or 0
    std::vector<std::string> keywords;
    std::vector<schema::Annotation> annotations;
  };
  Result<schema::MessageId> import(const Appended& message);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
