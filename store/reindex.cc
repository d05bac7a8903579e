#include "store/reindex.h"

#include <algorithm>
#include <string>
#include <utility>

#include "schema/index_records.h"
#include "schema/keys.h"
#include "schema/search_records.h"
#include "store/account_index.h"
#include "store/accounts.h"
#include "store/due_list.h"
#include "store/rooms.h"
#include "store/search_index.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {
constexpr int kReindexTries = 16;  // each refusal means that another process succeeded
}  // namespace

Reindex::Reindex(Store& store, schema::AccountId account, std::set<IndexPart> parts)
    : rooms_(rooms_of(store)), account_(account), parts_(std::move(parts)) {}

Result<void> Reindex::begin() {
  for (int tries = 0;; ++tries) {
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
    if (write.profile().state == schema::AccountState::deleting) return {Errc::refused, "the account is being deleted"};
    TELEPOST_TRY(begin(write));
    const Result<void> committed = write.commit();
    if (committed.ok() || committed.error().kind != Errc::conflict || tries == kReindexTries) return committed;
  }
}

// A change of its own, so that whoever comes with a state from before is told apart from who saw the index afterwards.
Result<void> Reindex::begin(AccountWrite& write) {
  Result<schema::ReindexRecord> before = IndexErasure::record(write);
  if (!before.ok() && before.error().kind != Errc::corrupt) return before.error();
  // An erasure that nobody can read any more is not to be forgotten, whichever part it was of.
  if (!before.ok()) parts_ = {IndexPart::threads, IndexPart::words};
  schema::ReindexRecord record = before.ok() ? *before : schema::ReindexRecord{};
  if (parts_.contains(IndexPart::threads)) {
    record.threads = {true, 0, {}};
    record.threads_since = write.advance();
    write.head().indexed = {};
    write.head().indexed_trash = write.head().trash;
    write.erase(Space::point, keys::kRecount);
  }
  if (parts_.contains(IndexPart::words)) {
    record.words = {true, 0, {}};
    write.erase(Space::point, keys::kSearch);
  }
  write.put(Space::point, keys::kReindex, schema::encode(record));
  write.add_due(rooms_.clock.now(), due::kIndex, due::no_id());
  until_ = write.head().modseq;
  return {};
}

Result<Reindex::Progress> Reindex::go_on() {
  if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
  // Nobody reads on in the indexes of one that goes, and a hold may keep it for years.
  TELEPOST_ASSIGN(const Account now, Accounts(rooms_).show(account_));
  if (now.profile.state == schema::AccountState::deleting) return {Errc::refused, "the account is being deleted"};
  SearchIndex search(rooms_, account_);
  if (parts_.contains(IndexPart::threads)) TELEPOST_TRY(AccountIndex::read_on(rooms_, account_));
  if (parts_.contains(IndexPart::words)) TELEPOST_TRY(search.read_on());
  const auto reader = rooms_.engine->reader(schema::Partition::account(account_));
  TELEPOST_ASSIGN(const auto head, stored<schema::decode_HeadRecord>(*reader, Space::point, std::string(keys::kHead)));
  if (!head) return {Errc::not_found, "no account " + schema::to_string(account_)};
  TELEPOST_ASSIGN(const schema::SearchRecord words, SearchIndex::record(*reader));
  Progress progress{0, until_.value * parts_.size(), true, rooms_.clock.steady()};
  for (const IndexPart part : parts_) {
    const schema::Modseq position = part == IndexPart::threads ? head->indexed : words.position;
    progress.read += std::min(position, until_).value;
    progress.is_done = progress.is_done && position >= until_;
  }
  return progress;
}

}  // namespace telepost::store
