// The small binary records. Each begins with its version byte; a reader accepts every version since 1, and decoding bytes
// that are no such record gives corrupt. encode() and decode() of each are inverse.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/sha256.h"
#include "schema/dsn.h"
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

struct Placement {
  MailboxId mailbox{};
  Uid uid{};
  auto operator<=>(const Placement&) const = default;
};

// A run of the source's bytes: in the account (inline) or a shared piece.
struct Segment {
  std::uint64_t size = 0;
  std::optional<Digest> piece;  // none: inline, under the segment's index
  bool operator==(const Segment&) const = default;
};

// Why a message is gone.
enum class Removal : std::uint8_t { expunged = 1, expired, account_deleted };
std::string_view name_of(Removal reason);

// A message that left its mailboxes and can still be brought back (or is held): where it lay stands in its KeptRecord.
struct Departure {
  Removal reason = Removal::expunged;
  Time time{};
  bool operator==(const Departure&) const = default;
};

enum class Tier : std::uint8_t { online = 1, archived };

// Where in the archive a source lies: in parts of kArchivePartBytes (the last one shorter), named by account, message, number and
// index (schema/archive_name.h). A number is given once: what comes back and is archived again lies under another.
struct ArchivedSource {
  std::uint64_t number = 0;
  std::vector<Digest> parts;
  bool operator==(const ArchivedSource&) const = default;
};
inline constexpr std::uint64_t kArchivePartBytes = 8u << 20;

// How the document and the inline segments of a message lie in the account's partition.
struct ContentCodec {
  enum class Kind : std::uint8_t { raw = 1, zstd };
  Kind kind = Kind::raw;
  std::uint32_t dictionary = 0;  // 0: none
  bool operator==(const ContentCodec&) const = default;
};

struct MessageRecord {
  std::vector<Placement> placements;  // 1 to 64; empty: gone for readers, but kept or still being sent
  Modseq created{};
  Modseq modseq{};                    // of its last change: where its live entry of the change log is
  Time received{};
  std::uint64_t size_bytes = 0;
  std::vector<Segment> segments;      // in order, covering the source
  std::optional<Time> seen;           // since when it has $seen
  std::optional<Time> trashed;        // since when it lies in Trash and nowhere else
  std::optional<Departure> departed;  // then placements is empty
  std::optional<Time> restored;       // when it came back from undelete
  Tier tier = Tier::online;           // of the source; document and summaries are always online
  ArchivedSource archived;            // where tier says so; the segments' bytes are then not here, nor are links to their pieces
  std::optional<Time> accessed;       // when the subscriber read its content last, give or take an hour
  std::optional<Time> parked;         // since when nobody touched it: it waits under this time in the queue of what may be archived
  ContentCodec codec;
  bool operator==(const MessageRecord&) const = default;
};

// One placement of a message as lists show it. Repeated per placement; all of one message change in one batch.
struct Summary {
  LocalId local{};
  Kind kind = Kind::email;
  Importance importance = Importance::normal;
  Sensitivity sensitivity = Sensitivity::none;
  bool has_attachment = false;
  Modseq created{};
  Modseq modseq{};
  Time received{};
  std::uint64_t size_bytes = 0;
  std::vector<std::string> keywords;  // JMAP keywords, lower case, sorted: "$seen", "$flagged", …
  std::string from;                   // the address that lists show, scheme-qualified
  std::string from_name;
  std::string subject;
  std::string preview;
  std::optional<Duration> duration;   // voice, video
  std::optional<std::uint32_t> pages; // fax
  bool sender_is_whole = false;       // from and from_name are all that the From field says: one mailbox
  bool operator==(const Summary&) const = default;
};

// One live entry per message, at its last modseq; or a tombstone. A mailbox's live entry is its MailboxRecord, which holds
// its modseq: there are few of them, and every delivery would have to move another one.
struct ChangeRecord {
  enum class What : std::uint8_t { message = 1, message_gone, mailbox_gone, placement_gone };
  bool gone() const { return what != What::message; }
  What what = What::message;
  std::uint64_t id = 0;     // local number or mailbox number
  Modseq created{};         // of the message or mailbox
  std::vector<Placement> placements;  // message_gone, placement_gone: what is lost, as VANISHED tells it
  Removal reason = Removal::expunged; // *_gone
  Time time{};                        // *_gone: when, for changes.keep
  bool operator==(const ChangeRecord&) const = default;
};

struct DeliveryKeyRecord {
  LocalId local{};
  Time expires{};
  bool operator==(const DeliveryKeyRecord&) const = default;
};

// Recipients of a message whose first copy is durable, still to be served with fixed ids (DESIGN section 4).
struct IntentRecord {
  struct Recipient {
    MessageId message;
    std::string address;
    RecipientRequest request = {};
    bool operator==(const Recipient&) const = default;
  };
  std::vector<Recipient> recipients;
  std::string delivery_key;
  MessageRequest request = {};
  bool operator==(const IntentRecord&) const = default;
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
TELEPOST_RECORD(MessageRecord);
TELEPOST_RECORD(Summary);
TELEPOST_RECORD(ChangeRecord);
TELEPOST_RECORD(DeliveryKeyRecord);
TELEPOST_RECORD(IntentRecord);
TELEPOST_RECORD(PieceRecord);
TELEPOST_RECORD(OrphanRecord);
TELEPOST_RECORD(AddressRecord);
TELEPOST_RECORD(AccountListRecord);
TELEPOST_RECORD(StoreRecord);
TELEPOST_RECORD(CdrRecord);
#undef TELEPOST_RECORD

}  // namespace telepost::schema
