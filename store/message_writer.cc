#include "store/message_writer.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/message_dates.h"
#include "store/received_order.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header_cut.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

std::string uid_value(schema::Uid uid) {
  std::string value;
  ByteWriter(value).u32(uid.value);
  return value;
}

Result<void> place(AccountWrite& write, schema::MailboxRecord& mailbox, const schema::Summary& summary,
                   schema::Uid uid) {
  const std::string key = keys::received(mailbox.id, summary.received, summary.local);
  write.put(Space::scan, keys::summary(mailbox.id, uid), schema::encode(summary));
  write.put(Space::scan, key, uid_value(uid));
  TELEPOST_TRY(ReceivedOrder(write, mailbox.id, mailbox.front).insert(key.substr(keys::kReceivedOrderOffset)));
  count_in(mailbox, summary);
  return {};
}

Result<void> put_content(AccountWrite& write, const schema::Document& document, const Content& content) {
  const schema::LocalId local = document.id.local;
  const std::string xml = schema::write_document(document);
  if (!write.has_room(xml.size() + content.inline_size())) {
    return {Errc::too_large, "the message's structure does not fit a batch: too many parts with too long names"};
  }
  write.put(Space::large, keys::document(local), xml);
  std::size_t next_inline = 0;
  for (std::uint32_t index = 0; index < content.segments.size(); ++index) {
    if (content.segments[index].piece) continue;
    write.put(Space::large, keys::segment(local, index), content.inline_bytes[next_inline++]);
  }
  return {};
}

}  // namespace

std::vector<Digest> Content::pieces() const {
  std::vector<Digest> digests;
  for (const schema::Segment& segment : segments) {
    if (segment.piece) digests.push_back(*segment.piece);
  }
  return digests;
}

std::size_t Content::inline_size() const {
  std::size_t size = 0;
  for (const std::string& bytes : inline_bytes) size += bytes.size();
  return size;
}

std::string order_key(Time received, schema::LocalId local) {
  return keys::received(schema::MailboxId{0}, received, local).substr(keys::kReceivedOrderOffset);
}

bool is_unseen(const schema::Summary& summary) {
  return !std::binary_search(summary.keywords.begin(), summary.keywords.end(), "$seen");
}

bool is_unseen_draft(const schema::Summary& summary) {
  return is_unseen(summary) && std::binary_search(summary.keywords.begin(), summary.keywords.end(), "$draft");
}

bool is_unread(const schema::Summary& summary) { return is_unseen(summary) && !is_unseen_draft(summary); }

void add_keyword(std::vector<std::string>& keywords, std::string_view keyword) {
  const auto place = std::lower_bound(keywords.begin(), keywords.end(), keyword);
  if (place == keywords.end() || *place != keyword) keywords.emplace(place, keyword);
}

void count_in(schema::MailboxRecord& mailbox, const schema::Summary& summary) {
  ++mailbox.messages;
  mailbox.unseen += is_unseen(summary) ? 1u : 0u;
  mailbox.unseen_drafts += is_unseen_draft(summary) ? 1u : 0u;
  mailbox.bytes += summary.size_bytes;
}

void count_out(schema::MailboxRecord& mailbox, const schema::Summary& summary) {
  --mailbox.messages;
  mailbox.unseen -= is_unseen(summary) ? 1u : 0u;
  mailbox.unseen_drafts -= is_unseen_draft(summary) ? 1u : 0u;
  mailbox.bytes -= summary.size_bytes;
}

// What lists show as the sender: the first mailbox of From, else the envelope's.
void set_sender(schema::Summary& summary, const schema::Document& document) {
  summary.from = document.envelope.from;
  bool is_found = false;
  for (const schema::HeaderField& field : document.fields) {
    if (!equals_ignoring_case(field.name, "From")) continue;
    summary.sender_is_whole = false;  // of a second field, or of one that names nobody
    if (is_found) return;
    is_found = true;
    auto senders = transcoders::mime::parse_addresses(field.value, 2);
    if (senders.empty()) continue;
    summary.sender_is_whole = senders.size() == 1 && !transcoders::mime::is_header_cut(document.defects);
    summary.from = "mailto:" + std::move(senders[0].address);
    summary.from_name = std::move(senders[0].display_name);
  }
}

schema::Summary summary_of(const schema::Document& document, const std::vector<std::string>& keywords) {
  schema::Summary summary;
  summary.local = document.id.local;
  summary.kind = document.kind;
  summary.importance = document.importance;
  summary.sensitivity = document.sensitivity;
  summary.has_attachment = transcoders::mime::body_structure(document.root).has_attachment;
  summary.received = document.received;
  summary.size_bytes = document.size_bytes;
  summary.keywords = keywords;
  set_sender(summary, document);
  summary.subject = document.subject;
  summary.preview = document.preview;
  if (const auto* voice = std::get_if<schema::VoiceFacts>(&document.facts)) {
    summary.duration = voice->duration;
    if (!voice->caller.empty()) summary.from = voice->caller;
  } else if (const auto* fax = std::get_if<schema::FaxFacts>(&document.facts)) {
    summary.pages = fax->pages;
    if (!fax->caller.empty()) summary.from = fax->caller;
  } else if (const auto* sms = std::get_if<schema::SmsFacts>(&document.facts)) {
    if (!sms->caller.empty()) summary.from = sms->caller;
  } else if (const auto* video = std::get_if<schema::VideoFacts>(&document.facts)) {
    summary.duration = video->duration;
    if (!video->caller.empty()) summary.from = video->caller;
  }
  summary.sender_is_whole = summary.sender_is_whole && std::holds_alternative<std::monostate>(document.facts);  // else it is the caller
  return summary;
}

Result<void> write_message(AccountWrite& write, const NewMessage& message) {
  const schema::Document& document = *message.document;
  const schema::LocalId local = document.id.local;
  const schema::Modseq modseq = write.advance();
  schema::Summary summary = summary_of(document, message.keywords);
  summary.created = summary.modseq = modseq;

  schema::MessageRecord record;
  record.created = record.modseq = modseq;
  record.received = document.received;
  record.size_bytes = document.size_bytes;
  record.segments = message.content->segments;
  for (const schema::MailboxId id : message.mailboxes) {
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write.mailbox(id));
    const schema::Uid uid = mailbox->uidnext;
    ++mailbox->uidnext.value;
    mailbox->modseq = modseq;
    record.placements.push_back({id, uid});
    TELEPOST_TRY(place(write, *mailbox, summary, uid));
  }
  schema::Usage& usage = write.head().usage[static_cast<std::size_t>(document.kind)];
  ++usage.messages;
  usage.bytes += document.size_bytes;

  if (!is_unseen(summary)) record.seen = write.stamp();
  TELEPOST_ASSIGN(const bool trashed, lies_in_trash_only(write, record.placements));
  if (trashed) record.trashed = write.stamp();
  write.put(Space::point, keys::message(local), schema::encode(record));
  TELEPOST_TRY(put_content(write, document, *message.content));
  schema::ChangeRecord change;
  change.id = local.value;
  change.created = modseq;
  write.log(modseq, change, schema::Modseq{0});
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {record, summary, &document}));
  add_due_dates(write, local, {}, lifecycle);
  return {};
}

Result<void> write_unplaced(AccountWrite& write, const schema::Document& document, const Content& content) {
  schema::MessageRecord record;
  record.created = record.modseq = write.advance();
  record.received = document.received;
  record.size_bytes = document.size_bytes;
  record.segments = content.segments;
  write.put(Space::point, keys::message(document.id.local), schema::encode(record));
  return put_content(write, document, content);
}

}  // namespace telepost::store
