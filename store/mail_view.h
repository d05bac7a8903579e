// All that a mail client lists of one account, at one committed state: positions and totals of mailboxes and of all mail, with every
// message or with threads as one, and the threads themselves (RFC 8621 sections 3 and 4.4). A list costs the same at any position.
//
// A view is opened for one request and lives at most 30 s (it holds a snapshot); every answer of it is of modseq(), whatever is
// delivered or changed meanwhile. Opening it lets the account's index read on first (store/account_index.h): with nothing new that is
// one read; with much it ends after some seconds. Used by one thread; every call may block.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "schema/index_records.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;

class MailView {
 public:
  // Errors: not_found (no such account), busy (the index is so far behind that reading on takes longer than a request may; what was read
  // stays, and the same call comes further), and those of reading and writing.
  static Result<MailView> open(Rooms& rooms, schema::AccountId account);

  schema::Modseq modseq() const { return head_.modseq; }  // changes since it are all that a list of this view may differ by
  schema::Modseq floor() const { return head_.floor; }    // states below it cannot be answered any more

  // What is listed, by received time, newest first. Who wants the oldest first asks from the end, by total().
  enum class Collapse : std::uint8_t { none, threads };  // threads: of each only its newest message there
  struct Order {
    std::optional<schema::MailboxId> mailbox;  // none: all mail, every message once
    Collapse collapse = Collapse::none;
  };
  // Errors of all three: not_found (no such mailbox).
  Result<std::uint64_t> total(const Order& order) const;
  // At most 10,000 from the position-th on (0 is the newest); beyond the end: fewer, or none.
  Result<std::vector<schema::LocalId>> list(const Order& order, std::uint64_t position, std::size_t limit) const;
  // Where a message is in that list. None: it is not (a message of a collapsed thread that is not its newest there is not).
  Result<std::optional<std::uint64_t>> position_of(const Order& order, schema::LocalId message) const;

  // A message's thread never changes while the message is there. As many answers as were asked for; none: there is no such message.
  Result<std::vector<std::optional<schema::ThreadId>>> threads_of(const std::vector<schema::LocalId>& messages) const;
  // The messages of each thread, oldest first (by received time). None: there is no such thread.
  using Messages = std::vector<schema::LocalId>;
  Result<std::vector<std::optional<Messages>>> messages_of(const std::vector<schema::ThreadId>& threads) const;

  // totalThreads and unreadThreads of a mailbox (RFC 8621 section 2; what lies in the trash alone counts there alone). They may change
  // without the mailbox's own modseq, where a message of a thread is read elsewhere: `modseq` is when they did last.
  struct ThreadCounts {
    std::uint64_t threads = 0;
    std::uint64_t unread = 0;
    schema::Modseq modseq{};
  };
  Result<ThreadCounts> thread_counts(schema::MailboxId mailbox) const;

  // The threads of which a message came or went after `since`, at most `limit` (from 1), each once, the earliest change first.
  struct ThreadChanges {
    std::vector<schema::ThreadId> created, updated, destroyed;
    schema::Modseq until{};  // the state that they lead to: modseq() unless there are more
    bool more = false;
  };
  // Who comes with the `until` of an answer that was not all also says from where it asked first: what was created after that and
  // changed again after `since` is news to it. unsupported: `since` lies below the floor, or above modseq() (JMAP
  // cannotCalculateChanges).
  Result<ThreadChanges> thread_changes(schema::Modseq since, std::size_t limit, std::optional<schema::Modseq> begun = std::nullopt) const;

 private:
  struct Listed {
    schema::MailboxId order;
    std::uint64_t messages;
    schema::OrderFront front;
  };
  MailView(std::unique_ptr<PartitionReader> snapshot, schema::HeadRecord head);
  Result<Listed> find(const Order& order) const;
  Result<std::optional<schema::OrderRecord>> index_order(schema::MailboxId order) const;
  struct ThreadChange {
    schema::Modseq modseq;
    schema::ThreadChangeRecord record;
    bool gone;
  };
  Result<std::vector<ThreadChange>> log_since(schema::Modseq since, std::size_t limit) const;
  Result<bool> is_thread(schema::ThreadId thread) const;

  std::unique_ptr<PartitionReader> snapshot_;
  schema::HeadRecord head_;
};

}  // namespace telepost::store
