// Puts one message into its account's batch: summary, document, source, order, change, counters and due work together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/message.h"
#include "schema/message_records.h"
#include "schema/records.h"
#include "store/account_write.h"

namespace telepost::store {

// A message whose bytes are known: its segments cover the source, and `inline_bytes` holds those without a piece, in order.
struct Content {
  std::vector<schema::Segment> segments;
  std::vector<std::string> inline_bytes;
  std::vector<Digest> pieces() const;
  std::size_t inline_size() const;
};

struct NewMessage {
  const schema::Document* document;  // id, received, sizes and digests set; outlives the call
  const Content* content;            // outlives the call
  std::vector<schema::MailboxId> mailboxes;  // 1 to 64, distinct
  std::vector<std::string> keywords;         // sorted
};

// Errors: not_found (a mailbox), io, corrupt. In a write without_reads only what is newest in its mailboxes may be written.
Result<void> write_message(AccountWrite& write, const NewMessage& message);

// The same bytes in no mailbox: no reader sees them and they count nowhere. They stay for as long as what they were written for does.
// precondition: a document's id that is new. Errors: too_large.
Result<void> write_unplaced(AccountWrite& write, const schema::Document& document, const Content& content);

// The list entry of a document, but for its modseq.
schema::Summary summary_of(const schema::Document& document, const std::vector<std::string>& keywords);

// Of the registry of RFC 5788.
inline constexpr std::string_view kJunkKeyword = "$junk";
inline constexpr std::string_view kForwardedKeyword = "$forwarded";
void add_keyword(std::vector<std::string>& keywords, std::string_view keyword);  // sorted ones

// Counts one message in or out of a mailbox's and, for the message itself, the account's counters.
void count_in(schema::MailboxRecord& mailbox, const schema::Summary& summary);
void count_out(schema::MailboxRecord& mailbox, const schema::Summary& summary);
bool is_unseen(const schema::Summary& summary);
bool is_unseen_draft(const schema::Summary& summary);
bool is_unread(const schema::Summary& summary);  // neither $seen nor $draft, as threads count it (RFC 8621 section 2)

// R key of a placement, without mailbox: the order key of store/received_order.h.
std::string order_key(Time received, schema::LocalId local);

}  // namespace telepost::store
