#include "store/message_edit.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "store/due_list.h"
#include "store/message_writer.h"
#include "store/received_order.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<MessageEdit> MessageEdit::open(AccountWrite& write, schema::LocalId local) {
  MessageEdit edit(write, local);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {Errc::not_found, "no such message"};
  TELEPOST_ASSIGN(edit.record_, schema::decode_MessageRecord(*bytes));
  if (edit.record_.placements.empty()) return {Errc::corrupt, "a message without placement; run telepost verify"};
  const schema::Placement& first = edit.record_.placements.front();
  TELEPOST_ASSIGN(const auto summary, write.get(Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!summary) return {Errc::corrupt, "a placement without summary; run telepost verify"};
  TELEPOST_ASSIGN(edit.summary_, schema::decode_Summary(*summary));
  return edit;
}

bool MessageEdit::is_in(schema::MailboxId mailbox) const {
  return std::any_of(record_.placements.begin(), record_.placements.end(),
                     [&](const schema::Placement& placement) { return placement.mailbox == mailbox; });
}

Result<void> MessageEdit::set_keywords(std::vector<std::string> keywords) {
  const bool was_unseen = is_unseen(summary_);
  summary_.keywords = std::move(keywords);
  const bool unseen = is_unseen(summary_);
  if (unseen == was_unseen) return {};
  for (const schema::Placement& placement : record_.placements) {
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
    mailbox->unseen += unseen ? 1u : ~0u;
  }
  return {};
}

Result<schema::Uid> MessageEdit::place(schema::MailboxId id) {
  TELEPOST_ASSERT(!is_in(id));
  TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(id));
  const schema::Uid uid = mailbox->uidnext;
  ++mailbox->uidnext.value;
  const std::string key = keys::received(id, record_.received, local_);
  std::string value;
  ByteWriter(value).u32(uid.value);
  write_->put(Space::scan, key, value);
  TELEPOST_TRY(ReceivedOrder(*write_, *mailbox).insert(key.substr(keys::kReceivedOrderOffset)));
  count_in(*mailbox, summary_);
  record_.placements.push_back({id, uid});
  return uid;
}

Result<void> MessageEdit::take_out(const schema::Placement& placement) {
  TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
  const std::string key = keys::received(placement.mailbox, record_.received, local_);
  write_->erase(Space::scan, keys::summary(placement.mailbox, placement.uid));
  write_->erase(Space::scan, key);
  ReceivedOrder order(*write_, *mailbox);
  TELEPOST_TRY(order.remove(key.substr(keys::kReceivedOrderOffset)));
  count_out(*mailbox, summary_);
  if (mailbox->messages == 0) TELEPOST_TRY(order.clear());
  lost_.push_back(placement);
  return {};
}

Result<void> MessageEdit::unplace(schema::MailboxId mailbox) {
  const auto place = std::find_if(record_.placements.begin(), record_.placements.end(),
                                  [&](const schema::Placement& placement) { return placement.mailbox == mailbox; });
  TELEPOST_ASSERT(place != record_.placements.end() && record_.placements.size() > 1);
  TELEPOST_TRY(take_out(*place));
  record_.placements.erase(place);
  return {};
}

// What VANISHED tells of a message that goes on elsewhere (RFC 7162 section 3.2.10): an entry of its own, trimmed by time.
void MessageEdit::log_lost_placements() {
  if (lost_.empty()) return;
  schema::ChangeRecord lost;
  lost.what = schema::ChangeRecord::What::placement_gone;
  lost.id = local_.value;
  lost.created = record_.created;
  lost.placements = lost_;
  lost.time = write_->now();
  write_->log(write_->advance(), lost, schema::Modseq{0});
}

Result<schema::Modseq> MessageEdit::finish() {
  log_lost_placements();
  const schema::Modseq modseq = write_->advance();
  schema::ChangeRecord change;
  change.id = local_.value;
  change.created = record_.created;
  write_->log(modseq, change, record_.modseq);
  record_.modseq = summary_.modseq = modseq;
  for (const schema::Placement& placement : record_.placements) {
    write_->put(Space::scan, keys::summary(placement.mailbox, placement.uid), schema::encode(summary_));
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
    mailbox->modseq = modseq;
  }
  for (const schema::Placement& placement : lost_) {
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
    mailbox->modseq = modseq;
  }
  write_->put(Space::point, keys::message(local_), schema::encode(record_));
  return modseq;
}

Result<void> MessageEdit::expunge(schema::Removal reason, Time now) {
  for (const schema::Placement& placement : record_.placements) TELEPOST_TRY(take_out(placement));
  const schema::Modseq modseq = write_->advance();
  for (const schema::Placement& placement : lost_) {
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
    mailbox->modseq = modseq;
  }
  schema::ChangeRecord tombstone;
  tombstone.what = schema::ChangeRecord::What::message_gone;
  tombstone.id = local_.value;
  tombstone.created = record_.created;
  tombstone.placements = lost_;
  tombstone.reason = reason;
  tombstone.time = now;
  write_->log(modseq, tombstone, record_.modseq);

  schema::Usage& usage = write_->head().usage[static_cast<std::size_t>(summary_.kind)];
  --usage.messages;
  usage.bytes -= record_.size_bytes;

  write_->erase(Space::point, keys::message(local_));
  write_->erase(Space::large, keys::document(local_));
  std::string digests;
  for (std::uint32_t index = 0; index < record_.segments.size(); ++index) {
    if (record_.segments[index].piece) digests.append(record_.segments[index].piece->view());
    else write_->erase(Space::large, keys::segment(local_, index));
  }
  TELEPOST_ASSIGN(const auto annotations, write_->scan(Space::large, keys::annotation(local_, {}),
                                                       keys::after(keys::annotation(local_, {}).substr(0, 9)), 1000));
  for (const auto& [key, value] : annotations) write_->erase(Space::large, key);
  if (!digests.empty()) write_->add_due(now, due::kUnlink, due::id_of(local_), digests);
  return {};
}

}  // namespace telepost::store
