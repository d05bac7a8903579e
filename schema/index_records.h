// The account's index: threads, the order of all mail, and the orders of threads. It is kept beside the messages by reading the change
// log (store/account_index.h); where it lies stands in schema/keys.h with everything else. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/records.h"

namespace telepost::schema {

// Which thread a message belongs to, for as long as its MessageRecord stands: what comes back from undelete comes back there.
struct IndexedMessageRecord {
  ThreadId thread{};
  bool gone = false;  // it left its mailboxes, and is no member
  bool operator==(const IndexedMessageRecord&) const = default;
};
std::string encode(const IndexedMessageRecord& record);
Result<IndexedMessageRecord> decode_IndexedMessageRecord(std::string_view bytes);

struct ThreadRecord {
  // A message as orders and counts need it.
  struct Member {
    Time received{};
    LocalId local{};
    bool unread = false;               // neither $seen nor $draft (RFC 8621 section 2)
    std::vector<MailboxId> mailboxes;  // ascending
    bool operator==(const Member&) const = default;
  };
  Modseq created{};
  Modseq modseq{};               // when a message came or went last: where its live entry of the threads' log is
  std::uint32_t joined = 0;      // messages over its life
  std::uint64_t partner = 0;     // under which messages to and from the other side find it; 0: it is found by message ids
  std::vector<std::uint64_t> ids;  // the hashed message ids that lead to it
  std::vector<Member> members;     // oldest first; never empty
  bool operator==(const ThreadRecord&) const = default;
};
std::string encode(const ThreadRecord& record);
Result<ThreadRecord> decode_ThreadRecord(std::string_view bytes);

// The conversations with one other side that may still take a message.
struct PartnerRecord {
  struct Open {
    ThreadId thread{};
    Time first{};  // received, of all messages that ever joined
    Time last{};
    bool operator==(const Open&) const = default;
  };
  std::vector<Open> threads;
  bool operator==(const PartnerRecord&) const = default;
};
std::string encode(const PartnerRecord& record);
Result<PartnerRecord> decode_PartnerRecord(std::string_view bytes);

// An order of the index by received time, as a mailbox's stands in its MailboxRecord. There is none of an empty order.
struct OrderRecord {
  std::uint64_t messages = 0;
  std::uint64_t unread = 0;  // threads with an unread message (RFC 8621 section 2); of an order of threads
  Modseq modseq{};           // when one of the two changed last
  OrderFront front;
  bool operator==(const OrderRecord&) const = default;
};
std::string encode(const OrderRecord& record);
Result<OrderRecord> decode_OrderRecord(std::string_view bytes);

// An entry of the threads' log: live under the modseq of a thread's last change, or that of a thread that is gone.
struct ThreadChangeRecord {
  ThreadId thread{};
  Modseq created{};
  bool operator==(const ThreadChangeRecord&) const = default;
};
std::string encode(const ThreadChangeRecord& record);
Result<ThreadChangeRecord> decode_ThreadChangeRecord(std::string_view bytes);

// Where counting anew by another trash goes on.
struct RecountRecord {
  MailboxId trash{};    // the other one
  bool in_new = false;  // among the threads in it; else among those in the trash before
  std::string after;    // from this order key on
  bool operator==(const RecountRecord&) const = default;
};
std::string encode(const RecountRecord& record);
Result<RecountRecord> decode_RecountRecord(std::string_view bytes);

namespace keys {  // schema/keys.cc, as those of schema/keys.h

// The orders of the index lie beside those of the mailboxes, under numbers that no mailbox has (store/mailbox_forest.cc gives fewer than 2^30).
inline constexpr MailboxId kAllMail{0x80000000u};
inline constexpr MailboxId threads_of(MailboxId order) { return {order.value | 0x40000000u}; }  // of a mailbox, or of all mail

std::string indexed_message(LocalId local);
std::string thread(ThreadId thread);
std::string thread_by_id(std::uint64_t hash);
std::string threads_by_partner(std::uint64_t hash);
std::string order(MailboxId order);
std::string thread_change(Modseq modseq);
std::string thread_gone(Modseq modseq);
inline constexpr std::string_view kRecount = "X";

}  // namespace keys
}  // namespace telepost::schema
