// The ends of what an account's records keep, and what a crash may have left beside them.
#include <algorithm>

#include "base/bytes.h"
#include "schema/index_records.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "store/account_index.h"
#include "store/directory.h"
#include "store/duty.h"
#include "store/index_erasure.h"
#include "store/pieces.h"
#include "store/redating.h"
#include "store/rooms.h"
#include "store/search_index.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr std::size_t kTombstonesAtOnce = 500;
}  // namespace

Result<void> forget_key(DutyWork&, AccountWrite& write, const DueItem& item) {
  write.erase(Space::point, "K" + item.id);
  return {};
}

// Threads and words alike are read without the account's lock; a piece of a pass over the postings goes along.
Result<void> read_on_in_indexes(DutyWork& work, const DueItem&) {
  TELEPOST_TRY(AccountIndex::read_on(work.rooms, work.account));
  SearchIndex search(work.rooms, work.account);
  TELEPOST_TRY(search.read_on());
  TELEPOST_TRY(search.pass());
  return {};
}

// What came meanwhile has due work of its own once it is as much: to wait for the last of it would be to wait for ever.
Result<void> go_on_reading(DutyWork& work, AccountWrite& write, const DueItem& item) {
  TELEPOST_ASSIGN(const schema::SearchRecord search, SearchIndex::record(write));
  const schema::HeadRecord& head = write.head();
  TELEPOST_ASSIGN(const schema::ReindexRecord made_anew, IndexErasure::record(write));
  const bool has_rest = made_anew.threads.is_due || made_anew.words.is_due;
  const bool all_indexed = head.modseq.value - head.indexed.value < kIndexTail && head.indexed_trash == head.trash;
  const bool all_searched = head.modseq.value - search.position.value < kIndexTail && search.cursor.empty();
  if (all_indexed && all_searched && !has_rest) return {};
  if (work.rests.contains(item.what)) return {};  // of several items one goes on
  put_rest(work, write, item, due::id_of({}, due::number_of(item.id) + 1));
  return {};
}

// Tombstones older than changes.keep, and than what undelete may bring back, go and the floor rises; the rest are due when the oldest of
// them is. What one of the indexes has yet to read of goes once it has.
Result<void> trim_changes(DutyWork& work, AccountWrite& write, const DueItem& item) {
  TELEPOST_ASSIGN(const schema::SearchRecord search, SearchIndex::record(write));
  const schema::Modseq read_by_both = std::min(search.position, write.head().indexed);
  const auto later = [&] {
    put_rest(work, write, item, due::id_of({}, due::number_of(item.id) + 1));
    write.head().trim_due = item.time;
    return Result<void>();
  };
  if (!search.cursor.empty()) return later();
  const Duration keep = std::max(work.rooms.configuration.changes_keep, write.service().settings.undelete.keep);
  const Time now = work.rooms.clock.now();
  write.head().trim_due.reset();
  for (;;) {
    TELEPOST_ASSIGN(const auto gone, write.scan(Space::scan, keys::gone({write.head().floor.value + 1}), keys::after("G"), kTombstonesAtOnce));
    for (const auto& [key, value] : gone) {
      TELEPOST_ASSIGN(const auto record, schema::decode_ChangeRecord(value));
      if (record.time > now - keep || write.full()) {
        write.head().trim_due = std::max(record.time + keep, now + Duration(1));
        write.add_due(*write.head().trim_due, due::kTrimChanges, due::no_id());
        return {};
      }
      const schema::Modseq modseq{ByteReader(std::string_view(key).substr(1)).u64()};
      if (modseq > read_by_both) return later();
      write.erase(Space::scan, key);
      write.head().floor = modseq;
      // With its last message a thread goes, by the same entry.
      if (record.what == schema::ChangeRecord::What::message_gone) write.erase(Space::scan, keys::thread_gone(write.head().floor));
    }
    if (gone.size() < kTombstonesAtOnce) return {};
  }
}

// Directory and profile agree again: an address that the profile names and the directory does not give it goes from the
// profile; one that the profile does not name is released. An account whose first addresses never came is reachable by nobody and goes.
Result<void> check_addresses(DutyWork& work, AccountWrite& write, const DueItem& item) {
  const schema::AccountRecord& profile = write.profile();
  const Directory directory(work.rooms);
  std::vector<std::string> addresses = item.value.empty() ? profile.addresses : std::vector<std::string>{item.value};
  std::vector<std::string> kept = profile.addresses;
  for (const std::string& address : addresses) {
    TELEPOST_ASSIGN(const auto holder, directory.find(address));
    const bool named = std::find(kept.begin(), kept.end(), address) != kept.end();
    if (!named && holder == work.account) write.after(Directory::release(address, work.account));
    if (named && holder != work.account) std::erase(kept, address);
  }
  if (kept == profile.addresses) return {};
  schema::AccountRecord changed = profile;
  if (kept.empty()) {
    changed.state = schema::AccountState::deleting;
    write.add_due(work.rooms.clock.now(), due::kRemoveContent, due::no_id());
  } else {
    changed.addresses = std::move(kept);
  }
  write.set_profile(std::move(changed));
  Redating::check(write);
  return {};
}

// Under the account's lock: an import may bring a message back under its old id, and its links are the same.
Result<void> unlink(DutyWork& work, const DueItem& item) {
  TELEPOST_ASSIGN(const AccountWrite write, AccountWrite::begin(work.rooms, work.account, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(item.local())));
  schema::MessageRecord record;
  if (bytes) {
    TELEPOST_ASSIGN(record, schema::decode_MessageRecord(*bytes));
  }
  std::vector<Pieces::Link> links;
  for (std::size_t at = 0; at + 32 <= item.value.size(); at += 32) {
    const Digest piece = digest_from_bytes(std::string_view(item.value).substr(at, 32));
    if (!uses_piece(record, piece)) links.push_back({piece, work.message(item)});
  }
  return Pieces(work.rooms).unlink(links);
}

}  // namespace telepost::store
