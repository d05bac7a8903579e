// Everything that changes stored messages. Each verb is one batch in the account's partition, durable at return.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message.h"
#include "schema/message_records.h"

namespace telepost::store {

struct Rooms;
class Append;

// What one message is to become. What is not named stays.
struct MessageChange {
  schema::LocalId message;
  // Instead of all that it has; then what is added and removed to that. One that is both added and removed is removed.
  std::optional<std::vector<std::string>> keywords = {};
  std::vector<std::string> add_keywords = {}, remove_keywords = {};
  std::optional<std::vector<schema::MailboxId>> mailboxes = {};
  std::vector<schema::MailboxId> add_mailboxes = {}, remove_mailboxes = {};
  bool expunge = false;  // then nothing else of it counts
  schema::Reach reach = schema::Reach::all_clients;  // of that
};

inline constexpr std::size_t kMaxPlacements = 64;  // mailboxes in which a message lies

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
  Result<void> expunge(schema::MessageId id, schema::Removal reason = schema::Removal::expunged, schema::Reach reach = schema::Reach::all_clients);
  // Several changes of one account, each whole or not at all, in as few batches as hold them (kMaxChangesInBatch, and a batch's bytes): one after
  // the other as they stand, each durable at return. As many results as changes. Errors of one: not_found (the message), invalid (a keyword; a mailbox
  // that is not there; no mailbox left), too_many (keywords), too_large (mailboxes). An error of all of them: nothing says which batches were committed before it.
  struct Applied {
    schema::Modseq before, after;  // of the account
    bool is_whole = true;          // false: others' changes lie in between
    std::vector<Result<void>> results;
  };
  Result<Applied> apply(schema::AccountId account, const std::vector<MessageChange>& changes);
  Result<schema::Modseq> annotate(const schema::Annotation& annotation);

  // A message that a client puts in itself; see store/append.h.
  std::unique_ptr<Append> append(schema::AccountId account, std::string_view network);

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
