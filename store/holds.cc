#include "store/holds.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "schema/kept_record.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/audit.h"
#include "store/calendar.h"
#include "store/due_list.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::HoldRecord;
using schema::Partition;

namespace {

constexpr int kHoldTries = 16;  // each refusal means that another process succeeded
constexpr std::size_t kAccountsAtOnce = 500;

Partition slice_at(std::uint16_t slice) { return Partition::slice(schema::PartitionKind::calendar, slice); }

std::string bytes_of(std::uint64_t revision) {
  std::string bytes;
  ByteWriter(bytes).u64(revision);
  return bytes;
}

HoldSet set_of(std::uint64_t revision, const std::vector<Hold>& holds) {
  HoldSet set{revision, {}};
  std::copy_if(holds.begin(), holds.end(), std::back_inserter(set.active),
               [](const Hold& hold) { return hold.record.state == HoldRecord::State::active; });
  return set;
}

schema::AccountId account_in(std::string_view account_under) { return {ByteReader(account_under.substr(9)).u64()}; }

// The last slice is written last: where it has the revision all have it.
void raise_fences(CommitList& list, std::uint64_t revision) {
  for (std::uint16_t slice = 0; slice < keys::kCalendarSlices; ++slice) {
    CommitEntry fence{Batch(slice_at(slice))};
    fence.batch.put(Space::point, keys::kHoldsFence, bytes_of(revision));
    list.push_back(std::move(fence));
  }
}

}  // namespace

CommitEntry Holds::fence(schema::AccountId account, std::uint64_t revision) {
  const std::optional<std::string> expected = revision == 0 ? std::nullopt : std::optional(bytes_of(revision));
  return {Batch(keys::calendar_slice(Partition::account(account))), {{Space::point, std::string(keys::kHoldsFence), expected}}};
}

CommitEntry Holds::note(std::uint64_t hold, schema::AccountId account) {
  CommitEntry entry{Batch(Partition::meta())};
  entry.batch.put(Space::scan, keys::account_under(hold, account), "");
  return entry;
}

Result<std::vector<Hold>> Holds::read(std::uint64_t& revision) {
  const auto reader = rooms_.engine->snapshot(Partition::meta());
  TELEPOST_ASSIGN(const auto stored, reader->get(Space::point, keys::kHoldsRevision));
  revision = stored ? ByteReader(*stored).u64() : 0;
  std::vector<Hold> holds;
  Result<void> decoded;
  TELEPOST_TRY(reader->scan(Space::point, keys::kHolds, keys::after(keys::kHolds), [&](std::string_view key, std::string_view value) {
    auto record = schema::decode_HoldRecord(value);
    if (!record.ok()) decoded = record.error();
    else holds.push_back({ByteReader(key.substr(1)).u64(), std::move(*record)});
    return decoded.ok();
  }));
  TELEPOST_TRY(std::move(decoded));
  return holds;
}

// A crash may have kept a change from reaching every slice; nobody was told of it then.
Result<void> Holds::load() {
  const std::lock_guard lock(rooms_.holds.changing);
  return load_locked();
}

Result<void> Holds::load_locked() {
  std::uint64_t revision = 0;
  TELEPOST_ASSIGN(const auto holds, read(revision));
  if (revision != 0) {
    const auto last = rooms_.engine->reader(slice_at(keys::kCalendarSlices - 1));
    TELEPOST_ASSIGN(const auto fence, last->get(Space::point, keys::kHoldsFence));
    if (fence != bytes_of(revision)) {
      CommitList list;
      raise_fences(list, revision);
      TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
    }
  }
  rooms_.holds.set(set_of(revision, holds));
  return {};
}

Result<std::uint64_t> Holds::change(const std::function<Result<Hold>(std::uint64_t)>& decide) {
  const std::lock_guard lock(rooms_.holds.changing);
  for (int tries = 0; tries < kHoldTries; ++tries) {
    std::uint64_t before = 0;
    TELEPOST_ASSIGN(auto holds, read(before));
    const std::uint64_t revision = before + 1;
    TELEPOST_ASSIGN(const Hold changed, decide(revision));
    const bool is_release = changed.record.state == HoldRecord::State::releasing;
    schema::AuditRecord audit;
    audit.action = is_release ? schema::AuditRecord::Action::hold_released : schema::AuditRecord::Action::hold_added;
    audit.account = changed.record.account;
    audit.policy = "hold " + std::to_string(changed.id);
    audit.reason = changed.record.reason + " (" + schema::to_string(changed.record) + ")";
    const OpenNumbers::Opening opening = rooms_.audit.numbers.begin();
    CommitList list = Audit::entries(rooms_, std::move(audit), opening);
    if (is_release) list.push_back(Calendar::write(rooms_.clock.now(), Partition::meta()));
    const std::optional<std::string> expected = before == 0 ? std::nullopt : std::optional(bytes_of(before));
    list.push_back({Batch(Partition::meta()), {{Space::point, std::string(keys::kHoldsRevision), expected}}});
    list.back().batch.put(Space::point, keys::kHoldsRevision, bytes_of(revision));
    list.back().batch.put(Space::point, keys::hold(changed.id), schema::encode(changed.record));
    raise_fences(list, revision);
    // Submitted first: a batch that is judged by the new set comes behind it, one that was judged by the old set is refused.
    std::promise<Result<void>> promise;
    rooms_.committer.submit({std::move(list), {}, {}, [&promise](const Result<void>& result) { promise.set_value(result); }});
    std::erase_if(holds, [&](const Hold& hold) { return hold.id == changed.id; });
    holds.push_back(changed);
    rooms_.holds.set(set_of(revision, holds));
    const Result<void> committed = promise.get_future().get();
    if (committed.ok()) return changed.id;
    TELEPOST_TRY(load_locked());
    if (committed.error().kind != Errc::conflict) return committed.error();
  }
  return {Errc::busy, "other processes keep changing the holds"};
}

Result<std::uint64_t> Holds::add(HoldRecord record) {
  if (record.account.value != 0) {
    const auto reader = rooms_.engine->reader(Partition::account(record.account));
    TELEPOST_ASSIGN(const auto there, reader->get(Space::point, keys::kAccount));
    if (!there) return {Errc::not_found, "no account " + schema::to_string(record.account)};
  }
  record.state = HoldRecord::State::active;
  record.created = rooms_.clock.now();
  return change([&](std::uint64_t revision) -> Result<Hold> { return Hold{revision, record}; });
}

Result<void> Holds::release(std::uint64_t id) {
  const auto released = change([&](std::uint64_t) -> Result<Hold> {
    TELEPOST_ASSIGN(const auto holds, list());
    const auto found = std::find_if(holds.begin(), holds.end(), [&](const Hold& hold) { return hold.id == id; });
    if (found == holds.end()) return {Errc::not_found, "no hold " + std::to_string(id)};
    if (found->record.state == HoldRecord::State::releasing) return {Errc::not_found, "hold " + std::to_string(id) + " is released already"};
    Hold ended = *found;
    ended.record.state = HoldRecord::State::releasing;
    return ended;
  });
  return released.ok() ? Result<void>() : Result<void>(released.error());
}

Result<std::vector<Hold>> Holds::list() {
  std::uint64_t revision = 0;
  return read(revision);
}

Result<std::vector<std::string>> Holds::some_accounts_under(std::uint64_t hold, std::size_t limit) {
  const std::string index = keys::accounts_under(hold);
  std::vector<std::string> entries;
  TELEPOST_TRY(rooms_.engine->reader(Partition::meta())->scan(Space::scan, index, keys::after(index), [&](std::string_view key, std::string_view) {
    entries.emplace_back(key);
    return entries.size() < limit;
  }));
  return entries;
}

Result<std::pair<Hold, Holds::Kept>> Holds::show(std::uint64_t id) {
  TELEPOST_ASSIGN(const auto bytes, rooms_.engine->reader(Partition::meta())->get(Space::point, keys::hold(id)));
  if (!bytes) return {Errc::not_found, "no hold " + std::to_string(id)};
  TELEPOST_ASSIGN(HoldRecord record, schema::decode_HoldRecord(*bytes));
  TELEPOST_ASSIGN(const auto entries, some_accounts_under(id, std::numeric_limits<std::size_t>::max()));
  Kept kept;
  Result<void> decoded;
  for (const std::string& entry : entries) {
    const auto reader = rooms_.engine->reader(Partition::account(account_in(entry)));
    TELEPOST_ASSIGN(const auto deleted, reader->get(Space::point, keys::account_held(id)));
    kept.accounts += deleted ? 1u : 0u;
    TELEPOST_TRY(reader->scan(Space::scan, "U", keys::after("U"), [&](std::string_view, std::string_view value) {
      const auto message = schema::decode_KeptRecord(value);
      if (!message.ok()) decoded = message.error();
      else kept.messages += message->hold == id ? 1u : 0u;
      return decoded.ok();
    }));
    TELEPOST_TRY(decoded);
  }
  return std::pair(Hold{id, std::move(record)}, kept);
}

Result<void> Holds::finish_releases(const std::function<bool()>& goes_on) {
  TELEPOST_ASSIGN(const auto holds, list());
  for (const Hold& hold : holds) {
    if (hold.record.state != HoldRecord::State::releasing) continue;
    for (bool more = true; more;) {
      if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
      TELEPOST_ASSIGN(more, make_due(hold.id));
      if (!more || goes_on()) continue;
      return {Errc::cancelled, "the next sweep goes on"};
    }
    CommitEntry gone{Batch(Partition::meta())};
    gone.batch.erase(Space::point, keys::hold(hold.id));
    CommitList list;
    list.push_back(std::move(gone));
    TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  }
  return {};
}

// Accounts where the released hold kept something, one page of them by few synced writes. The index goes after what it leads to. True:
// there may be more.
Result<bool> Holds::make_due(std::uint64_t hold) {
  TELEPOST_ASSIGN(const auto entries, some_accounts_under(hold, kAccountsAtOnce));
  if (entries.empty()) return false;
  CommitEntry done{Batch(Partition::meta())};
  std::vector<std::future<Result<void>>> woken;
  for (const std::string& entry : entries) {
    TELEPOST_TRY(wake(account_in(entry), woken));
    done.batch.erase(Space::scan, entry);
  }
  Result<void> all;
  for (auto& each : woken) {
    const Result<void> one = each.get();
    if (all.ok()) all = one;
  }
  TELEPOST_TRY(std::move(all));
  CommitList list;
  list.push_back(std::move(done));
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  return entries.size() == kAccountsAtOnce;
}

// All that holds keep there is judged again: another one may be about it too.
Result<void> Holds::wake(schema::AccountId account, std::vector<std::future<Result<void>>>& woken) {
  Result<AccountWrite> write = AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return {};
  TELEPOST_TRY(write);
  write->add_due(rooms_.clock.now(), due::kUnpark, due::no_id());
  auto promise = std::make_shared<std::promise<Result<void>>>();
  woken.push_back(promise->get_future());
  write->submit([promise](const Result<void>& result) { promise->set_value(result); });
  return {};
}

}  // namespace telepost::store
