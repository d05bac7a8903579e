// The one door in for every message. An adapter resolves each recipient, begins a delivery, writes the bytes as they arrive, and
// finishes; the completion comes after the commit.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/dsn.h"
#include "schema/message.h"
#include "store/completion.h"

namespace telepost::store {

struct Rooms;

struct Recipient {
  schema::AccountId account;
  std::string address;  // canonical, scheme-qualified, without detail: "mailto:ann@example.test"
  std::string detail;   // of ann+detail@example.test
  schema::RecipientRequest request = {};  // what the sender asked to be told of this recipient
};

struct ResolveOptions {
  std::string peer;  // counted against the creation limit of the configuration
  enum class Creation { as_configured, never } creation = Creation::as_configured;
  std::optional<std::uint64_t> size_bytes = {};  // at least, of an email to come: over_quota and too_large are told before it is sent
};

// What an adapter found out about a message while it arrived.
struct Judgement {
  bool junk = false;                 // it goes to the mailbox Junk, with the keyword $junk
  std::vector<std::string> defects;  // for the document, in words: what was wrong or was taken out
  bool forged = false;               // its reverse path is not its sender's
  bool may_be_forged = false;        // nothing proves that it is: no report of success goes there, which anybody could ask for
  // Else a report would be junk to somebody else, in our name (RFC 5321 section 6.2).
  bool tells_sender() const { return !junk && !forged; }
};

// What is known before the first byte of content.
struct Incoming {
  schema::Origin origin;         // origin.identity set: the peer proved it, and its Telepost-* fields state facts
  std::string from;              // scheme-qualified; "" is the null reverse path
  std::vector<Recipient> to;     // 1 to the configured limit
  std::string trace_block;       // Return-Path, Received, Authentication-Results; CRLF lines; comes before what arrives
  schema::MessageRequest request;  // what the sender asked of reports and of the way on
  std::string delivery_key;      // "" for none; only from peers with a proved identity (DESIGN section 4)
  Judgement judgement;
  std::vector<std::string> keywords;            // to begin with; sorted JMAP keywords
  std::optional<Time> received;                 // append: the received time to keep (default: now)
  enum class Quota { asked, not_asked } quota = Quota::asked;  // not_asked: what the account must be told though it is full
  enum class Reply {
    one_for_each,  // LMTP: each recipient's result is its own
    one_for_all,   // SMTP: once the first copy is durable the others are durable intents, and who refuses is told of by a report
  } reply = Reply::one_for_each;
};

struct Delivered {
  schema::MessageId id;
  // already_there: the delivery key was known. promised: others have it, and this recipient's copy or a report to the sender follows.
  enum class How { stored, already_there, promised } how = How::stored;
};

// One message on its way in. Used by one thread at a time. Destroyed before finish(): nothing is stored, and pieces already
// written are debris that a hint finds. Memory: at most 4 MiB whatever the message's size.
class Intake {
 public:
  virtual ~Intake() = default;
  // Takes the next bytes of the message, after dot-unstuffing. Never blocks.
  virtual void write(std::string_view bytes) = 0;
  // True when enough is held that flush() must complete before the next write().
  virtual bool must_flush() const = 0;
  // Of the message, in memory now.
  virtual std::size_t bytes_held() const = 0;
  // Writes finished pieces out. After an error the delivery cannot go on: finish() gives the same error.
  virtual void flush(Completion<void> done) = 0;
  // Replaces Incoming::trace_block: what was learned while the message arrived belongs there too. Before finish().
  virtual void set_trace_block(std::string trace_block) = 0;
  // The same for Incoming::request (what the message's own header asks for).
  virtual void set_request(schema::MessageRequest request) = 0;
  // The same for Incoming::judgement.
  virtual void set_judgement(Judgement judgement) = 0;
  // Decides, stores and commits. One result for each recipient, in the order of Incoming::to; with one_for_all they are errors only
  // where nobody has it, all the same one, and the adapter answers with the first. Errors per recipient: refused, over_quota, too_large, invalid (a Telepost-* field), disk_full,
  // io, busy.
  virtual void finish(Completion<std::vector<Result<Delivered>>> done) = 0;
};

class Deliver {
 public:
  explicit Deliver(Rooms& rooms) : rooms_(rooms) {}

  // The account behind an address, made now if it is new and lies in a served range that creates (dynamic mailbox).
  // Address: "mailto:local@domain" (local part may carry +detail), "tel:+15550100", "sip:…".
  // Errors: not_found (nobody, and not to be created), refused (closed: 550 5.2.1), too_many (the peer's creation limit),
  // invalid, disk_full, io.
  void resolve(std::string address, ResolveOptions options, Completion<Recipient> done);

  // Whether a canonical address lies in a range that is served here, be it an account's or nobody's.
  bool serves(const std::string& canonical) const;

  // Never fails; what is wrong (disk full, a vanished account) is told by finish().
  std::unique_ptr<Intake> begin(Incoming incoming);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
