// Several changes of one account in as few batches as hold them.
#include <algorithm>
#include <set>

#include "store/account_write.h"
#include "store/keywords.h"
#include "store/message_changer.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace {

constexpr std::size_t kMaxChangesInBatch = 200;  // the account's lock is held meanwhile: deliveries wait for it

// One change, worked out before anything of it is written: what is refused leaves no trace in the batch.
class PlannedChange {
 public:
  static Result<PlannedChange> plan(AccountWrite& write, const MessageChange& wanted) {
    TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, wanted.message));
    PlannedChange change(std::move(edit), wanted);
    if (wanted.expunge) return change;
    const std::vector<std::string> none;
    TELEPOST_ASSIGN(change.keywords_, changed_keywords(wanted.keywords ? none : change.edit_.summary().keywords,
                                                       wanted.keywords.value_or(none), none));
    TELEPOST_ASSIGN(change.keywords_, changed_keywords(change.keywords_, wanted.add_keywords, wanted.remove_keywords));
    TELEPOST_TRY(change.plan_mailboxes(write));
    return change;
  }

  // Errors are of the store, not of the change: the batch is to be thrown away.
  Result<void> write(Time now) {
    if (wanted_->expunge) {
      TELEPOST_TRY(edit_.expunge(schema::Removal::expunged, now, wanted_->reach));
      return {};
    }
    const bool is_new = keywords_ != edit_.summary().keywords;
    if (!is_new && come_.empty() && leave_.empty()) return {};
    if (is_new) TELEPOST_TRY(edit_.set_keywords(keywords_));
    for (const schema::MailboxId mailbox : come_) TELEPOST_TRY(edit_.place(mailbox));
    for (const schema::MailboxId mailbox : leave_) TELEPOST_TRY(edit_.unplace(mailbox));
    TELEPOST_TRY(edit_.finish());
    return {};
  }

 private:
  PlannedChange(MessageEdit edit, const MessageChange& wanted) : edit_(std::move(edit)), wanted_(&wanted) {}

  Result<void> plan_mailboxes(AccountWrite& write) {
    std::multiset<schema::MailboxId> lies_in;  // a mailbox may hold two placements of a message
    for (const schema::Placement& placement : edit_.record().placements) lies_in.insert(placement.mailbox);
    std::set<schema::MailboxId> wanted(lies_in.begin(), lies_in.end());
    if (wanted_->mailboxes) wanted = {wanted_->mailboxes->begin(), wanted_->mailboxes->end()};
    wanted.insert(wanted_->add_mailboxes.begin(), wanted_->add_mailboxes.end());
    for (const schema::MailboxId mailbox : wanted_->remove_mailboxes) wanted.erase(mailbox);
    if (wanted.empty()) return {Errc::invalid, "an email lies in at least one mailbox"};
    for (const schema::MailboxId mailbox : wanted) {
      if (!lies_in.contains(mailbox)) come_.push_back(mailbox);
    }
    for (const schema::MailboxId mailbox : lies_in) {
      if (!wanted.contains(mailbox)) leave_.push_back(mailbox);
    }
    if (lies_in.size() + come_.size() - leave_.size() > kMaxPlacements) return {Errc::too_large, "a message lies in at most 64 mailboxes"};
    for (const schema::MailboxId mailbox : come_) {
      const auto found = write.peek_mailbox(mailbox);
      if (!found.ok() && found.error().kind == Errc::not_found) return {Errc::invalid, "there is no such mailbox"};
      TELEPOST_TRY(found);
    }
    return {};
  }

  MessageEdit edit_;
  const MessageChange* wanted_;
  std::vector<std::string> keywords_;
  std::vector<schema::MailboxId> come_, leave_;
};

bool is_of_one(const Error& error) {
  return error.kind == Errc::not_found || error.kind == Errc::invalid || error.kind == Errc::too_many || error.kind == Errc::too_large;
}

}  // namespace

Result<MessageChanger::Applied> MessageChanger::apply(schema::AccountId account, const std::vector<MessageChange>& changes) {
  Applied applied;
  std::size_t next = 0;
  do {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads));
    const schema::Modseq before = write.head().modseq;
    std::vector<Result<void>> results;
    while (next < changes.size() && results.size() < kMaxChangesInBatch && !write.full()) {
      Result<PlannedChange> change = PlannedChange::plan(write, changes[next++]);
      if (!change.ok() && !is_of_one(change.error())) return change.error();
      results.push_back(change.ok() ? Result<void>() : Result<void>(change.error()));
      if (change.ok()) TELEPOST_TRY(change->write(rooms_.clock.now()));
    }
    applied.is_whole = applied.is_whole && (applied.results.empty() || applied.after == before);
    if (applied.results.empty()) applied.before = before;
    applied.after = write.head().modseq;
    if (write.head().modseq != before) TELEPOST_TRY(write.commit());
    std::move(results.begin(), results.end(), std::back_inserter(applied.results));
  } while (next < changes.size());
  return applied;
}

}  // namespace telepost::store
