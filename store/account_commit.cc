// How a write ends: what follows from it in the account's head, and its way to the committer.
#include <future>

#include "policies/lifecycle.h"
#include "store/account_index.h"
#include "store/account_write.h"
#include "store/due_list.h"
#include "store/holds.h"
#include "store/quota.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

// What makes the account pass what it may hold online makes room due.
void AccountWrite::relieve_if_over() {
  const std::uint64_t before = schema::online_bytes(head_->state.head);
  const std::uint64_t after = schema::online_bytes(record_);
  if (after <= before) return;
  const auto relief = policies::relief(service());
  if (relief && before <= relief->above_bytes && after > relief->above_bytes) add_due(rooms_->clock.now(), due::kRelieve, due::no_id());
}

void AccountWrite::note_trash() {
  for (const auto& [id, mailbox] : mailboxes_) {
    if (mailbox.role == schema::Role::trash) record_.trash = id;
    else if (record_.trash == id) record_.trash = {};
  }
  for (const schema::MailboxId id : dropped_mailboxes_) {
    if (record_.trash == id) record_.trash = {};
  }
}

// Each time that there are as many changes more: somebody may have read them in the one index, and nobody in the other.
void AccountWrite::make_index_due() {
  const auto tails = [](const schema::HeadRecord& head) { return head.modseq.value / kIndexTail; };
  if (tails(record_) > tails(head_->state.head)) add_due(rooms_->clock.now(), due::kIndex, due::no_id());
}

void AccountWrite::move_into(Commit& commit) {
  watch_quota(*this);
  relieve_if_over();
  note_trash();
  make_index_due();
  if (profile_changed_) batch_.put(Space::point, keys::kAccount, schema::encode(profile_));
  std::string head = schema::encode(record_);
  batch_.put(Space::point, keys::kHead, head);
  for (const auto& [id, mailbox] : mailboxes_) batch_.put(Space::point, keys::mailbox(id), schema::encode(mailbox));
  for (const auto& [key, value] : once_) batch_.put(key.first, key.second, value);

  Head::State& state = head_->state;
  const bool existed = state.exists;
  state.loaded = state.exists = true;
  if (profile_changed_) {
    state.profile = std::move(profile_);
    state.service.reset();
  }
  const schema::Modseq modseq = record_.modseq;
  const bool is_told = is_told_ || modseq != state.head.modseq;
  state.head = std::move(record_);
  state.last_received = last_received_;
  if (automatic_) state.automatic = std::move(automatic_);
  for (auto& [id, mailbox] : mailboxes_) state.mailboxes.insert_or_assign(id, std::move(mailbox));
  for (const schema::MailboxId id : dropped_mailboxes_) state.mailboxes.erase(id);
  for (auto& [key, local] : keys_) state.assigned_keys.insert_or_assign(std::move(key), local);

  if (holds_revision_) commit.list.push_back(Holds::fence(account(), *holds_revision_));
  for (const std::uint64_t hold : holds_to_note_) commit.list.push_back(Holds::note(hold, account()));
  for (CommitEntry& entry : before_) commit.list.push_back(std::move(entry));
  commit.list.push_back({std::move(batch_)});
  if (!existed || state.loaded_head) {
    commit.list.back().expectations.push_back({Space::point, std::string(keys::kHead), std::exchange(state.loaded_head, std::nullopt)});
  }
  for (Expectation& expectation : expectations_) commit.list.back().expectations.push_back(std::move(expectation));
  if (rooms_->engine->writers() == Engine::Writers::many) state.loaded_head = std::move(head);
  for (CommitEntry& entry : after_) commit.list.push_back(std::move(entry));
  for (auto& wake : wakes_) commit.wakes.push_back(std::move(wake));
  commit.advances.push_back({head_, modseq, remembers_ ? Head::Touches::any_messages : Head::Touches::own_messages, is_told});
}

void AccountWrite::hand_over(std::function<void(const Result<void>&)> done, std::uint32_t messages) {
  Commit commit;
  move_into(commit);
  commit.done = std::move(done);
  commit.messages = messages;
  rooms_->committer.submit(std::move(commit));
  opening_ = {};
  held_.clear();
}

void AccountWrite::submit(std::function<void(const Result<void>&)> done, std::uint32_t messages) {
  hand_over(std::move(done), messages);
  lock_.unlock();
}

Result<void> AccountWrite::wait(bool unlocks) {
  std::promise<Result<void>> promise;
  hand_over([&promise](const Result<void>& result) { promise.set_value(result); }, 0);
  if (unlocks) lock_.unlock();
  Result<void> result = promise.get_future().get();
  // Another process may have changed the holds.
  if (!result.ok() && result.error().kind == Errc::conflict && holds_revision_) TELEPOST_TRY(Holds(*rooms_).load());
  return result;
}

Result<void> AccountWrite::commit() { return wait(true); }

Result<void> AccountWrite::commit_and(const std::function<void()>& then) {
  Result<void> result = wait(false);
  if (result.ok()) then();
  lock_.unlock();
  return result;
}

}  // namespace telepost::store
