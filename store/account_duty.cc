#include "store/account_duty.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "store/account_removal.h"
#include "store/account_removals.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kItemsAtOnce = 500;
constexpr Duration kPostponed = std::chrono::hours(1);
constexpr Duration kArchiveAway = std::chrono::minutes(5);
constexpr Duration kHandedOver = std::chrono::minutes(1);
constexpr int kDutyTries = 16;  // each refusal means that somebody else succeeded

SweepKind kind_of(const Duty* duty) { return duty != nullptr ? duty->kind : SweepKind::reclaim; }

}  // namespace

AccountDuty::AccountDuty(SweepRun& run, const Hint& hint)
    : work_{run, run.rooms(), hint.target.account_id(), AuditTrail(hint.target.account_id())}, rooms_(run.rooms()), hint_(hint) {}

Result<std::vector<DueItem>> AccountDuty::page(const AccountWrite& write) const {
  const Time last = work_.run.takes_early() ? std::max(work_.run.until(), rooms_.clock.now() + due::kAddressCheck) : work_.run.until();
  const std::string end = keys::due(last + Duration(1), '\0', due::no_id());
  TELEPOST_ASSIGN(const auto records, write.scan(Space::queue, place_.from, end, kItemsAtOnce));
  std::vector<DueItem> items;
  for (const auto& [key, value] : records) items.push_back({key, due::time_of(key), key[9], key.substr(10), value});
  return items;
}

// With repairs taken early, what a crash may have left is; the rest keeps its time.
bool AccountDuty::is_time(const DueItem& item, const Duty* duty) const {
  return item.time <= work_.run.until() || (duty != nullptr && duty->is_repair);
}

bool AccountDuty::is_mine(const DueItem& item) const {
  const Duty* const duty = duty_of(item.what);
  if (work_.run.is_halted() && (duty == nullptr || !duty->delivers)) return false;
  return kind_of(duty) == work_.run.kind() && is_time(item, duty);
}

Result<SweepKinds> AccountDuty::run() {
  for (bool more = true; more;) {
    if (work_.run.is_stopping()) return {Errc::cancelled, "the store is being closed"};
    damaged_.reset();
    work_.audit.clear();
    work_.rests.clear();
    const Place place = place_;
    const SweepCount count = work_.run.count();
    const Result<bool> stepped = step();
    if (!stepped.ok()) {  // nothing of this step was committed
      place_ = place;
      work_.run.count() = count;
    }
    if (gone_) return remove_account();
    if (!stepped.ok() && stepped.error().kind == Errc::conflict) {
      TELEPOST_ASSIGN(const bool again, judge_again());
      if (again) continue;
    }
    if (!stepped.ok() && !damaged_) return stepped.error();
    if (damaged_) TELEPOST_TRY(postpone(*damaged_, stepped.error()));
    more = damaged_ || *stepped;
    if (!more) break;
    work_.run.after_step();
    if (!work_.run.is_out_of_time()) continue;
    place_.left.add(work_.run.kind());
    more = false;
  }
  return place_.left;
}

// After a batch was refused: somebody else wrote to the account. False where the slice is another's by now.
Result<bool> AccountDuty::judge_again() {
  if (++refused_ > kDutyTries) return false;
  return work_.run.lease() == nullptr ? Result<bool>(true) : work_.run.lease()->is_ours();
}

Result<AccountWrite> AccountDuty::begin() {
  Result<AccountWrite> write = AccountWrite::begin(rooms_, work_.account, AccountWrite::Mode::with_reads);
  is_being_deleted_ = write.ok() && write->profile().state == schema::AccountState::deleting;
  gone_ = write.ok() ? write->profile().state == schema::AccountState::deleting : write.error().kind == Errc::not_found;
  if (gone_) return {Errc::not_found, "the account is gone, or being deleted"};
  return write;
}

Result<bool> AccountDuty::step() {
  std::vector<DueItem> outside;
  {
    TELEPOST_ASSIGN(AccountWrite write, begin());
    TELEPOST_ASSIGN(const auto items, page(write));
    std::copy_if(items.begin(), items.end(), std::back_inserter(outside), [&](const DueItem& item) {
      const Duty* const duty = duty_of(item.what);
      return duty != nullptr && duty->goes_before() && is_mine(item);
    });
    if (outside.empty() || work_.run.is_dry()) return act_inside(std::move(write), items, outside);
  }
  // What concerns other partitions is done first and without the account's lock; then its items go.
  TELEPOST_ASSIGN(outside, act_outside(std::move(outside)));
  TELEPOST_ASSIGN(AccountWrite write, begin());
  TELEPOST_ASSIGN(const auto items, page(write));
  return act_inside(std::move(write), items, outside);
}

// Gives what was done: of what is prepared together that may be the first ones alone.
Result<std::vector<DueItem>> AccountDuty::act_outside(std::vector<DueItem> items) {
  work_.damaged.clear();
  std::map<const Duty*, std::vector<DueItem>> together;
  std::vector<DueItem> done;
  for (DueItem& item : items) {
    const Duty* const duty = duty_of(item.what);
    if (duty->prepare != nullptr) {
      together[duty].push_back(std::move(item));
      continue;
    }
    const Result<void> acted = duty->act_outside(work_, item);
    const bool waits = !acted.ok() && duty->kind == SweepKind::archive && acted.error().kind != Errc::cancelled &&
                       acted.error().kind != Errc::conflict && acted.error().kind != Errc::io;
    if (waits || (!acted.ok() && acted.error().kind == Errc::corrupt)) damaged_ = item;
    TELEPOST_TRY(acted);
    done.push_back(std::move(item));
  }
  for (auto& [duty, list] : together) {
    TELEPOST_ASSIGN(const std::size_t taken, duty->prepare(work_, list));
    done.insert(done.end(), std::make_move_iterator(list.begin()), std::make_move_iterator(list.begin() + static_cast<std::ptrdiff_t>(taken)));
  }
  return done;
}

Result<void> AccountDuty::read_ahead(AccountWrite& write, const std::vector<DueItem>& items) const {
  std::map<const Duty*, std::vector<const DueItem*>> together;
  for (const DueItem& item : items) {
    const Duty* const duty = duty_of(item.what);
    if (duty != nullptr && duty->read_ahead != nullptr && is_mine(item)) together[duty].push_back(&item);
  }
  for (const auto& [duty, list] : together) {
    if (list.size() > 1) TELEPOST_TRY(duty->read_ahead(write, list));
  }
  return {};
}

// One batch of the account: what is due goes with its item, of what was done outside the item alone. True: more may be due.
Result<bool> AccountDuty::act_inside(AccountWrite write, const std::vector<DueItem>& items, const std::vector<DueItem>& done_outside) {
  std::vector<Time> done;
  bool stopped = false;
  TELEPOST_TRY(read_ahead(write, items));
  for (const DueItem& item : items) {
    if (!is_mine(item)) {
      leave(item);
    } else {
      const Duty* const duty = duty_of(item.what);
      const bool is_outside = duty != nullptr && duty->goes_before();
      const auto is_same = [&](const DueItem& other) { return other.key == item.key; };
      const bool was_done = is_outside && std::any_of(done_outside.begin(), done_outside.end(), is_same);
      stopped = write.full() || (is_outside && !was_done);  // came meanwhile: the next step
      if (stopped) break;
      if (!was_done || duty->act != nullptr) {
        const Result<void> acted = duty != nullptr ? duty->act(work_, write, item) : Result<void>(Errc::corrupt, "due work that nobody knows");
        if (!acted.ok() && acted.error().kind == Errc::corrupt) damaged_ = item;
        TELEPOST_TRY(acted);
      }
      write.erase(Space::queue, item.key);
      done.push_back(item.time);
    }
    place_.from = item.key + '\0';
  }
  if (!work_.run.is_dry()) {  // a rest may lie before what this step looked at; a dry run has none
    for (const auto& [what, key] : work_.rests) place_.from = std::min(place_.from, key);
  }
  const bool more = stopped || items.size() == kItemsAtOnce || !work_.rests.empty();
  work_.run.count().due += done.size();
  if (!work_.run.is_dry()) {
    bool has_changed = !done.empty();
    if (!more && place_.left.empty()) {
      TELEPOST_ASSIGN(const bool is_new, hint_next(write));
      has_changed = has_changed || is_new;
    }
    work_.audit.attach_to(rooms_, write);
    if (has_changed) TELEPOST_TRY(commit(write));
  }
  for (const Time time : done) work_.run.count_done(time);
  return more;
}

void AccountDuty::leave(const DueItem& item) {
  if (!place_.first_left || item.time < *place_.first_left) place_.first_left = item.time;
  const Duty* const duty = duty_of(item.what);
  if (is_time(item, duty)) place_.left.add(kind_of(duty));
}

// The next due item, whenever it is, gets a hint of its own; the one that led here goes, unless they are the same. False: all is so
// already.
Result<bool> AccountDuty::hint_next(AccountWrite& write) {
  // What was written meanwhile is due now or later, which a sweep of everything may have passed already.
  const std::string from = work_.run.takes_early() ? "D" : place_.from;
  TELEPOST_ASSIGN(const auto next, write.scan(Space::queue, from, keys::after("D"), 1));
  std::optional<Time> time = place_.first_left;
  if (!next.empty()) time = std::min(due::time_of(next[0].first), time.value_or(Time::max()));
  if (time) time = std::max(*time, rooms_.clock.now());
  if (time == hint_.time && write.head().earliest_hint == time) return false;
  write.head().earliest_hint = time;
  if (time) {
    write.before(Calendar::write(*write.head().earliest_hint, schema::Partition::account(work_.account)));
  }
  if (time != hint_.time) write.after(Calendar::remove(hint_));
  return true;
}

// What damage, or an archive that is away, keeps from being done must not keep everything behind it.
Result<void> AccountDuty::postpone(const DueItem& item, const Error& error) {
  const bool waits = error.kind != Errc::corrupt;
  log::write(waits ? log::Level::warning : log::Level::error, waits ? "due_work_waits" : "due_work_damaged",
             {{"account", schema::to_string(work_.account)}, {"what", std::string(1, item.what)}, {"reason", to_string(error)}});
  ++work_.run.count().failed;
  if (work_.run.is_dry()) {
    place_.from = item.key + '\0';
    return {};
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, work_.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto value, write.get(Space::queue, item.key));
  write.erase(Space::queue, item.key);
  write.add_due(rooms_.clock.now() + (waits ? kArchiveAway : kPostponed), item.what, item.id, value.value_or(item.value));
  return commit(write);
}

// What the owner of a slice writes after its lease has gone to somebody else is refused.
Result<void> AccountDuty::commit(AccountWrite& write) const {
  if (work_.run.lease() != nullptr) write.before(work_.run.lease()->fence());
  return write.commit();
}

Result<SweepKinds> AccountDuty::remove_account() {
  if (work_.run.kind() != SweepKind::reclaim || work_.run.is_halted()) return SweepKinds{SweepKind::reclaim};
  ++work_.run.count().due;
  if (work_.run.is_dry()) {
    work_.run.count_done(hint_.time);
  } else if (rooms_.removals != nullptr && is_being_deleted_) {
    TELEPOST_TRY(hand_over());
  } else {
    TELEPOST_TRY(AccountRemoval(rooms_, work_.account, hint_.time).run(work_.run.count()));
    CommitList list;
    list.push_back(Calendar::remove(hint_));
    TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
    work_.run.count_done(hint_.time);
  }
  return SweepKinds{};
}

// The hint moves a minute ahead: what ends the removal before it is done is found again there.
Result<void> AccountDuty::hand_over() {
  const Time again = rooms_.clock.now() + kHandedOver;
  CommitList list;
  list.push_back(Calendar::write(again, hint_.target));
  list.push_back(Calendar::remove(hint_));
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  work_.run.wait_for(rooms_.removals->give(work_.account, hint_.time, again));
  return {};
}

}  // namespace telepost::store
