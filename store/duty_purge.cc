// What undelete kept long enough, or has too much of, goes for good, oldest first.
#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/duty.h"
#include "store/kept_messages.h"
#include "store/message_edit.h"
#include "store/removals.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kPurgesAtOnce = 500;
constexpr Duration kStillSent = std::chrono::hours(1);  // until what is being sent is looked at again
constexpr Duration kClassMissing = std::chrono::days(1);
constexpr Time kNever = Time::max();

// Goes through what is kept, in the order in which it left, step by step: what a step leaves is the item's rest, whose value says
// behind which entry it goes on and when what it passed over is looked at again.
class Purge {
 public:
  Purge(DutyWork& work, AccountWrite& write, const DueItem& item)
      : work_(work), write_(write), item_(item), kept_(write), removals_(work.rooms) {
    if (item.value.empty()) return;
    ByteReader value(item.value);
    again_ = from_millis(static_cast<std::int64_t>(value.u64()));
    from_ = value.rest();
  }

  Result<void> run() {
    write_.head().purge_due.reset();
    if (!write_.service().missing.empty()) {  // nobody knows for how long it keeps
      kept_.purge_at(work_.rooms.clock.now() + kClassMissing);
      return {};
    }
    TELEPOST_ASSIGN(const auto page, write_.scan(Space::scan, from_, keys::after("Z"), kPurgesAtOnce));
    for (const auto& [key, value] : page) {
      if (write_.full()) return leave_rest();
      TELEPOST_ASSIGN(const auto record, schema::decode_KeptRecord(value));
      const Time time = kept_.purge_time(record);
      if (time > work_.run.until() && !kept_.is_over_bounds()) {
        kept_.purge_at(std::min(time, again_));
        return {};
      }
      TELEPOST_TRY(look_at(record, time));
      from_ = key + '\0';
    }
    if (page.size() == kPurgesAtOnce) return leave_rest();
    if (again_ != kNever) kept_.purge_at(again_);
    return {};
  }

 private:
  Result<void> leave_rest() {
    std::string value;
    ByteWriter(value).u64(static_cast<std::uint64_t>(to_millis(again_))).raw(from_);
    put_rest(work_, write_, item_, due::id_of({}, due::number_of(item_.id) + 1), value);
    write_.head().purge_due = item_.time;
    return {};
  }

  Result<void> look_at(const schema::KeptRecord& record, Time time) {
    const schema::LocalId local = record.summary.local;
    TELEPOST_ASSIGN(const bool sent, is_being_sent(write_, local));
    if (sent) {
      again_ = std::min(again_, work_.rooms.clock.now() + kStillSent);
      return {};
    }
    TELEPOST_ASSIGN(const auto hold, removals_.what_holds(write_, record));
    if (hold) {
      ++work_.run.count().skipped_held;
      kept_.park(record, *hold);
      return {};
    }
    return remove(record, time > work_.run.until() ? "over what the account may keep" : "its time for undelete is over");
  }

  Result<void> remove(const schema::KeptRecord& record, const std::string& reason) {
    kept_.remove({record, KeptMessages::Until::purge});
    TELEPOST_TRY(MessageEdit::remove_departed(write_, record.summary.local));
    SweepCount& count = work_.run.count();
    ++count.due;
    ++count.done;
    count.bytes_freed += record.summary.size_bytes;
    work_.audit.add(schema::AuditRecord::Action::purged, "class " + write_.service().name + ": undelete", reason, record.summary.local);
    return {};
  }

  DutyWork& work_;
  AccountWrite& write_;
  const DueItem& item_;
  KeptMessages kept_;
  const Removals removals_;
  std::string from_ = "Z";
  Time again_ = kNever;
};

}  // namespace

Result<void> purge(DutyWork& work, AccountWrite& write, const DueItem& item) { return Purge(work, write, item).run(); }

namespace {

// What nothing keeps any more goes back to where its purge finds it.
Result<void> judge_again(DutyWork& work, AccountWrite& write, const schema::KeptRecord& record) {
  TELEPOST_ASSIGN(const auto hold, Removals(work.rooms).what_holds(write, record));
  if (!hold) KeptMessages(write).unpark(record);
  else if (hold->hold == 0 || hold->hold != record.hold) KeptMessages(write).park_again(record, *hold);
  return {};
}

Result<void> unpark_one(DutyWork& work, AccountWrite& write, schema::LocalId local) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
  if (!record.departed) return {};
  TELEPOST_ASSIGN(const auto entry, KeptMessages(write).find(local, *record.departed));
  return entry && entry->until == KeptMessages::Until::release ? judge_again(work, write, entry->record) : Result<void>();
}

}  // namespace

Result<void> unpark(DutyWork& work, AccountWrite& write, const DueItem& item) {
  if (item.local().value != 0) return unpark_one(work, write, item.local());
  const std::string from = item.value.empty() ? "U" : item.value;
  TELEPOST_ASSIGN(const auto page, write.scan(Space::scan, from, keys::after("U"), kPurgesAtOnce));
  for (const auto& [key, value] : page) {
    TELEPOST_ASSIGN(const auto record, schema::decode_KeptRecord(value));
    TELEPOST_TRY(judge_again(work, write, record));
  }
  if (page.size() == kPurgesAtOnce) put_rest(work, write, item, due::id_of({}, due::number_of(item.id) + 1), page.back().first + '\0');
  return {};
}

}  // namespace telepost::store
