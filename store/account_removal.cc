#include "store/account_removal.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "schema/keys.h"
#include "schema/mail_job.h"
#include "schema/message_records.h"
#include "schema/push_subscription_record.h"
#include "schema/records.h"
#include "store/accounts.h"
#include "store/archive/side_by_side.h"
#include "store/audit.h"
#include "store/directory.h"
#include "store/due_list.h"
#include "store/held_account.h"
#include "store/holds.h"
#include "store/outbox.h"
#include "store/pace.h"
#include "store/pieces.h"
#include "store/recipients.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/stored_content.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {
constexpr std::size_t kLinksAtOnce = 5000;  // a message has at most about as many: half of what unlink takes
constexpr std::size_t kRecordsAtOnce = 4000;
constexpr int kRemovalTries = 16;

// CDRs outlive the account: what was charged must be exported. The profile goes last of all.
bool stays(Space space, std::string_view key) {
  return (space == Space::queue && key.starts_with('E')) || (space == Space::point && (key == keys::kAccount || key == keys::kRemovalLease));
}
}  // namespace

Result<void> AccountRemoval::run(SweepCount& count) {
  const SweepCount before = count;
  Result<void> removed = remove(count);
  for (int tries = 1; !removed.ok() && removed.error().kind == Errc::conflict && tries < kRemovalTries; ++tries) {
    TELEPOST_TRY(Holds(rooms_).load());
    open_head();
    count = before;
    removed = remove(count);
  }
  return removed;
}

Result<void> AccountRemoval::remove(SweepCount& count) {
  TELEPOST_ASSIGN(const bool ours, is_ours());
  if (!ours) return {Errc::busy, "another process removes the account"};
  TELEPOST_TRY(expect_deleted());
  TELEPOST_TRY(free_addresses());
  HeldAccount held(rooms_, account_);
  TELEPOST_TRY(held.look());
  if (held.is_held()) {
    TELEPOST_TRY(Outbox(rooms_).forget(account_));
    TELEPOST_TRY(settle_due_list());  // whom a copy was promised gets it while there is what it is made from
    TELEPOST_TRY(held.remove_the_rest(count));
    TELEPOST_TRY(settle_due_list());  // what that left behind
    return held.park();
  }
  holds_revision_ = held.revision();
  close_head();
  TELEPOST_TRY(settle_due_list());
  TELEPOST_TRY(remove_content(count));
  TELEPOST_TRY(Outbox(rooms_).forget(account_));
  TELEPOST_TRY(remove_records());
  return forget_leftovers();
}

// Damage must not look like a deletion: what is not marked as deleted stays, and so do messages without their account, of which
// nobody can say what holds them. A removal that was broken off leaves neither.
Result<void> AccountRemoval::expect_deleted() {
  const auto reader = rooms_.engine->reader(Partition::account(account_));
  TELEPOST_ASSIGN(const auto records, reader->get_many(Space::point, {std::string(keys::kAccount), std::string(keys::kHead)}));
  if (records[0]) {
    TELEPOST_ASSIGN(const auto profile, schema::decode_AccountRecord(*records[0]));
    if (profile.state != schema::AccountState::deleting) return {Errc::corrupt, "an account without its head; run telepost verify"};
    if (records[1]) return {};
  }
  bool has_messages = false;
  TELEPOST_TRY(reader->scan(Space::point, "M", keys::after("M"), [&](std::string_view, std::string_view) {
    has_messages = true;
    return false;
  }));
  return has_messages ? Result<void>(Errc::corrupt, "messages without their account; run telepost verify") : Result<void>();
}

// One process at a time; where there is one alone, its threads do not meet.
Result<bool> AccountRemoval::is_ours() {
  if (rooms_.engine->writers() == Engine::Writers::one) return true;
  TELEPOST_ASSIGN(const bool ours, lease_ ? lease_->is_ours() : Result<bool>(false));
  if (!ours) {
    TELEPOST_ASSIGN(lease_, Lease::take(rooms_, Partition::account(account_), keys::kRemovalLease));
  }
  return lease_.has_value();
}

// A hold that is placed meanwhile refuses the batch.
Result<void> AccountRemoval::commit(Batch batch) {
  CommitList list;
  list.push_back(Holds::fence(account_, holds_revision_));
  list.push_back({std::move(batch)});
  if (lease_) {
    TELEPOST_TRY(lease_->keep());
    list.back().expectations.push_back(lease_->expectation());
  }
  return rooms_.committer.commit(std::move(list));
}

// The next one to ask for the head loads what is stored.
void AccountRemoval::open_head() {
  if (head_ != nullptr) head_->give_up();
  head_.reset();
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

struct AccountRemoval::Report {
  schema::MessageId about;
  schema::ReportRecord record;
};

// What the due list holds for others: links of messages that were expunged before, recipients that a crash kept from being
// served, and reports. The hints that stand for the rest go too.
struct AccountRemoval::Settled {
  explicit Settled(const Partition& partition) : hints(keys::calendar_slice(partition)), items(partition) {}
  Result<void> add(const PartitionReader& reader, schema::AccountId account, std::string_view key, std::string_view value) {
    items.erase(Space::queue, key);
    const char what = key[9];
    const std::string_view id = key.substr(10);
    const schema::MessageId message{account, due::local_of(id)};
    if (what == due::kServeIntents) intents.push_back(message);
    if (what == due::kReport) add_report(message, value);
    if (what != due::kUnlink && what != due::kCheckArchived && what != due::kRemoveArchived) return {};
    // What is held may need the piece again by now, or lie in the archive under this very number.
    TELEPOST_ASSIGN(const auto bytes, reader.get(Space::point, keys::message(message.local)));
    schema::MessageRecord record;
    if (bytes) {
      TELEPOST_ASSIGN(record, schema::decode_MessageRecord(*bytes));
    }
    if (what != due::kUnlink) {
      const bool is_there = record.tier == schema::Tier::archived && record.archived.number == due::number_of(id);
      if (!is_there) archived.push_back({message, due::number_of(id), due::parts_of(value)});
      return {};
    }
    for (std::size_t at = 0; at + 32 <= value.size(); at += 32) {
      const Digest piece = digest_from_bytes(value.substr(at, 32));
      if (!uses_piece(record, piece)) links.push_back({piece, message});
    }
    return {};
  }

  std::vector<Pieces::Link> links;
  std::vector<schema::MessageId> intents;
  std::vector<Report> reports;
  std::vector<ArchivedParts> archived;
  Batch hints, items;

 private:
  void add_report(schema::MessageId about, std::string_view value) {
    auto record = schema::decode_ReportRecord(value);
    if (record.ok()) reports.push_back({about, std::move(*record)});
    else drop_report("damaged", "", "", to_string(record.error()));
  }
};

Result<void> AccountRemoval::settle_due_list() {
  std::string from;
  do {  // until nothing is found: who is served late may leave a report
    from = "D";
    for (bool more = true; more;) {
      TELEPOST_ASSIGN(more, settle_page(from));
    }
  } while (from != "D");
  return {};
}

// Its items go once what they stand for is done. True: there may be more.
Result<bool> AccountRemoval::settle_page(std::string& from) {
  const Partition partition = Partition::account(account_);
  const auto reader = rooms_.engine->reader(partition);
  std::vector<std::pair<std::string, std::string>> items;
  std::size_t value_bytes = 0;
  const auto is_full = [&] { return items.size() >= kRecordsAtOnce || value_bytes >= kLinksAtOnce * sizeof(Digest); };
  TELEPOST_TRY(reader->scan(Space::queue, from, keys::after("D"), [&](std::string_view key, std::string_view value) {
    value_bytes += value.size();
    items.emplace_back(key, value);
    return !is_full();
  }));
  if (items.empty()) return false;
  from = items.back().first + '\0';
  Settled settled(partition);
  for (const auto& [key, value] : items) {
    const Time time = due::time_of(key);
    if (time > hint_) settled.hints.erase(Space::queue, keys::hint(time, partition));
    TELEPOST_TRY(settled.add(*reader, account_, key, value));
  }
  for (const schema::MessageId message : settled.intents) TELEPOST_TRY(Recipients::serve_intents(rooms_, message));
  for (const Report& report : settled.reports) TELEPOST_TRY(leave(report));
  TELEPOST_TRY(Pieces(rooms_).unlink(settled.links));
  TELEPOST_TRY(remove_archived(settled.archived));
  CommitList list;
  if (!settled.hints.empty()) list.push_back({std::move(settled.hints)});
  list.push_back({std::move(settled.items)});
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  return is_full();
}

// To the sender's own account, else to one of those that the report is about: a job for another server's sender wants an account.
Result<void> AccountRemoval::leave(const Report& report) {
  std::vector<std::string> addresses = {report.record.to};
  for (const auto& recipient : report.record.recipients) addresses.push_back(recipient.address);
  std::vector<schema::MessageId> others;
  for (const std::string& address : addresses) {
    const Result<std::string> canonical = canonical_address("mailto:" + address);
    if (!canonical.ok()) continue;
    TELEPOST_ASSIGN(const auto holder, Directory(rooms_).find(*canonical));
    if (holder && *holder != account_) others.push_back({*holder, report.about.local});
  }
  const std::string key = "due " + schema::to_string(report.about) + " " + std::string(name_of(report.record.state));
  return Reports(rooms_).leave_with(others, key, report.record);
}

// All that may lie there is named by a record or by due work. While the archive is away the removal waits: nothing of the account may stay.
Result<void> AccountRemoval::remove_archived(const std::vector<ArchivedParts>& archived) {
  std::vector<Result<void>> removed(archived.size(), Result<void>(Errc::cancelled, "the store is being closed"));
  const auto remove = [&](std::size_t index) {
    const ArchivedParts& each = archived[index];
    Result<void>& result = removed[index];
    if (!rooms_.stopping.load()) result = {};
    for (std::uint32_t part = 0; part < each.parts && result.ok(); ++part) result = rooms_.archive.remove({each.message, each.number, part});
    return result.ok();
  };
  do_side_by_side(archived.size(), remove, [] {});
  const auto failed = std::find_if(removed.begin(), removed.end(), [](const Result<void>& each) { return !each.ok(); });
  return failed == removed.end() ? Result<void>() : *failed;
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

// Messages on their way out: record and content by one batch, which leaves due work for what lies elsewhere, so that a hold comes before
// all of a message or behind it. Document and source are named by the record, so their bytes need not be read to remove them.
struct AccountRemoval::Page {
  Page(const Partition& partition, Time time) : now(time), batch(partition) {}
  bool is_full() const { return links.size() >= kLinksAtOnce || batch.operations() >= kRecordsAtOnce; }

  Result<std::uint64_t> add(schema::MessageId message, std::string_view bytes) {
    TELEPOST_ASSIGN(const auto record, schema::decode_MessageRecord(bytes));
    batch.erase(Space::point, keys::message(message.local));
    for (const std::string& key : content_keys(message.local, record)) batch.erase(Space::large, key);
    if (record.tier == schema::Tier::archived) {
      const auto parts = static_cast<std::uint32_t>(record.archived.parts.size());
      archived.push_back({message, record.archived.number, parts});
      leave(due::kRemoveArchived, due::id_of(message.local, record.archived.number), due::archived_parts(parts));
      return record.size_bytes;
    }
    std::string digests;
    for (const schema::Segment& segment : record.segments) {
      if (!segment.piece) continue;
      links.push_back({*segment.piece, message});
      digests.append(segment.piece->view());
    }
    if (!digests.empty()) leave(due::kUnlink, due::id_of(message.local), digests);
    return record.size_bytes;
  }

  const Time now;
  std::vector<Pieces::Link> links;
  std::vector<ArchivedParts> archived;
  Batch batch;

 private:
  void leave(char what, const std::string& id, const std::string& value) { batch.put(Space::queue, keys::due(now, what, id), value); }
};

Result<void> AccountRemoval::remove_content(SweepCount& count) {
  const Partition partition = Partition::account(account_);
  const auto reader = rooms_.engine->bulk_reader(partition);
  Pace pace(rooms_);
  std::string from = "M";
  for (bool more = true; more;) {
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    Page page(partition, rooms_.clock.now());
    std::uint64_t bytes_freed = 0;
    Result<void> decoded;
    more = false;
    TELEPOST_TRY(reader->scan(Space::point, from, keys::after("M"), [&](std::string_view key, std::string_view value) {
      const auto size_bytes = page.add({account_, schema::LocalId{ByteReader(key.substr(1)).u64()}}, value);
      if (!size_bytes.ok()) {
        decoded = size_bytes.error();
        return false;
      }
      bytes_freed += *size_bytes;
      from = std::string(key) + '\0';
      more = page.is_full();
      return !more;
    }));
    TELEPOST_TRY(std::move(decoded));
    if (page.batch.empty()) return {};
    TELEPOST_TRY(commit(std::move(page.batch)));
    TELEPOST_TRY(Pieces(rooms_).unlink(page.links));
    TELEPOST_TRY(remove_archived(page.archived));
    count.bytes_freed += bytes_freed;
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
      TELEPOST_TRY(commit(std::move(batch)));
      pace.rest();
    }
  }
  return {};
}

Result<void> AccountRemoval::forget_leftovers() {
  CommitEntry listed{Batch(keys::account_list_slice(account_))};
  listed.batch.erase(Space::scan, keys::listed_account(account_));
  listed.batch.erase(Space::point, keys::pushed_account(account_));
  CommitEntry profile{Batch(Partition::account(account_))};
  profile.batch.erase(Space::point, keys::kAccount);
  profile.batch.erase(Space::point, keys::kRemovalLease);
  // Without its profile it was removed before, and audited.
  TELEPOST_ASSIGN(const auto there, rooms_.engine->reader(Partition::account(account_))->get(Space::point, keys::kAccount));
  const OpenNumbers::Opening opening = rooms_.audit.numbers.begin();
  CommitList list;
  if (there) {
    list = Audit::entries(
        rooms_, {schema::AuditRecord::Action::account_removed, {}, account_, "operator", "the account was deleted", {}}, opening);
  }
  list.push_back(std::move(listed));
  list.push_back(std::move(profile));
  TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
  rooms_.heads.forget(account_);
  return {};
}

}  // namespace telepost::store
