#include "store/account_removals.h"

#include <iterator>

#include "base/log.h"
#include "store/account_removal.h"
#include "store/calendar.h"
#include "store/rooms.h"
#include "store/sweep_run.h"

namespace telepost::store {

AccountRemovals::AccountRemovals(Rooms& rooms) : rooms_(rooms), thread_([this] { loop(); }) {}

AccountRemovals::~AccountRemovals() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  for (Removal& removal : waiting_) removal.told.set_value({Result<void>(Errc::cancelled, "the store is being closed"), {}});
}

std::shared_future<AccountRemovals::Outcome> AccountRemovals::give(schema::AccountId account, Time led_by, Time hint) {
  const std::lock_guard lock(mutex_);
  const auto [found, is_new] = under_way_.try_emplace(account);
  UnderWay& removal = found->second;
  const bool is_own = removal.hints.erase(led_by) > 0;
  removal.hints.insert(hint);
  if (is_new) {
    removal.outcome = waiting_.emplace_back(Removal{account, hint, {}}).told.get_future().share();
    wake_.notify_all();
  } else if (removal.is_running && !is_own) {
    removal.is_asked_again = true;
  }
  return removal.outcome;
}

void AccountRemovals::loop() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    Removal removal = std::move(waiting_.front());
    waiting_.pop_front();
    under_way_.at(removal.account).is_running = true;
    lock.unlock();
    Outcome outcome = remove(removal);
    const Result<void> ended = end(removal.account, outcome.first.ok());
    if (outcome.first.ok()) outcome.first = ended;
    removal.told.set_value(std::move(outcome));
  }
}

// The last hint alone stands for what is not done.
Result<void> AccountRemovals::end(schema::AccountId account, bool is_done) {
  UnderWay ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::move(under_way_.extract(account).mapped());
  }
  if (!is_done || ended.is_asked_again) ended.hints.erase(std::prev(ended.hints.end()));
  CommitList list;
  for (const Time hint : ended.hints) list.push_back(Calendar::remove({hint, schema::Partition::account(account), {}}));
  return list.empty() ? Result<void>() : rooms_.committer.commit(std::move(list));
}

AccountRemovals::Outcome AccountRemovals::remove(const Removal& removal) {
  const SweepOptions options{};
  SweepRun run(rooms_, options);
  if (run.is_halted()) return {Result<void>(Errc::unavailable, "the clock is not believed"), {}};  // the hint stands
  run.begin(SweepKind::reclaim);
  Result<void> done = AccountRemoval(rooms_, removal.account, removal.hint).run(run.count());
  if (done.ok()) {
    run.count_done(removal.hint);
  } else if (done.error().kind != Errc::cancelled) {
    ++run.count().failed;
    log::warning("account_not_removed", {{"account", schema::to_string(removal.account)}, {"reason", to_string(done.error())}});
  }
  run.end();
  return {std::move(done), run.count()};
}

}  // namespace telepost::store
