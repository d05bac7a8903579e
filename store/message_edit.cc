#include "store/message_edit.h"

#include <algorithm>

#include "base/assert.h"
#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "store/account_index.h"
#include "store/due_list.h"
#include "store/message_dates.h"
#include "store/message_writer.h"
#include "store/received_order.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

Result<void> remove_content(AccountWrite& write, schema::LocalId local, const schema::MessageRecord& record, Time now) {
  write.erase(Space::point, keys::message(local));
  TELEPOST_TRY(AccountIndex(write).forget(local));
  for (const std::string& key : content_keys(local, record)) write.erase(Space::large, key);
  drop_source(write, local, record, now);
  const std::string first = keys::annotation(local, {});
  TELEPOST_ASSIGN(const auto annotations, write.scan(Space::large, first, keys::after(first.substr(0, 9)), 1000));
  for (const auto& [key, value] : annotations) write.erase(Space::large, key);
  return {};
}

}  // namespace

Result<bool> is_being_sent(AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto intents, write.get(Space::point, keys::intent(local)));
  if (intents) return true;
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::submission(local)));
  if (!bytes) return false;
  TELEPOST_ASSIGN(const auto submission, schema::decode_SubmissionRecord(*bytes));
  return submission.open > 0;
}

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
  const bool was_unseen = is_unseen(summary_), was_draft = is_unseen_draft(summary_);
  summary_.keywords = std::move(keywords);
  const bool unseen = is_unseen(summary_), draft = is_unseen_draft(summary_);
  if (unseen == was_unseen && draft == was_draft) return {};
  if (unseen != was_unseen) record_.seen = unseen ? std::nullopt : std::optional(write_->stamp());
  for (const schema::Placement& placement : record_.placements) {
    TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
    mailbox->unseen += (unseen ? 1u : 0u) - (was_unseen ? 1u : 0u);
    mailbox->unseen_drafts += (draft ? 1u : 0u) - (was_draft ? 1u : 0u);
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
  TELEPOST_TRY(ReceivedOrder(*write_, id, mailbox->front).insert(key.substr(keys::kReceivedOrderOffset)));
  count_in(*mailbox, summary_);
  record_.placements.push_back({id, uid});
  return uid;
}

Result<void> MessageEdit::take_out(const schema::Placement& placement) {
  TELEPOST_ASSIGN(schema::MailboxRecord* const mailbox, write_->mailbox(placement.mailbox));
  const std::string key = keys::received(placement.mailbox, record_.received, local_);
  write_->erase(Space::scan, keys::summary(placement.mailbox, placement.uid));
  write_->erase(Space::scan, key);
  ReceivedOrder order(*write_, mailbox->id, mailbox->front);
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
  if (trashed != record_.trashed.has_value()) record_.trashed = trashed ? std::optional(write_->stamp()) : std::nullopt;
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

Result<MessageEdit::Gone> MessageEdit::expunge(schema::Removal reason, Time now, schema::Reach reach) {
  TELEPOST_ASSIGN(const bool keeps, is_to_be_kept(reason));
  std::vector<schema::KeptRecord::Place> places;
  if (keeps) {
    TELEPOST_ASSIGN(places, KeptMessages::places(*write_, record_.placements));
  }
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
  tombstone.reach = reach;
  write_->log(modseq, tombstone, record_.modseq);

  count(-1);
  forget_parked(*write_, local_, record_);
  record_.parked.reset();
  record_.placements.clear();
  if (keeps) {
    keep({summary_, std::move(places), {reason, write_->stamp()}});
    return Gone::kept;
  }
  TELEPOST_ASSIGN(const bool sent, is_being_sent(*write_, local_));
  // Gone for everybody but those who send it (RFC 5321 section 6.1); its submission's end removes the rest.
  if (sent) write_->put(Space::point, keys::message(local_), schema::encode(record_));
  else TELEPOST_TRY(remove_content(*write_, local_, record_, now));
  return Gone::for_good;
}

// In or out of what the subscriber sees.
void MessageEdit::count(int messages) {
  const auto add = [&](schema::Usage& usage) {
    usage.messages += static_cast<std::uint64_t>(messages);
    usage.bytes += static_cast<std::uint64_t>(messages) * record_.size_bytes;
  };
  add(write_->head().usage[static_cast<std::size_t>(summary_.kind)]);
  if (record_.tier == schema::Tier::archived) add(write_->head().archived);
}

// Where undelete keeps it anyway, holds are asked at its purge. A class that is defined nowhere may have undelete: until it is back
// nothing goes for good. Nobody undeletes in an account that is deleted.
Result<bool> MessageEdit::is_to_be_kept(schema::Removal reason) {
  const schema::EffectiveClass& service = write_->service();
  const bool keeps = service.settings.undelete.keep > Duration(0) || !service.missing.empty();
  if (keeps && reason != schema::Removal::account_deleted) return true;
  TELEPOST_ASSIGN(held_, Removals(write_->rooms()).what_holds(*write_, Removals::Candidate{record_, summary_}));
  return held_.has_value();
}

void MessageEdit::keep(const schema::KeptRecord& kept) {
  record_.departed = kept.departed;
  write_->put(Space::point, keys::message(local_), schema::encode(record_));
  KeptMessages(*write_).add(kept, held_);
}

Result<void> MessageEdit::remove_departed(AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const schema::MessageRecord record, schema::decode_MessageRecord(*bytes));
  return remove_content(write, local, record, write.now());
}

Result<MessageEdit> MessageEdit::bring_back(AccountWrite& write, const KeptMessages::Entry& entry) {
  MessageEdit edit(write, entry.record.summary.local);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(edit.local_)));
  if (!bytes) return {Errc::corrupt, "a kept message without its record; run telepost verify"};
  TELEPOST_ASSIGN(edit.record_, schema::decode_MessageRecord(*bytes));
  edit.summary_ = entry.record.summary;
  edit.record_.departed.reset();
  edit.record_.trashed.reset();  // where it comes to lie now counts
  edit.record_.restored = write.stamp();
  // Readers saw it go: for them it is created again, above its tombstone.
  edit.record_.created = edit.summary_.created = write.advance();
  edit.record_.modseq = schema::Modseq{0};
  edit.count(1);
  KeptMessages(write).remove(entry);
  return edit;
}

Result<void> MessageEdit::remove_sent(AccountWrite& write, schema::LocalId local, Time now) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(schema::MessageRecord record, schema::decode_MessageRecord(*bytes));
  if (!record.placements.empty() || record.departed) return {};
  const Removals removals(write.rooms());
  if (!removals.may_hold(write)) return remove_content(write, local, record, now);
  TELEPOST_ASSIGN(const schema::KeptRecord kept, KeptMessages::of_sent(write, local));
  TELEPOST_ASSIGN(const auto held, removals.what_holds(write, kept));
  if (!held) return remove_content(write, local, record, now);
  record.departed = kept.departed;
  write.put(Space::point, keys::message(local), schema::encode(record));
  KeptMessages(write).add(kept, held);
  return {};
}

}  // namespace telepost::store
