#include "store/account_removal.h"

#include <string>
#include <vector>

#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "store/directory.h"
#include "store/outbox.h"
#include "store/pieces.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {
constexpr std::size_t kMessagesAtOnce = 500;
constexpr std::size_t kRecordsAtOnce = 4000;

// CDRs outlive the account: what was charged must be exported. The profile goes last of all.
bool stays(Space space, std::string_view key) {
  return (space == Space::queue && key.starts_with('E')) || (space == Space::point && key == keys::kAccount);
}
}  // namespace

Result<void> AccountRemoval::run(SweepReport& report) {
  ++report.due;
  TELEPOST_TRY(free_addresses());
  {
    // Nothing is in flight any more, and nothing new is written to an account that is being deleted.
    const auto head = rooms_.heads.get(account_);
    const std::lock_guard lock(head->mutex);
    head->wait_until_idle();
  }
  TELEPOST_TRY(remove_links(report));
  TELEPOST_TRY(Outbox(rooms_).forget(account_));
  TELEPOST_TRY(remove_records());
  TELEPOST_TRY(forget_leftovers());
  ++report.done;
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

// A message's record is the proof that its links live, so it goes after them: remove_records takes it.
Result<void> AccountRemoval::remove_links(SweepReport& report) {
  const auto reader = rooms_.engine->reader(Partition::account(account_));
  std::string from = "M";
  for (;;) {
    std::vector<std::pair<schema::LocalId, schema::MessageRecord>> messages;
    Result<void> decoded;
    TELEPOST_TRY(reader->scan(Space::point, from, keys::after("M"), [&](std::string_view key, std::string_view value) {
      auto record = schema::decode_MessageRecord(value);
      if (!record.ok()) decoded = record.error();
      else messages.emplace_back(schema::LocalId{ByteReader(key.substr(1)).u64()}, std::move(*record));
      from = std::string(key) + '\0';
      return decoded.ok() && messages.size() < kMessagesAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    std::vector<Pieces::Link> links;
    for (const auto& [local, record] : messages) {
      report.bytes_freed += record.size_bytes;
      for (const schema::Segment& segment : record.segments) {
        if (segment.piece) links.push_back({*segment.piece, {account_, local}});
      }
    }
    TELEPOST_TRY(Pieces(rooms_).unlink(links));
    if (messages.size() < kMessagesAtOnce) return {};
  }
}

// The profile goes last: until then a crash finds an account that is being deleted.
Result<void> AccountRemoval::remove_records() {
  const Partition partition = Partition::account(account_);
  const auto reader = rooms_.engine->reader(partition);
  for (const Space space : {Space::large, Space::scan, Space::queue, Space::point}) {
    std::string from;
    for (bool more = true; more;) {
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
