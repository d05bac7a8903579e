#include "store/account_index.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/message_writer.h"
#include "store/rooms.h"
#include "store/stored_record.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kChangesAtOnce = 250;  // the account's lock is held for some ten milliseconds
constexpr std::size_t kRecountsAtOnce = 1000;
constexpr int kCatchUpTries = 16;  // each refusal means that another process succeeded

bool is_whole(const schema::HeadRecord& head) { return head.indexed == head.modseq && head.indexed_trash == head.trash; }

ThreadBook::Member member_of(schema::LocalId local, const schema::MessageRecord& record, const schema::Summary& summary) {
  ThreadBook::Member member{record.received, local, is_unread(summary), {}};
  for (const schema::Placement& placement : record.placements) member.mailboxes.push_back(placement.mailbox);
  std::sort(member.mailboxes.begin(), member.mailboxes.end());
  return member;
}

}  // namespace

Result<AccountIndex::Whole> AccountIndex::catch_up(Rooms& rooms, schema::AccountId account) {
  const auto partition = schema::Partition::account(account);
  Whole whole;
  const auto look = [&]() -> Result<bool> {
    whole.snapshot = rooms.engine->snapshot(partition);
    TELEPOST_ASSIGN(const auto bytes, whole.snapshot->get(Space::point, keys::kHead));
    if (!bytes) return {Errc::not_found, "no account " + schema::to_string(account)};
    TELEPOST_ASSIGN(whole.head, schema::decode_HeadRecord(*bytes));
    return is_whole(whole.head);
  };
  const SteadyTime begun = rooms.clock.steady();
  TELEPOST_ASSIGN(bool done, look());
  for (int refused = 0; !done;) {
    whole.snapshot.reset();
    if (rooms.clock.steady() - begun > kLongestReading) return {Errc::busy, "the account's list is still being made; try again later"};
    TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::with_reads));
    if (is_whole(write.head())) {  // by another reader, and nothing comes before the lock is given back
      TELEPOST_ASSIGN(done, look());
      continue;
    }
    TELEPOST_ASSIGN(const bool all_read, AccountIndex(write).step());
    Result<bool> seen = false;
    const Result<void> committed = all_read ? write.commit_and([&] { seen = look(); }) : write.commit();
    const bool again = !committed.ok() && committed.error().kind == Errc::conflict && ++refused < kCatchUpTries;
    if (!again) TELEPOST_TRY(committed);
    TELEPOST_ASSIGN(done, std::move(seen));
  }
  return Result<Whole>(std::move(whole));
}

Result<bool> AccountIndex::step() {
  schema::HeadRecord& head = write_.head();
  if (head.indexed_trash != head.trash) {
    TELEPOST_ASSIGN(const bool counted, recount());
    if (!counted) return false;
  }
  if (is_whole(head)) return true;
  TELEPOST_ASSIGN(const auto changes, changes_behind(write_, head.indexed, kChangesAtOnce));
  TELEPOST_TRY(read_ahead(changes));
  ThreadBook book(write_, head.indexed_trash);
  bool stopped = false;
  for (const Change& change : changes) {
    stopped = write_.full() || book.is_full();
    if (stopped) break;
    const Result<void> done = read(book, change);
    if (!done.ok() && done.error().kind != Errc::corrupt) return done.error();
    if (!done.ok()) not_indexed(change, done.error());
    head.indexed = change.modseq;
  }
  if (!stopped && changes.size() < kChangesAtOnce) head.indexed = head.modseq;
  TELEPOST_TRY(book.finish());
  return is_whole(head);
}

// One that is damaged keeps the others from nothing: verify tells of it.
void AccountIndex::not_indexed(const Change& change, const Error& error) const {
  const schema::MessageId id{write_.account(), {change.record.id}};
  log::error("message_not_indexed", {{"message", schema::to_string(id)}, {"reason", to_string(error)}});
}

Result<void> AccountIndex::read_ahead(const std::vector<Change>& changes) {
  std::vector<std::string> wanted;
  for (const Change& change : changes) {
    wanted.push_back(keys::message({change.record.id}));
    wanted.push_back(keys::indexed_message({change.record.id}));
  }
  return write_.read_ahead(Space::point, wanted);
}

Result<std::optional<schema::MessageRecord>> AccountIndex::message(schema::LocalId local) const {
  return stored<schema::decode_MessageRecord>(write_, Space::point, keys::message(local));
}

Result<std::optional<schema::IndexedMessageRecord>> AccountIndex::indexed(schema::LocalId local) const {
  return stored<schema::decode_IndexedMessageRecord>(write_, Space::point, keys::indexed_message(local));
}

Result<void> AccountIndex::read(ThreadBook& book, const Change& change) {
  using What = schema::ChangeRecord::What;
  const schema::LocalId local{change.record.id};
  if (change.record.what == What::message_gone) return read_tombstone(book, local, change.modseq);
  if (change.record.what != What::message) return {};  // what a mailbox lost stands in the message's own entry
  TELEPOST_ASSIGN(const auto record, message(local));
  if (!record || record->placements.empty()) return {Errc::corrupt, "an entry of the change log without its message"};
  return read_message(book, local, *record, change.modseq);
}

Result<void> AccountIndex::read_message(ThreadBook& book, schema::LocalId local, const schema::MessageRecord& record, schema::Modseq modseq) {
  const schema::Placement& first = record.placements.front();
  TELEPOST_ASSIGN(const auto bytes, write_.get(Space::scan, keys::summary(first.mailbox, first.uid)));
  if (!bytes) return {Errc::corrupt, "a placement without summary"};
  TELEPOST_ASSIGN(const schema::Summary summary, schema::decode_Summary(*bytes));
  const ThreadBook::Member member = member_of(local, record, summary);
  TELEPOST_ASSIGN(auto known, indexed(local));
  if (known) {
    if (!known->gone) return book.place(known->thread, member, modseq);
    TELEPOST_ASSIGN(const ThreadTies tied, ties(local, summary));
    TELEPOST_TRY(book.come_back(known->thread, tied, member, modseq));
    known->gone = false;
  } else {
    TELEPOST_ASSIGN(const ThreadTies tied, ties(local, summary));
    known.emplace();
    TELEPOST_ASSIGN(known->thread, book.join(tied, member, modseq));
  }
  write_.put(Space::point, keys::indexed_message(local), schema::encode(*known));
  return {};
}

// A message that came back since has a later entry.
Result<void> AccountIndex::read_tombstone(ThreadBook& book, schema::LocalId local, schema::Modseq modseq) {
  TELEPOST_ASSIGN(auto known, indexed(local));
  if (!known) return {};
  TELEPOST_ASSIGN(const auto record, message(local));
  if (record && !record->placements.empty()) return {};
  TELEPOST_TRY(book.leave(known->thread, local, modseq));
  known->gone = true;
  if (record) write_.put(Space::point, keys::indexed_message(local), schema::encode(*known));
  else write_.erase(Space::point, keys::indexed_message(local));
  return {};
}

// Of a document that is damaged nothing is known: the message is a thread of its own.
Result<ThreadTies> AccountIndex::ties(schema::LocalId local, const schema::Summary& summary) const {
  TELEPOST_ASSIGN(const auto xml, write_.document(local));
  const Result<schema::Document> document = xml ? schema::read_document(*xml) : Result<schema::Document>(Errc::corrupt, "no document");
  if (document.ok()) return ties_of(*document, summary, write_.profile().addresses);
  log::error("message_without_thread", {{"message", schema::to_string(schema::MessageId{write_.account(), local})}, {"reason", to_string(document.error())}});
  return ThreadTies();
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
