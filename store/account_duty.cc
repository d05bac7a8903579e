#include "store/account_duty.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "schema/keys.h"
#include "policies/delivery.h"
#include "store/account_removal.h"
#include "store/directory.h"
#include "store/due_list.h"
#include "store/message_edit.h"
#include "store/pieces.h"
#include "store/outbox.h"
#include "store/recipients.h"
#include "store/reports.h"
#include "store/rooms.h"
#include "store/submitted_copies.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kItemsAtOnce = 500;
constexpr Duration kLate = std::chrono::minutes(1);
constexpr Duration kPostponed = std::chrono::hours(1);

metrics::Histogram& due_late_seconds() {
  static metrics::Histogram histogram("telepost_due_late_seconds", "How late due work was done",
                                      {0.1, 1, 10, 60, 600, 3600, 86400});
  return histogram;
}

bool is_outside(char what) {
  return what == due::kUnlink || what == due::kServeIntents || what == due::kServeSubmission || what == due::kReport;
}

Time time_of(std::string_view due_key) {
  return from_millis(static_cast<std::int64_t>(ByteReader(due_key.substr(1)).u64() ^ (1ull << 63)));
}

schema::LocalId local_of(std::string_view id) { return {ByteReader(id.substr(8)).u64()}; }

}  // namespace

Result<std::vector<AccountDuty::Item>> AccountDuty::due(const AccountWrite& write) const {
  const Time last = repairs_ == Repairs::early ? std::max(until_, rooms_.clock.now() + due::kAddressCheck) : until_;
  const std::string end = keys::due(last + Duration(1), '\0', due::no_id());
  TELEPOST_ASSIGN(const auto records, write.scan(Space::queue, "D", end, kItemsAtOnce));
  std::vector<Item> items;
  for (const auto& [key, value] : records) {
    items.push_back({key, time_of(key), key[9], key.substr(10), value});
  }
  return items;
}

// With repairs taken early, what a crash may have left is; the rest keeps its time.
bool AccountDuty::is_time(const Item& item) const {
  const bool repair = is_outside(item.what) || item.what == due::kCheckAddresses || item.what == due::kRemoveContent;
  return item.time <= until_ || repair;
}

Result<void> AccountDuty::run(SweepReport& report) {
  for (bool more = true; more;) {
    // What concerns other partitions is done first and without the account's lock; then its items go.
    std::vector<Item> outside;
    {
      Result<AccountWrite> begun = AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads);
      const bool gone = !begun.ok() && begun.error().kind == Errc::not_found;
      if (gone || (begun.ok() && begun->profile().state == schema::AccountState::deleting)) {
        begun = Error{Errc::not_found, ""};  // gives the lock back
        return remove_account(report);
      }
      TELEPOST_TRY(begun);
      TELEPOST_ASSIGN(const auto items, due(*begun));
      std::copy_if(items.begin(), items.end(), std::back_inserter(outside),
                   [&](const Item& item) { return is_outside(item.what) && is_time(item); });
    }
    if (rooms_.stopping.load()) return {Errc::cancelled, "the store is being closed"};
    std::optional<Item> damaged;
    const Result<bool> acted = act_all(outside, report, damaged);
    if (!acted.ok() && !damaged) return acted.error();
    if (damaged) TELEPOST_TRY(postpone(*damaged, acted.error()));
    more = damaged || *acted;
  }
  return {};
}

Result<bool> AccountDuty::act_all(const std::vector<Item>& outside, SweepReport& report, std::optional<Item>& damaged) {
  for (const Item& item : outside) {
    const Result<void> done = act_outside(item);
    if (!done.ok() && done.error().kind == Errc::corrupt) damaged = item;
    TELEPOST_TRY(done);
  }
  return act_inside(outside, report, damaged);
}

// What damage keeps from being done must not keep everything behind it.
Result<void> AccountDuty::postpone(const Item& item, const Error& error) {
  log::error("due_work_damaged", {{"account", schema::to_string(account_)}, {"what", std::string(1, item.what)}, {"reason", to_string(error)}});
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
  write.erase(Space::queue, item.key);
  write.add_due(rooms_.clock.now() + kPostponed, item.what, item.id, item.value);
  return write.commit();
}

// One batch of the account: what is due goes with its item, of what was done outside the item alone. True: more is due.
Result<bool> AccountDuty::act_inside(const std::vector<Item>& outside, SweepReport& report, std::optional<Item>& damaged) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto items, due(write));
  const Time now = rooms_.clock.now();
  std::size_t taken = 0;
  bool stopped = false;
  for (const Item& item : items) {
    if (!is_time(item)) continue;
    const bool done_outside = std::any_of(outside.begin(), outside.end(), [&](const Item& other) { return other.key == item.key; });
    stopped = write.full() || (is_outside(item.what) && !done_outside);  // came meanwhile: the next round
    if (stopped) break;
    ++report.due;
    if (!done_outside) {
      const Result<void> done = act(write, item, report);
      if (!done.ok() && done.error().kind == Errc::corrupt) damaged = item;
      TELEPOST_TRY(done);
    }
    write.erase(Space::queue, item.key);
    due_late_seconds().observe(std::chrono::duration<double>(now - item.time).count());
    if (now - item.time > kLate) ++report.late;
    ++report.done;
    ++taken;
  }
  TELEPOST_TRY(hint_next(write));
  TELEPOST_TRY(write.commit());
  return stopped || (items.size() == kItemsAtOnce && taken > 0);
}

// The next due item, whenever it is, gets a hint of its own; the one that led here goes, unless they are the same.
Result<void> AccountDuty::hint_next(AccountWrite& write) {
  TELEPOST_ASSIGN(const auto next, write.scan(Space::queue, "D", keys::after("D"), 1));
  write.head().earliest_hint.reset();
  if (!next.empty()) {
    write.head().earliest_hint = std::max(time_of(next[0].first), rooms_.clock.now());
    write.before(Calendar::write(*write.head().earliest_hint, schema::Partition::account(account_)));
  }
  if (write.head().earliest_hint != hint_.time) write.after(Calendar::remove(hint_));
  return {};
}

Result<void> AccountDuty::act(AccountWrite& write, const Item& item, SweepReport& report) {
  switch (item.what) {
    case due::kExpire: return expire(write, local_of(item.id), report);
    case due::kForgetKey: {
      const std::string key = "K" + item.id;
      write.erase(Space::point, key);
      return {};
    }
    case due::kTrimChanges: return trim_changes(write);
    case due::kCheckAddresses: return check_address(write, item);
    case due::kForgetSubmission: return forget_submission(write, local_of(item.id));
    default: return {};  // kRemoveContent of an account that is not being deleted any more
  }
}

Result<void> AccountDuty::expire(AccountWrite& write, schema::LocalId local, SweepReport& report) {
  Result<MessageEdit> edit = MessageEdit::open(write, local);
  if (!edit.ok() && edit.error().kind == Errc::not_found) return {};  // expunged meanwhile
  TELEPOST_TRY(edit);
  // The policy of this moment decides, not the one of the delivery.
  const auto classes = rooms_.classes.get();
  const schema::ClassOfService* of_service = classes->find(write.profile().class_of_service);
  if (of_service == nullptr) of_service = &classes->standard();
  const std::optional<Time> expires = policies::expiry(*of_service, edit->summary().kind, edit->record().received);
  if (!expires) return {};
  if (*expires > rooms_.clock.now()) {
    write.add_due(*expires, due::kExpire, due::id_of(local));
    return {};
  }
  report.bytes_freed += edit->record().size_bytes;
  TELEPOST_TRY(edit->expunge(schema::Removal::expired, rooms_.clock.now()));
  return {};
}

// Tombstones older than changes.keep go and the floor rises; the rest are due when the oldest of them is.
Result<void> AccountDuty::trim_changes(AccountWrite& write) {
  const Time oldest = rooms_.clock.now() - rooms_.configuration.changes_keep;
  write.head().trim_due.reset();
  for (;;) {
    TELEPOST_ASSIGN(const auto gone, write.scan(Space::scan, keys::gone({write.head().floor.value + 1}), keys::after("G"), kItemsAtOnce));
    for (const auto& [key, value] : gone) {
      TELEPOST_ASSIGN(const auto record, schema::decode_ChangeRecord(value));
      if (record.time > oldest || write.full()) {
        write.head().trim_due = std::max(record.time + rooms_.configuration.changes_keep, rooms_.clock.now() + Duration(1));
        write.add_due(*write.head().trim_due, due::kTrimChanges, due::no_id());
        return {};
      }
      write.erase(Space::scan, key);
      write.head().floor = {ByteReader(std::string_view(key).substr(1)).u64()};
    }
    if (gone.size() < kItemsAtOnce) return {};
  }
}

// Directory and profile agree again: an address that the profile names and the directory does not give it goes from the
// profile; one that the profile does not name is released. An account whose first addresses never came is reachable by nobody and goes.
Result<void> AccountDuty::check_address(AccountWrite& write, const Item& item) {
  const schema::AccountRecord& profile = write.profile();
  const Directory directory(rooms_);
  std::vector<std::string> addresses = item.value.empty() ? profile.addresses : std::vector<std::string>{item.value};
  std::vector<std::string> kept = profile.addresses;
  for (const std::string& address : addresses) {
    TELEPOST_ASSIGN(const auto holder, directory.find(address));
    const bool named = std::find(kept.begin(), kept.end(), address) != kept.end();
    if (!named && holder == account_) write.after(Directory::release(address, account_));
    if (named && holder != account_) std::erase(kept, address);
  }
  if (kept == profile.addresses) return {};
  schema::AccountRecord changed = profile;
  if (kept.empty()) {
    changed.state = schema::AccountState::deleting;
    write.add_due(rooms_.clock.now(), due::kRemoveContent, due::no_id());
  } else {
    changed.addresses = std::move(kept);
  }
  write.set_profile(std::move(changed));
  return {};
}

Result<void> AccountDuty::act_outside(const Item& item) {
  const schema::MessageId message{account_, local_of(item.id)};
  switch (item.what) {
    case due::kServeIntents: return Recipients::serve_intents(rooms_, message);
    case due::kServeSubmission: return serve_submission(rooms_, message);
    case due::kReport: return report(item);
    default: return unlink(item);
  }
}

// One that leaves becomes a job in the batch that takes the item away.
Result<void> AccountDuty::report(const Item& item) {
  TELEPOST_ASSIGN(const schema::ReportRecord record, schema::decode_ReportRecord(item.value));
  const auto action = record.state == schema::SendState::failed ? transcoders::mime::ReportAction::failed
                                                                : transcoders::mime::ReportAction::delivered;
  const Reported about{record.to, record.request, record.message, record.content_offset, record.content_size, record.arrived, record.trace};
  const std::string key = "due " + schema::to_string(schema::MessageId{account_, local_of(item.id)}) + " " + std::string(name_of(record.state));
  TELEPOST_ASSIGN(auto job, Reports(rooms_).send(about, {{action, record.address, record.wanted.orcpt, record.reply, "", record.arrived, {}}}, key));
  if (!job) return {};
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
  TELEPOST_ASSIGN(const auto still, write.get(Space::queue, item.key));
  if (!still) return {};
  job->expires = rooms_.clock.now() + rooms_.configuration.queue.expire;
  const auto queued = Outbox(rooms_).enqueue(write, std::move(*job));
  if (!queued.ok()) drop_report("too_large", record.to, record.trace, to_string(queued.error()));
  write.erase(Space::queue, item.key);
  return write.commit();
}

Result<void> AccountDuty::forget_submission(AccountWrite& write, schema::LocalId local) {
  const std::string prefix = keys::submitted_recipients(local);
  TELEPOST_ASSIGN(const auto recipients, write.scan(Space::point, prefix, keys::after(prefix), kItemsAtOnce));
  for (const auto& [key, value] : recipients) write.erase(Space::point, key);
  const std::string head = keys::submission(local);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, head));
  if (!bytes) return {};
  TELEPOST_ASSIGN(schema::SubmissionRecord record, schema::decode_SubmissionRecord(*bytes));
  record.recipients -= std::min(record.recipients, static_cast<std::uint32_t>(recipients.size()));
  if (record.recipients == 0) {
    write.erase(Space::point, head);
    return {};
  }
  write.put(Space::point, head, schema::encode(record));
  write.add_due(rooms_.clock.now() + Duration(1), due::kForgetSubmission, due::id_of(local));
  return {};
}

// Under the account's lock: an import may bring a message back under its old id, and its links are the same.
Result<void> AccountDuty::unlink(const Item& item) {
  TELEPOST_ASSIGN(const AccountWrite write, AccountWrite::begin(rooms_, account_, AccountWrite::Mode::with_reads));
  const schema::LocalId local = local_of(item.id);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, keys::message(local)));
  schema::MessageRecord record;
  if (bytes) {
    TELEPOST_ASSIGN(record, schema::decode_MessageRecord(*bytes));
  }
  std::vector<Pieces::Link> links;
  for (std::size_t at = 0; at + 32 <= item.value.size(); at += 32) {
    const Digest piece = digest_from_bytes(std::string_view(item.value).substr(at, 32));
    const bool used = std::any_of(record.segments.begin(), record.segments.end(),
                                  [&](const schema::Segment& segment) { return segment.piece == piece; });
    if (!used) links.push_back({piece, {account_, local}});
  }
  return Pieces(rooms_).unlink(links);
}

Result<void> AccountDuty::remove_account(SweepReport& report) {
  TELEPOST_TRY(AccountRemoval(rooms_, account_, hint_.time).run(report));
  CommitList list;
  list.push_back(Calendar::remove(hint_));
  return rooms_.committer.commit(std::move(list));
}

}  // namespace telepost::store
