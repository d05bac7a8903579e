#include "store/message_edit.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "store/due_list.h"
#include "store/message_dates.h"
#include "store/message_writer.h"
#include "store/received_order.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Result<bool> is_being_sent(AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto intents, write.get(Space::point, keys::intent(local)));
  if (intents) return true;
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::submission(local)));
  if (!bytes) return false;
  TELEPOST_ASSIGN(const auto submission, schema::decode_SubmissionRecord(*bytes));
  return submission.open > 0;
}

Result<void> remove_content(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record, Time now) {
  write.erase(Space::point, keys::message(local));
  for (const std::string& key : content_keys(local, record)) write.erase(Space::large, key);
  std::string digests;
  for (const schema::Segment& segment : record.segments) {
    if (segment.piece) digests.append(segment.piece->view());
  }
  const std::string first = keys::annotation(local, {});
  TELEPOST_ASSIGN(const auto annotations, write.scan(Space::large, first, keys::after(first.substr(0, 9)), 1000));
  for (const auto& [key, value] : annotations) write.erase(Space::large, key);
  if (!digests.empty()) write.add_due(now, due::kUnlink, due::id_of(local), digests);
  return {};
}

}  // namespace

Result<MessageEdit> MessageEdit::open(AccountWrite& write, schema::LocalId local) {
  MessageEdit edit(write, local);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {Errc::not_found, "no such message"};
  TELEPOST_ASSIGN(edit.record_, schema::decode_MessageRecord(*bytes));
  if (edit.record_.placements.empty()) return {Errc::not_found, "no such message"};  // expunged, and still being sent
  edit.record_.accessed = std::max(edit.record_.accessed, write.noted_access(local));
  const schema::Placement& first = edit.record_.placements.front();
  TELEPOST_ASSIGN(const auto summary, write.get(Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!summary) return {Errc::corrupt, "a placement without summary; run telepost verify"};
  TELEPOST_ASSIGN(edit.summary_, schema::decode_Summary(*summary));
  TELEPOST_ASSIGN(edit.was_, lifecycle_of(write, {edit.record_, edit.summary_}));
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
  record_.seen = unseen ? std::nullopt : std::optional(write_->now());
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

// What the edit means for the message's dates.
Result<void> MessageEdit::date() {
  TELEPOST_ASSIGN(const bool trashed, lies_in_trash_only(*write_, record_.placements));
  if (trashed != record_.trashed.has_value()) record_.trashed = trashed ? std::optional(write_->now()) : std::nullopt;
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(*write_, {record_, summary_}));
  add_due_dates(*write_, local_, was_, lifecycle);
  return {};
}

Result<schema::Modseq> MessageEdit::finish() {
  log_lost_placements();
  TELEPOST_TRY(date());
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

  TELEPOST_ASSIGN(const bool sent, is_being_sent(*write_, local_));
  if (!sent) return remove_content(*write_, local_, record_, now);
  // Gone for everybody but those who send it (RFC 5321 section 6.1); its submission's end removes the rest.
  record_.placements.clear();
  write_->put(Space::point, keys::message(local_), schema::encode(record_));
  return {};
}

Result<void> MessageEdit::remove_kept(AccountWrite& write, schema::LocalId local, Time now) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const schema::MessageRecord record, schema::decode_MessageRecord(*bytes));
  return record.placements.empty() ? remove_content(write, local, record, now) : Result<void>();
}

}  // namespace telepost::store
