#include "store/account_removal.h"

#include <string>
#include <vector>

#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "store/directory.h"
#include "store/due_list.h"
#include "store/outbox.h"
#include "store/pace.h"
#include "store/pieces.h"
#include "store/recipients.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {
constexpr std::size_t kLinksAtOnce = 5000;  // a message has at most about as many: half of what unlink takes
constexpr std::size_t kRecordsAtOnce = 4000;

// CDRs outlive the account: what was charged must be exported. The profile goes last of all.
bool stays(Space space, std::string_view key) {
  return (space == Space::queue && key.starts_with('E')) || (space == Space::point && key == keys::kAccount);
}
}  // namespace

Result<void> AccountRemoval::run(SweepCount& count) {
  TELEPOST_TRY(free_addresses());
  close_head();
  TELEPOST_TRY(settle_due_list());
  TELEPOST_TRY(remove_content(count));
  TELEPOST_TRY(Outbox(rooms_).forget(account_));
  TELEPOST_TRY(remove_records());
  TELEPOST_TRY(forget_leftovers());
  return {};
}

// Nothing is in flight any more, and from here on nobody finds an account to write to.
void AccountRemoval::close_head() {
  do {
    head_ = rooms_.heads.get(account_);
    const std::lock_guard lock(head_->mutex);
    head_->wait_until_idle();
    head_->state = {};
    head_->state.loaded = true;
  } while (head_->broken());
}

// What the due list holds for others: links of messages that were expunged before, and recipients that a crash kept from being
// served. The hints that stand for the rest go too.
Result<void> AccountRemoval::settle_due_list() {
  const auto reader = rooms_.engine->reader(Partition::account(account_));
  std::string from = "D";
  for (bool more = true; more;) {
    std::vector<Pieces::Link> links;
    std::vector<schema::LocalId> intents;
    CommitEntry hints{Batch(keys::calendar_slice(Partition::account(account_)))};
    std::size_t seen = 0;
    TELEPOST_TRY(reader->scan(Space::queue, from, keys::after("D"), [&](std::string_view key, std::string_view value) {
      from = std::string(key) + '\0';
      ByteReader fields(key.substr(1));
      const Time time = from_millis(static_cast<std::int64_t>(fields.u64() ^ (1ull << 63)));
      const char what = static_cast<char>(fields.u8());
      const schema::LocalId local{ByteReader(fields.rest().substr(8)).u64()};
      if (time > hint_) hints.batch.erase(Space::queue, keys::hint(time, Partition::account(account_)));
      if (what == due::kServeIntents) intents.push_back(local);
      for (std::size_t at = 0; what == due::kUnlink && at + 32 <= value.size(); at += 32) {
        links.push_back({digest_from_bytes(value.substr(at, 32)), {account_, local}});
      }
      return ++seen < kRecordsAtOnce && links.size() < kLinksAtOnce;
    }));
    more = seen >= kRecordsAtOnce || links.size() >= kLinksAtOnce;
    for (const schema::LocalId local : intents) TELEPOST_TRY(Recipients::serve_intents(rooms_, {account_, local}));
    TELEPOST_TRY(Pieces(rooms_).unlink(links));
    if (hints.batch.empty()) continue;
    CommitList list;
    list.push_back(std::move(hints));
    TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  }
  return {};
}

Result<void> AccountRemoval::free_addresses() {
  TELEPOST_ASSIGN(const auto bytes, rooms_.engine->reader(Partition::account(account_))->get(Space::point, keys::kAccount));
  if (!bytes) return {};
  TELEPOST_ASSIGN(const auto profile, schema::decode_AccountRecord(*bytes));
  for (const std::string& address : profile.addresses) {
    TELEPOST_ASSIGN(const auto holder, Directory(rooms_).find(address));
    if (holder != account_) continue;
    CommitList list;
    list.push_back(Directory::release(address, account_));
    const Result<void> released = rooms_.committer.commit(std::move(list));
    if (!released.ok() && released.error().kind != Errc::conflict) return released;
  }
  return {};
}

// What a message holds beside its records. Its document and its source are named by its record, so their bytes need not be read
// to remove them.
struct AccountRemoval::Held {
  explicit Held(const Partition& partition) : large(partition) {}
  bool is_full() const { return links.size() >= kLinksAtOnce || large.operations() >= kRecordsAtOnce; }

  Result<std::uint64_t> add(schema::MessageId message, std::string_view bytes) {
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(bytes));
    for (const std::string& key : content_keys(message.local, record)) large.erase(Space::large, key);
    for (const schema::Segment& segment : record.segments) {
      if (segment.piece) links.push_back({*segment.piece, message});
    }
    return record.size_bytes;
  }

  std::vector<Pieces::Link> links;
  Batch large;
};

// A message's record is the proof that its links live, so it goes after them: remove_records takes it.
Result<void> AccountRemoval::remove_content(SweepCount& count) {
  const Partition partition = Partition::account(account_);
  const auto reader = rooms_.engine->bulk_reader(partition);
  Pace pace(rooms_);
  std::string from = "M";
  for (bool more = true; more;) {
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    Held held(partition);
    Result<void> decoded;
    more = false;
    TELEPOST_TRY(reader->scan(Space::point, from, keys::after("M"), [&](std::string_view key, std::string_view value) {
      const auto size_bytes = held.add({account_, schema::LocalId{ByteReader(key.substr(1)).u64()}}, value);
      if (!size_bytes.ok()) {
        decoded = size_bytes.error();
        return false;
      }
      count.bytes_freed += *size_bytes;
      from = std::string(key) + '\0';
      more = held.is_full();
      return !more;
    }));
    TELEPOST_TRY(std::move(decoded));
    TELEPOST_TRY(Pieces(rooms_).unlink(held.links));
    if (held.large.empty()) continue;
    CommitList list;
    list.push_back({std::move(held.large)});
    TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
    pace.rest();
  }
  return {};
}

// The profile goes last: until then a crash finds an account that is being deleted.
Result<void> AccountRemoval::remove_records() {
  const Partition partition = Partition::account(account_);
  const auto reader = rooms_.engine->bulk_reader(partition);
  Pace pace(rooms_);
  for (const Space space : {Space::large, Space::scan, Space::queue, Space::point}) {
    std::string from;
    for (bool more = true; more;) {
      if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
      Batch batch(partition);
      TELEPOST_TRY(reader->scan(space, from, {}, [&](std::string_view key, std::string_view) {
        from = std::string(key) + '\0';
        if (!stays(space, key)) batch.erase(space, key);
        return batch.operations() < kRecordsAtOnce;
      }));
      more = batch.operations() >= kRecordsAtOnce;
      if (batch.empty()) break;
      CommitList list;
      list.push_back({std::move(batch)});
      TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
      pace.rest();
    }
  }
  return {};
}

Result<void> AccountRemoval::forget_leftovers() {
  CommitEntry listed{Batch(keys::account_list_slice(account_))};
  listed.batch.erase(Space::scan, keys::listed_account(account_));
  CommitEntry profile{Batch(Partition::account(account_))};
  profile.batch.erase(Space::point, keys::kAccount);
  CommitList list;
  list.push_back(std::move(listed));
  list.push_back(std::move(profile));
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  rooms_.heads.forget(account_);
  return {};
}

}  // namespace telepost::store
