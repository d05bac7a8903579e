// Everything that reads messages: lists, one message, its document, ranges of its source, and what changed since a state.
// Each call sees one committed state of one account.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/change_log.h"

namespace telepost::store {

struct Rooms;

struct Listed {
  schema::Uid uid;
  schema::Summary summary;
};

struct ListPage {
  schema::MailboxRecord mailbox;  // counters at the same state
  schema::Modseq modseq;          // of the account
  std::vector<Listed> messages;
};

// Who reads content. Only a subscriber's own reading is an access (store/accesses.h); a list, a sweep, a replica or a sender is none.
enum class Purpose : std::uint8_t { subscriber, store };

struct ReadOptions {
  Purpose purpose = Purpose::store;
  std::function<void()> waits = {};  // called once where the source has to be fetched from the archive, before that begins
};

class MessageReader {
 public:
  explicit MessageReader(Rooms& rooms) : rooms_(rooms) {}

  // Up to `limit` (at most 1,000) by uid, ascending, uid in [from, to]. A list of 50 reads 50 adjacent records.
  Result<ListPage> list_by_uid(schema::AccountId account, schema::MailboxId mailbox, schema::Uid from, schema::Uid to,
                               std::size_t limit);
  // Newest first, received at or before `before` (none: from the newest); `after` continues behind that message.
  Result<ListPage> list_by_received(schema::AccountId account, schema::MailboxId mailbox, std::optional<Time> before,
                                    std::optional<schema::LocalId> after, std::size_t limit);
  // Newest first, from the position-th (0 is the newest). Costs the same at any position.
  Result<ListPage> list_by_position(schema::AccountId account, schema::MailboxId mailbox, std::uint64_t position,
                                    std::size_t limit);
  // The position of a message in that order.
  Result<std::uint64_t> position_of(schema::AccountId account, schema::MailboxId mailbox, schema::LocalId message);

  Result<schema::MessageRecord> find(schema::MessageId id);  // not_found, also when expunged
  Result<Listed> summary(schema::MessageId id);              // of its first placement
  // All of these messages at one state of the account, as many answers as were asked for; none: it is not there (any more).
  struct Selected {
    schema::MessageRecord record;
    schema::Summary summary;
  };
  struct Selection {
    schema::Modseq modseq;  // of the account
    std::vector<std::optional<Selected>> messages;
  };
  Result<Selection> select(schema::AccountId account, const std::vector<schema::LocalId>& messages);  // not_found: the account
  Result<std::string> document(schema::MessageId id);        // XML, urn:telepost:message:1
  Result<std::vector<std::string>> annotations(schema::MessageId id);  // XML, oldest first
  // Of an expunged message that is still being sent, its senders read document and source as before.
  // Bytes [offset, offset + size) of the source, given in pieces of at most 8 MiB; beyond the end: fewer. false ends it. Of an archived source
  // also unavailable and timeout (the archive does not answer) and busy (too many ask it already); it may take as long as the archive does, and a
  // subscriber's reading brings it back where the class of service says so.
  Result<void> source(schema::MessageId id, std::uint64_t offset, std::uint64_t size, const ReadOptions& options,
                      const std::function<bool(std::string_view)>& sink);
  Result<std::string> source_text(schema::MessageId id);  // whole; too_large over 64 MiB

  // Changes with modseq above `since`, oldest first, at most `limit`. unsupported: `since` lies below the floor
  // (JMAP cannotCalculateChanges).
  Result<std::vector<Change>> changes(schema::AccountId account, schema::Modseq since, std::size_t limit);

 private:
  using Sink = std::function<bool(std::string_view)>;
  void note_access(schema::MessageId id);
  Result<void> read_online(schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset, std::uint64_t end, const Sink& sink);
  Result<void> read_away(schema::MessageId id, const schema::MessageRecord& record, std::uint64_t offset, std::uint64_t end,
                         const ReadOptions& options, const Sink& sink);
  Rooms& rooms_;
};

}  // namespace telepost::store
