#include "store/account_index.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/keys.h"
#include "schema/message_records.h"
#include "store/index_erasure.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kRecountsAtOnce = 1000;
constexpr int kCatchUpTries = 16;  // each refusal means that another process succeeded

bool counts_by_its_trash(const schema::HeadRecord& head) { return head.indexed_trash == head.trash; }
bool is_whole(const schema::HeadRecord& head) { return head.indexed == head.modseq && counts_by_its_trash(head); }
std::uint64_t left_to_read(const schema::HeadRecord& head) { return head.modseq.value - head.indexed.value; }

Result<AccountIndex::Whole> look_at(Rooms& rooms, schema::AccountId account) {
  AccountIndex::Whole seen;
  seen.snapshot = rooms.engine->snapshot(schema::Partition::account(account));
  TELEPOST_ASSIGN(auto head, stored<schema::decode_HeadRecord>(*seen.snapshot, Space::point, std::string(keys::kHead)));
  if (!head) return {Errc::not_found, "no account " + schema::to_string(account)};
  seen.head = *std::move(head);
  return Result<AccountIndex::Whole>(std::move(seen));
}

Result<bool> read_beside_deliveries(Rooms& rooms, schema::AccountId account, const AccountIndex::Whole& from) {
  TELEPOST_ASSIGN(const IndexBatch batch, IndexBatch::read(rooms, account, *from.snapshot, from.head));
  return AccountIndex::write_batch(rooms, account, batch);
}

// What is left of an index that is made anew keeps everything else from it.
template <class Reader>
Result<bool> has_rest(const Reader& reader, const schema::HeadRecord& head) {
  return IndexErasure::is_due(reader, IndexPart::threads, head.indexed);
}

// False: another process wrote to the account, and all is to be looked at again.
Result<bool> commit_unless_refused(AccountWrite& write) {
  const Result<void> committed = write.commit();
  if (!committed.ok() && committed.error().kind == Errc::conflict) return false;
  TELEPOST_TRY(committed);
  return true;
}

}  // namespace

// Beside deliveries while it is far behind and comes nearer so: not where mail comes in faster than it reads, where other processes write to
// the account all the time, or where that is being deleted. The last stretch keeps the lock until the snapshot is taken: else a busy
// account never answers.
Result<AccountIndex::Whole> AccountIndex::catch_up(Rooms& rooms, schema::AccountId account) {
  const SteadyTime begun = rooms.clock.steady();
  TELEPOST_ASSIGN(Whole whole, look_at(rooms, account));
  bool comes_nearer = true;
  for (int refused = 0; !is_whole(whole.head);) {
    if (rooms.clock.steady() - begun > kLongestReading) return {Errc::busy, "the account's list is still being made; try again later"};
    TELEPOST_ASSIGN(const bool is_made_anew, has_rest(*whole.snapshot, whole.head));
    if (is_made_anew) {
      TELEPOST_TRY(IndexErasure::go_on(rooms, account, IndexPart::threads));
      TELEPOST_ASSIGN(whole, look_at(rooms, account));
      continue;
    }
    const std::uint64_t left = left_to_read(whole.head);
    if (comes_nearer && left > IndexBatch::kMostChanges && counts_by_its_trash(whole.head)) {
      TELEPOST_TRY(read_beside_deliveries(rooms, account, whole));
      TELEPOST_ASSIGN(whole, look_at(rooms, account));
      comes_nearer = left_to_read(whole.head) < left;
      continue;
    }
    whole.snapshot.reset();
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads));
    if (is_whole(write.head())) {  // by another reader, and nothing comes before the lock is given back
      TELEPOST_ASSIGN(whole, look_at(rooms, account));
      continue;
    }
    TELEPOST_ASSIGN(const bool all_read, AccountIndex(write).step());
    std::optional<Result<Whole>> seen;
    const Result<void> committed = all_read ? write.commit_and([&] { seen = look_at(rooms, account); }) : write.commit();
    const bool again = !committed.ok() && committed.error().kind == Errc::conflict && ++refused < kCatchUpTries;
    if (!again) TELEPOST_TRY(committed);
    if (!seen) seen = look_at(rooms, account);
    TELEPOST_ASSIGN(whole, *std::move(seen));
  }
  return Result<Whole>(std::move(whole));
}

Result<bool> AccountIndex::read_on(Rooms& rooms, schema::AccountId account) {
  TELEPOST_ASSIGN(const Whole at, look_at(rooms, account));
  if (is_whole(at.head)) return true;
  TELEPOST_ASSIGN(const bool is_made_anew, has_rest(*at.snapshot, at.head));
  if (is_made_anew) {
    TELEPOST_TRY(IndexErasure::go_on(rooms, account, IndexPart::threads));
    return false;
  }
  if (counts_by_its_trash(at.head)) {
    TELEPOST_TRY(read_beside_deliveries(rooms, account, at));
    return false;
  }
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads));
  if (counts_by_its_trash(write.head())) return false;
  TELEPOST_TRY(AccountIndex(write).recount());
  TELEPOST_TRY(commit_unless_refused(write));
  return false;
}

// Of what is read here, deliveries write nothing: the index's records are written by the index, by edits and by the trimming of the log
// alone, all of them batches that were waited for. The head is written with every batch, deliveries' too. This one is built on the head as
// the last of them assigned it, and is committed behind them or fails with them, so that what it writes holds their numbers; and `indexed`,
// which nobody but the index sets, is durable here. The position comes from the snapshot: the head's modseq may be that of a delivery in
// flight, which nobody can read yet.
Result<bool> AccountIndex::write_batch(Rooms& rooms, schema::AccountId account, const IndexBatch& batch) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::beside_deliveries));
  if (!batch.follows(write.head()) || write.profile().state == schema::AccountState::deleting) return false;
  TELEPOST_ASSIGN(const bool is_made_anew, has_rest(write, write.head()));
  if (is_made_anew) return false;
  TELEPOST_TRY(AccountIndex(write).apply(batch));
  return commit_unless_refused(write);
}

// Nothing is in flight, and the lock is held: the snapshot is what this batch is built on.
Result<bool> AccountIndex::step() {
  schema::HeadRecord& head = write_.head();
  TELEPOST_ASSIGN(const bool is_made_anew, has_rest(write_, head));
  if (is_made_anew) {
    TELEPOST_TRY(IndexErasure::go_on(write_, IndexPart::threads));
    return false;
  }
  if (!counts_by_its_trash(head)) {
    TELEPOST_ASSIGN(const bool counted, recount());
    if (!counted) return false;
  }
  if (is_whole(head)) return true;
  const auto snapshot = write_.rooms().engine->snapshot(schema::Partition::account(write_.account()));
  TELEPOST_ASSIGN(const IndexBatch batch, IndexBatch::read(write_.rooms(), write_.account(), *snapshot, head));
  TELEPOST_TRY(apply(batch));
  return is_whole(head);
}

Result<void> AccountIndex::apply(const IndexBatch& batch) {
  write_.tell_nobody();
  schema::HeadRecord& head = write_.head();
  TELEPOST_TRY(read_ahead(batch));
  ThreadBook book(write_, head.indexed_trash);
  for (const IndexBatch::Told& told : batch.told()) {
    if (write_.full() || book.is_full()) return book.finish();
    const Result<void> done = apply(book, told);
    if (!done.ok() && done.error().kind != Errc::corrupt) return done.error();
    if (!done.ok()) not_indexed(told.local, done.error());
    head.indexed = told.modseq;
  }
  head.indexed = batch.until();
  return book.finish();
}

// One that is damaged keeps the others from nothing: verify tells of it.
void AccountIndex::not_indexed(schema::LocalId local, const Error& error) const {
  const schema::MessageId id{write_.account(), local};
  log::error("message_not_indexed", {{"message", schema::to_string(id)}, {"reason", to_string(error)}});
}

Result<void> AccountIndex::read_ahead(const IndexBatch& batch) {
  std::vector<std::string> wanted;
  for (const IndexBatch::Told& told : batch.told()) {
    wanted.push_back(keys::indexed_message(told.local));
    if (std::holds_alternative<IndexBatch::Gone>(told.what)) wanted.push_back(keys::message(told.local));
  }
  return write_.read_ahead(Space::point, wanted);
}

Result<std::optional<schema::IndexedMessageRecord>> AccountIndex::indexed(schema::LocalId local) const {
  return stored<schema::decode_IndexedMessageRecord>(write_, Space::point, keys::indexed_message(local));
}

Result<void> AccountIndex::apply(ThreadBook& book, const IndexBatch::Told& told) {
  if (const Error* const damage = std::get_if<Error>(&told.what)) return *damage;
  const auto* const message = std::get_if<IndexBatch::Message>(&told.what);
  return message != nullptr ? place(book, told, *message) : take_out(book, told);
}

Result<void> AccountIndex::place(ThreadBook& book, const IndexBatch::Told& told, const IndexBatch::Message& message) {
  TELEPOST_ASSIGN(auto known, indexed(told.local));
  if (known && !known->gone) return book.place(known->thread, message.member, told.modseq);
  if (!message.ties) return {Errc::corrupt, "a message that was in a thread, and is not any more"};
  if (known) {
    TELEPOST_TRY(book.come_back(known->thread, *message.ties, message.member, told.modseq));
    known->gone = false;
  } else {
    known.emplace();
    TELEPOST_ASSIGN(known->thread, book.join(*message.ties, message.member, told.modseq));
  }
  write_.put(Space::point, keys::indexed_message(told.local), schema::encode(*known));
  return {};
}

// What is left of the message is asked at this moment: its record may have been purged since the batch was read, and whoever does that
// leaves to this tombstone what the index knows of it. A message that came back since has a later entry.
Result<void> AccountIndex::take_out(ThreadBook& book, const IndexBatch::Told& told) {
  TELEPOST_ASSIGN(auto known, indexed(told.local));
  if (!known) return {};
  TELEPOST_ASSIGN(const auto record, stored<schema::decode_MessageRecord>(write_, Space::point, keys::message(told.local)));
  if (record && !record->placements.empty()) return {};
  TELEPOST_TRY(book.leave(known->thread, told.local, told.modseq));
  known->gone = true;
  if (record) write_.put(Space::point, keys::indexed_message(told.local), schema::encode(*known));
  else write_.erase(Space::point, keys::indexed_message(told.local));
  return {};
}

Result<void> AccountIndex::forget(schema::LocalId local) {
  const auto known = indexed(local);
  if (!known.ok() && known.error().kind != Errc::corrupt) return known.error();
  const bool is_last = !known.ok() || (*known && (*known)->gone);  // damage keeps nothing from going
  if (is_last) write_.erase(Space::point, keys::indexed_message(local));
  return {};
}

// Another mailbox is the trash, or none is any more: what counts as unread is another thing for the threads in both. First those in
// the old one, then those in the new one that were not met there.
Result<bool> AccountIndex::recount() {
  write_.tell_nobody();
  schema::HeadRecord& head = write_.head();
  TELEPOST_ASSIGN(const auto bytes, write_.get(Space::point, std::string(keys::kRecount)));
  schema::RecountRecord at{head.trash, false, {}};
  if (bytes) {
    TELEPOST_ASSIGN(at, schema::decode_RecountRecord(*bytes));
  }
  TELEPOST_ASSIGN(bool ended, recount_page(at));
  if (ended && !at.in_new) {
    at.in_new = true;
    at.after.clear();
    TELEPOST_ASSIGN(ended, recount_page(at));
  }
  if (!ended) {
    write_.put(Space::point, keys::kRecount, schema::encode(at));
    return false;
  }
  if (bytes) write_.erase(Space::point, keys::kRecount);
  head.indexed_trash = at.trash;
  return head.indexed_trash == head.trash;
}

Result<bool> AccountIndex::recount_page(schema::RecountRecord& at) {
  const schema::HeadRecord& head = write_.head();
  const schema::MailboxId mailbox = at.in_new ? at.trash : head.indexed_trash;
  if (mailbox.value == 0) return true;
  const std::string prefix = keys::received_order(keys::threads_of(mailbox));
  TELEPOST_ASSIGN(const auto page, write_.scan(Space::scan, prefix + at.after, keys::after(prefix), kRecountsAtOnce));
  ThreadBook book(write_, head.indexed_trash);
  for (const auto& [key, value] : page) {
    const std::string_view order = std::string_view(key).substr(keys::kReceivedOrderOffset);
    TELEPOST_ASSIGN(const auto known, indexed({~ByteReader(order.substr(8)).u64()}));
    if (known) TELEPOST_TRY(book.recount(known->thread, at.trash, at.in_new));
    at.after = std::string(order) + '\0';
    if (book.is_full()) break;
  }
  const bool ended = page.size() < kRecountsAtOnce && !book.is_full();
  TELEPOST_TRY(book.finish());
  return ended;
}

}  // namespace telepost::store
