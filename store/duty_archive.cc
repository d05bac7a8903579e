// Sources that leave for the archive, and what of them has to leave it.
#include <algorithm>
#include <string>
#include <utility>

#include "policies/lifecycle.h"
#include "schema/keys.h"
#include "store/archive/relief.h"
#include "store/archive/side_by_side.h"
#include "store/duty.h"
#include "store/message_dates.h"
#include "store/message_edit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kRemovalsTogether = 200;
}

// A message that nobody touched for as long as its class says: it may go as soon as its account is over its limit.
Result<void> consider_archive(DutyWork& work, AccountWrite& write, const DueItem& item) {
  Result<MessageEdit> edit = MessageEdit::open(write, item.local());
  if (!edit.ok() && edit.error().kind == Errc::not_found) return {};  // expunged meanwhile
  TELEPOST_TRY(edit);
  const schema::MessageRecord& record = edit->record();
  if (record.tier == schema::Tier::archived) return {};
  TELEPOST_ASSIGN(const policies::Lifecycle lifecycle, lifecycle_of(write, {record, edit->summary()}));
  if (!lifecycle.archive_after) return {};
  if (lifecycle.archive_after->time > work.rooms.clock.now()) {
    write.add_due(lifecycle.archive_after->time, due::kArchive, item.id);
    return {};
  }
  // One that waits already was dated anew: its account may be over another allocation now.
  if (!record.parked) edit->park(std::max(record.received, record.accessed.value_or(record.received)));
  const auto relief = policies::relief(write.service());
  if (!relief || schema::online_bytes(write.head()) <= relief->above_bytes) return {};
  // In this sweep still: behind every item of its time, and not after its end.
  std::string key = keys::due(work.run.until(), due::kRelieve, due::no_id());
  write.put(Space::queue, key, {});
  work.note_rest(due::kRelieve, std::move(key));
  return {};
}

Result<void> relieve(DutyWork& work, const DueItem& item) {
  if (!work.rooms.archive.is_configured()) return {};  // what waits is looked at when the next message has waited long enough
  if (work.rooms.archive.is_resting()) return {Errc::unavailable, "the archive did not answer a moment ago"};
  TELEPOST_TRY(work.rooms.archive.answers());  // else each try would leave copies that were begun
  TELEPOST_ASSIGN(const bool stopped, Relief(work, item).run());
  if (!stopped) return {};
  // An item of its own, which the next sweep meets.
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(work.rooms, work.account, AccountWrite::Mode::with_reads));
  write.add_due(work.rooms.clock.now(), due::kRelieve, due::no_id(), "1");
  if (work.run.lease() != nullptr) write.before(work.run.lease()->fence());
  return write.commit();
}

namespace {

Result<void> remove_parts(DutyWork& work, const DueItem& item) {
  for (std::uint32_t part = 0; part < due::parts_of(item.value); ++part) {
    TELEPOST_TRY(work.rooms.archive.remove({work.message(item), due::number_of(item.id), part}));
  }
  return {};
}

}  // namespace

// No record names these parts any more, and none will: a number is given once. While the archive is away the account's items wait together:
// to put each of them off would cost a batch.
Result<std::size_t> remove_archived(DutyWork& work, const std::vector<DueItem>& items) {
  if (work.rooms.archive.is_resting()) return {Errc::unavailable, "the archive did not answer a moment ago"};
  std::vector<Result<void>> removed(std::min(items.size(), kRemovalsTogether), Result<void>(Errc::cancelled, "the next sweep goes on"));
  const auto remove = [&](std::size_t index) {
    const bool is_late = index >= kArchiveCallsAtOnce && work.run.is_out_of_time();
    if (!work.run.is_stopping() && !is_late) removed[index] = remove_parts(work, items[index]);
    return removed[index].ok();
  };
  do_side_by_side(removed.size(), remove, [&] { work.run.keep_lease(); });
  const auto failed = std::find_if(removed.begin(), removed.end(), [](const Result<void>& each) { return !each.ok(); });
  if (failed == removed.begin() && failed != removed.end()) return failed->error();
  return static_cast<std::size_t>(failed - removed.begin());
}

// What an archiving that was broken off may have left. From the batch that turns this item into kRemoveArchived no archiving settles any more.
Result<void> check_archived(DutyWork& work, AccountWrite& write, const DueItem& item) {
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(item.local())));
  if (bytes) {
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(*bytes));
    if (record.tier == schema::Tier::archived && record.archived.number == due::number_of(item.id)) return {};
  }
  write.add_due(work.rooms.clock.now(), due::kRemoveArchived, item.id, item.value);
  return {};
}

}  // namespace telepost::store
