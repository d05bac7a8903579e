// What an account keeps of each of its messages, by the rules of schema/records.h: the message itself, its entries in lists and in the
// change log, and what a delivery leaves for itself.
#pragma once

#include <compare>
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

// What its removal is to those who hold copies: gone for them too, or gone from the server alone, which frees its room or ends its time here.
enum class Reach : std::uint8_t { all_clients = 1, server_only };
std::string_view name_of(Reach reach);

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
  enum class What : std::uint8_t { message = 1, message_gone, mailbox_gone, placement_gone, card_gone, address_book_gone };
  bool gone() const { return what != What::message; }
  What what = What::message;
  std::uint64_t id = 0;     // local number, or that of the mailbox, card or address book
  Modseq created{};         // of what it is about
  std::vector<Placement> placements;  // message_gone, placement_gone: what is lost, as VANISHED tells it
  Removal reason = Removal::expunged; // *_gone
  Time time{};                        // *_gone: when, for changes.keep
  Reach reach = Reach::all_clients;   // message_gone
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

#define TELEPOST_RECORD(Record)             \
  std::string encode(const Record& record); \
  Result<Record> decode_##Record(std::string_view bytes)
TELEPOST_RECORD(MessageRecord);
TELEPOST_RECORD(Summary);
TELEPOST_RECORD(ChangeRecord);
TELEPOST_RECORD(DeliveryKeyRecord);
TELEPOST_RECORD(IntentRecord);
#undef TELEPOST_RECORD

}  // namespace telepost::schema
