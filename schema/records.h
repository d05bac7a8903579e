// The small binary records. Each begins with its version byte; a reader accepts every version since 1, and decoding bytes
// that are no such record gives corrupt. encode() and decode() of each are inverse.
// Those of messages stand in schema/message_records.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"
#include "schema/message.h"

namespace telepost::schema {

enum class AccountState : std::uint8_t {
  active = 1,
  disabled,  // no log-in, still receives
  closed,    // neither; 550 5.2.1
  deleting,  // its addresses are free, its content is being removed
};
std::string_view name_of(AccountState state);

// Messages and bytes, once per message whatever its placements. Bytes are the source's size.
struct Usage {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  bool operator==(const Usage&) const = default;
};
inline constexpr std::size_t kKinds = 9;  // index by static_cast<std::size_t>(Kind); 0 is unused

// The profile: who the account is.
struct AccountRecord {
  AccountState state = AccountState::active;
  Time created{};
  std::string class_of_service;
  std::vector<std::string> addresses;  // scheme-qualified, canonical; the first is the primary one
  std::string name;                    // display name
  std::string password;                // argon2id in PHC form, "" for none
  std::string policy;                  // the subscriber's own settings, a class in XML without a name; "" for none
  bool operator==(const AccountRecord&) const = default;
};

// What every write to the account advances.
struct HeadRecord {
  Modseq modseq{0};            // of the last change
  Modseq floor{0};             // states at or below it cannot be answered any more
  MailboxId next_mailbox{1};
  std::uint32_t next_uidvalidity = 1;
  std::optional<Time> earliest_hint;  // of the hints that stand in the calendar for this account
  std::optional<Time> trim_due;       // when the oldest tombstone is to go; none: there is none
  std::uint64_t cdr_hint = 0;         // under which CDRs are written; 0: none open
  std::uint64_t cdr_sequence = 0;     // of the last CDR, over the account's life
  std::array<Usage, kKinds> usage{};   // what the subscriber sees, online and archived; counts in the quota
  Usage archived;                      // those of usage whose source lies in the archive: not in the allocation
  Usage kept;                          // gone for the subscriber, kept for undelete or a hold; in no quota
  Usage parked;                        // those of kept that a hold keeps, and that nothing looks at until its release
  std::optional<Time> purge_due;       // when the kept ones are looked at next; none: there are none but parked ones
  std::optional<Time> over_quota_since;  // of the soft quota, for its grace
  std::uint64_t policy_revision = 0;   // of the policies that its due list agrees with
  // When the subscriber was warned last: that the account is over its soft quota, and of the end of its grace (store/quota.h).
  std::array<std::optional<Time>, 2> quota_warned;
  MailboxId trash{0};          // the mailbox of that role; 0: none, or not known yet
  // How far the account's index has read the change log (store/account_index.h), and which mailbox was the trash in what it counts.
  Modseq indexed{0};
  MailboxId indexed_trash{0};
  bool operator==(const HeadRecord&) const = default;
};

// What counts in the allocation: only archiving lowers it.
std::uint64_t online_bytes(const HeadRecord& head);

// RFC 6154 and RFC 8621 section 2.
enum class Role : std::uint8_t { none, inbox, sent, drafts, trash, junk, archive };
std::string_view name_of(Role role);

// The front of an order by received time (store/received_order.h).
struct OrderFront {
  std::uint32_t block_messages = 0;
  std::uint32_t group_messages = 0;  // the front block's among them
  std::uint32_t group_blocks = 0;    // closed blocks of the front group
  std::string newest;                // 16 bytes: no key of the front block sorts before it; "" while it is empty
  std::string block_upper;           // 16 bytes, exclusive; "" while it covers everything
  std::string group_upper;
  bool operator==(const OrderFront&) const = default;
};

struct MailboxRecord {
  MailboxId id{};
  MailboxId parent{0};          // 0: top level
  std::string name;             // one level, UTF-8, without "/"
  Role role = Role::none;
  bool subscribed = true;
  std::uint32_t uidvalidity = 0;
  Uid uidnext{1};
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;
  std::uint64_t bytes = 0;
  Modseq created_modseq{};
  Modseq modseq{};              // of the mailbox itself (name, parent, role, counters for JMAP)
  OrderFront front;             // what deliveries touch of its order, kept here so that they write no block record
  std::uint32_t sort_order = 0;        // in which lists show it among its siblings (RFC 8621 section 2)
  std::uint32_t unseen_drafts = 0;     // of unseen: those that are drafts
  Modseq properties_modseq{0};         // of the last change of anything but counters; 0: of a record that did not keep it
  bool operator==(const MailboxRecord&) const = default;
};

// A closed block (level 0) or group (level 1) of the order by received time.
struct BlockRecord {
  std::uint32_t messages = 0;
  std::uint32_t blocks = 0;  // of a group
  bool operator==(const BlockRecord&) const = default;
};

struct PieceRecord {
  // dense: raw, and nothing else would be smaller.
  enum class Codec : std::uint8_t { raw = 1, dense, zstd, flac };
  bool is_packed() const { return codec == Codec::zstd || codec == Codec::flac; }
  Codec codec = Codec::raw;
  std::uint64_t size_bytes = 0;   // decoded
  std::uint64_t generation = 1;   // every link raises it
  std::uint64_t stored_bytes = 0; // where it is packed
  bool operator==(const PieceRecord&) const = default;
};

// A piece without links, and when it may go unless its generation is raised before.
struct OrphanRecord {
  std::uint64_t generation = 0;
  Time reclaim{};
  bool operator==(const OrphanRecord&) const = default;
};

struct AddressRecord {
  AccountId account{};
  bool operator==(const AddressRecord&) const = default;
};

struct AccountListRecord {
  Time created{};
  std::string address;  // the primary one at the last change
  bool operator==(const AccountListRecord&) const = default;
};

struct StoreRecord {
  std::uint32_t format = 1;          // raised only by `telepost store upgrade`
  std::uint32_t incarnation = 0;     // raised at each open; the upper bits of every LocalId
  std::string id;                    // 16 random bytes
  Time created{};
  Time latest{};                     // store time never runs backwards past it
  std::optional<Time> leap;          // where the wall clock was found to have leapt to, until it is accepted
  bool operator==(const StoreRecord&) const = default;
};

// A chargeable event (schema/cdr.md).
struct CdrRecord {
  enum class Event : std::uint8_t { delivery = 1, retrieval, notification, call, sms_segment, mms, fax_page, sending };
  Event event = Event::delivery;
  Time time{};
  std::string id;          // 16 bytes, unique
  Kind kind = Kind::email;
  std::string result;      // "stored", "refused", …
  LocalId local{};         // 0: no message
  std::uint64_t size_bytes = 0;
  std::string address;     // of the subscriber
  std::string other;       // of the other side
  std::string network;
  std::string trace;
  bool operator==(const CdrRecord&) const = default;
};

#define TELEPOST_RECORD(Record)             \
  std::string encode(const Record& record); \
  Result<Record> decode_##Record(std::string_view bytes)
TELEPOST_RECORD(AccountRecord);
TELEPOST_RECORD(HeadRecord);
TELEPOST_RECORD(MailboxRecord);
TELEPOST_RECORD(BlockRecord);
TELEPOST_RECORD(PieceRecord);
TELEPOST_RECORD(OrphanRecord);
TELEPOST_RECORD(AddressRecord);
TELEPOST_RECORD(AccountListRecord);
TELEPOST_RECORD(StoreRecord);
TELEPOST_RECORD(CdrRecord);
#undef TELEPOST_RECORD

}  // namespace telepost::schema
