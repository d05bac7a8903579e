#include "store/held_account.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/hold_record.h"
#include "schema/keys.h"
#include "schema/push_subscription_record.h"
#include "schema/upload_record.h"
#include "store/due_list.h"
#include "store/kept_messages.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kMessagesAtOnce = 200;
constexpr std::size_t kHoldsAtOnce = 10'000;
constexpr Duration kJudgedAgain = std::chrono::days(1);  // at most so often: each time all that is kept is gone through
}  // namespace

Result<void> HeldAccount::look() {
  revision_ = rooms_.holds.get()->revision;
  {
    Result<AccountWrite> write = AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads);
    if (!write.ok() && write.error().kind == Errc::not_found) return {};  // what a crash left of its removal
    TELEPOST_TRY(write);
    if (!Removals(rooms_).may_hold(*write)) return {};
  }
  // Of an account that was gone through before, something is met among these at once.
  TELEPOST_TRY(walk_pages(&HeldAccount::judge_kept, "U", nullptr));
  TELEPOST_TRY(walk_pages(&HeldAccount::judge_kept, "Z", nullptr));
  return walk_pages(&HeldAccount::judge_messages, "M", nullptr);
}

Result<void> HeldAccount::remove_the_rest(SweepCount& count) {
  TELEPOST_TRY(walk_pages(&HeldAccount::drop_names, "J", &count));
  TELEPOST_TRY(walk_pages(&HeldAccount::drop_uploads, schema::keys::kUploads, &count));
  TELEPOST_TRY(walk_pages(&HeldAccount::drop_push_subscriptions, schema::keys::kPushSubscriptions, &count));
  TELEPOST_TRY(walk_pages(&HeldAccount::judge_messages, "M", &count));
  TELEPOST_TRY(walk_pages(&HeldAccount::judge_kept, "U", &count));
  return walk_pages(&HeldAccount::judge_kept, "Z", &count);
}

Result<void> HeldAccount::walk_pages(Page page, std::string_view begin, SweepCount* count) {
  next_ = begin;
  for (bool more = true; more && (count != nullptr || !is_held());) {
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
    write.expect_holds(revision_);
    TELEPOST_ASSIGN(more, (this->*page)(write, count));
    if (write.size_bytes() > 0) TELEPOST_TRY(write.commit());
  }
  return {};
}

bool HeldAccount::stays(const std::optional<Removals::Held>& held, std::uint64_t size_bytes, SweepCount* count) {
  if (held && held->until) retained_until_ = std::min(*held->until, retained_until_.value_or(Time::max()));
  else if (held) held_.emplace(held->hold, *held);
  if (count == nullptr) return held.has_value();
  if (held) ++count->skipped_held;
  else count->bytes_freed += size_bytes;
  return held.has_value();
}

Result<bool> HeldAccount::judge_messages(AccountWrite& write, SweepCount* count) {
  TELEPOST_ASSIGN(const auto messages, write.scan(Space::point, next_, keys::after("M"), kMessagesAtOnce));
  for (const auto& [key, value] : messages) {
    if (write.full()) return true;
    next_ = key + '\0';
    const schema::LocalId local{ByteReader(std::string_view(key).substr(1)).u64()};
    TELEPOST_ASSIGN(const schema::MessageRecord record, schema::decode_MessageRecord(value));
    if (record.departed) continue;  // judged by what is known of it
    if (record.placements.empty()) {
      TELEPOST_TRY(judge_sent(write, local, count));
      continue;
    }
    TELEPOST_ASSIGN(MessageEdit edit, MessageEdit::open(write, local));
    TELEPOST_ASSIGN(const auto held, Removals(rooms_).what_holds(write, Removals::Candidate{edit.record(), edit.summary()}));
    if (stays(held, record.size_bytes, count) || count == nullptr) continue;
    TELEPOST_TRY(edit.expunge(schema::Removal::account_deleted, rooms_.clock.now()));
    TELEPOST_TRY(MessageEdit::remove_departed(write, local));  // nobody sends it any more
  }
  return messages.size() == kMessagesAtOnce;
}

// Nobody sends any more what its sender expunged. What is held of it is met among the kept ones from now on.
Result<void> HeldAccount::judge_sent(AccountWrite& write, schema::LocalId local, SweepCount* count) {
  if (count != nullptr) return MessageEdit::remove_sent(write, local, rooms_.clock.now());
  TELEPOST_ASSIGN(const schema::KeptRecord kept, KeptMessages::of_sent(write, local));
  TELEPOST_ASSIGN(const auto held, Removals(rooms_).what_holds(write, kept));
  (void)stays(held, kept.summary.size_bytes, nullptr);
  return {};
}

// The send jobs that they name are gone.
Result<bool> HeldAccount::drop_names(AccountWrite& write, SweepCount*) {
  TELEPOST_ASSIGN(const auto names, write.scan(Space::point, next_, keys::after("J"), kMessagesAtOnce));
  for (const auto& [key, value] : names) {
    next_ = key + '\0';
    write.erase(Space::point, key);
  }
  return names.size() == kMessagesAtOnce;
}

Result<bool> HeldAccount::judge_kept(AccountWrite& write, SweepCount* count) {
  TELEPOST_ASSIGN(const auto page, write.scan(Space::scan, next_, keys::after(next_.substr(0, 1)), kMessagesAtOnce));
  for (const auto& [key, value] : page) {
    next_ = key + '\0';
    TELEPOST_ASSIGN(const schema::KeptRecord kept, schema::decode_KeptRecord(value));
    TELEPOST_ASSIGN(const auto message, write.get(Space::point, keys::message(kept.summary.local)));
    std::optional<Removals::Held> held;
    if (message) {
      TELEPOST_ASSIGN(held, Removals(rooms_).what_holds(write, kept));
      if (stays(held, kept.summary.size_bytes, count)) continue;
    }
    if (count == nullptr) continue;
    KeptMessages(write).remove({kept, key[0] == 'U' ? KeptMessages::Until::release : KeptMessages::Until::purge});
    TELEPOST_TRY(MessageEdit::remove_departed(write, kept.summary.local));
  }
  return page.size() == kMessagesAtOnce;
}

Result<void> HeldAccount::park() {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
  write.expect_holds(revision_);
  TELEPOST_ASSIGN(const auto before, write.scan(Space::point, std::string(keys::kAccountHeld), keys::after(keys::kAccountHeld), kHoldsAtOnce));
  for (const auto& [key, value] : before) write.erase(Space::point, key);
  for (const auto& [hold, held] : held_) {
    write.put(Space::point, keys::account_held(hold), "");
    write.stay_for_hold(hold);
  }
  // What the due list held was settled before.
  write.head().earliest_hint.reset();
  write.head().trim_due.reset();
  write.head().purge_due.reset();
  if (retained_until_) write.add_due(std::max(*retained_until_, rooms_.clock.now() + kJudgedAgain), due::kRemoveContent, due::no_id());
  return write.commit();
}

}  // namespace telepost::store
