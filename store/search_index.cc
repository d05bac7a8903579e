#include "store/search_index.h"

#include <map>

#include "schema/keys.h"
#include "store/index_erasure.h"
#include "store/posting_pass.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kChangesAtOnce = 1'024;  // the more, the fewer blocks has a word
constexpr std::uint64_t kShortBlocks = 4'096;  // documents, from which on it is worth while to join their blocks

// The blocks of documents that a batch touches.
class Documents {
 public:
  explicit Documents(AccountWrite& write) : write_(write) {}
  Result<void> set(schema::SearchNumber number, const schema::SearchDocuments::One& one) {
    const std::string key = keys::search_documents(number);
    auto open = open_.find(key);
    if (open == open_.end()) {
      TELEPOST_ASSIGN(const auto bytes, write_.get(Space::scan, key));
      open = open_.emplace(key, schema::SearchDocuments{}).first;
      if (bytes) {
        TELEPOST_ASSIGN(open->second, schema::decode_SearchDocuments(*bytes));
      }
    }
    const std::size_t place = number % schema::kSearchDocumentsInBlock;
    if (open->second.list.size() <= place) open->second.list.resize(place + 1);
    open->second.list[place] = one;
    return {};
  }
  void finish() {
    for (const auto& [key, block] : open_) write_.put(Space::scan, key, schema::encode(block));
  }

 private:
  AccountWrite& write_;
  std::map<std::string, schema::SearchDocuments> open_;
};

}  // namespace

// Every posting is written twice or thrice over its life: what is joined is as much as is there.
bool SearchIndex::wants_pass(const schema::SearchRecord& record) {
  const bool is_dead = record.dead > 0 && record.dead * 4 >= record.live + record.dead;
  return !record.cursor.empty() || is_dead || (record.added >= kShortBlocks && record.added * 2 >= record.live);
}

// Beside deliveries: what is read in the batch are the index's own records, and its own batches are waited for.
Result<std::optional<AccountWrite>> SearchIndex::begin(const schema::SearchRecord& expected) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::beside_deliveries));
  write.tell_nobody();
  TELEPOST_ASSIGN(const schema::SearchRecord there, record(write));
  TELEPOST_ASSIGN(const bool is_made_anew, IndexErasure::is_due(write, IndexPart::words, there.position));
  const bool is_ours = there == expected && !is_made_anew && write.profile().state != schema::AccountState::deleting;
  return is_ours ? std::optional<AccountWrite>(std::move(write)) : std::nullopt;
}

// False: another process wrote to the account, and all is to be looked at again.
Result<bool> SearchIndex::commit(AccountWrite& write, const schema::SearchRecord& record) {
  write.put(Space::point, keys::kSearch, schema::encode(record));
  const Result<void> committed = write.commit();
  if (!committed.ok() && committed.error().kind == Errc::conflict) return false;
  TELEPOST_TRY(committed);
  return true;
}

Result<bool> SearchIndex::read_on() {
  auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account_));
  TELEPOST_ASSIGN(const auto bytes, snapshot->get(Space::point, keys::kHead));
  if (!bytes) return {Errc::not_found, "no account " + schema::to_string(account_)};
  TELEPOST_ASSIGN(const schema::HeadRecord head, schema::decode_HeadRecord(*bytes));
  TELEPOST_ASSIGN(schema::SearchRecord at, record(*snapshot));
  if (at.position == head.modseq) return true;
  TELEPOST_ASSIGN(const bool is_made_anew, IndexErasure::is_due(*snapshot, IndexPart::words, at.position));
  if (is_made_anew) {
    TELEPOST_TRY(IndexErasure::go_on(rooms_, account_, IndexPart::words));
    return false;
  }
  TELEPOST_ASSIGN(const SearchBatch batch, SearchBatch::read(rooms_, account_, *snapshot, head, at, kChangesAtOnce));
  snapshot.reset();
  TELEPOST_ASSIGN(auto write, begin(at));
  if (!write) return false;
  Documents documents(*write);
  for (const SearchBatch::Added& added : batch.added()) {
    TELEPOST_TRY(documents.set(added.record.number, {added.local, added.received, {}}));
    write->put(Space::point, keys::searched_message(added.local), schema::encode(added.record));
  }
  for (const SearchBatch::Gone& gone : batch.gone()) {
    TELEPOST_TRY(documents.set(gone.number, {{}, {}, batch.until()}));
    if (!gone.comes_again) write->erase(Space::point, keys::searched_message(gone.local));
  }
  documents.finish();
  for (const auto& [key, value] : batch.records()) write->put(Space::scan, key, value);
  at.position = batch.until();
  at.next += static_cast<schema::SearchNumber>(batch.added().size());
  at.live += batch.added().size() - batch.gone().size();
  at.dead += batch.gone().size();
  at.added += batch.added().size();
  TELEPOST_ASSIGN(const bool written, commit(*write, at));
  return written && at.position == head.modseq;
}

Result<bool> SearchIndex::pass() {
  auto snapshot = rooms_.engine->snapshot(schema::Partition::account(account_));
  TELEPOST_ASSIGN(const schema::SearchRecord at, record(*snapshot));
  if (!wants_pass(at)) return true;
  PostingPass pass(*snapshot, at);
  TELEPOST_TRY(pass.read());
  TELEPOST_ASSIGN(auto write, begin(at));
  if (!write) return false;
  for (const std::string& key : pass.erased()) write->erase(Space::scan, key);
  for (const auto& [key, value] : pass.written()) write->put(Space::scan, key, value);
  TELEPOST_TRY(commit(*write, pass.record()));
  return false;
}

}  // namespace telepost::store
