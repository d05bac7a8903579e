#include "store/audit.h"

#include <algorithm>
#include <charconv>
#include <deque>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/calendar.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::AuditRecord;
using schema::Partition;

namespace {

constexpr std::size_t kRecordsAtOnce = 256;
constexpr std::size_t kMessages = 1000;

// Trimming is hinted once a day and slice: hints of one day are one.
Time day_after(Time time) {
  const std::int64_t day = std::chrono::duration_cast<Duration>(std::chrono::days(1)).count();
  return from_millis((to_millis(time) / day + 1) * day);
}

// One slice's records, read ahead.
class SliceReader {
 public:
  SliceReader(Engine& engine, std::uint16_t slice, std::uint64_t after, std::uint64_t end)
      : reader_(engine.reader(Partition::slice(schema::PartitionKind::audit, slice))), next_(after + 1), end_(end) {}

  struct Numbered {
    std::uint64_t number;
    AuditRecord record;
  };
  Result<const Numbered*> front() {
    if (ahead_.empty() && !ended_) TELEPOST_TRY(read_ahead());
    return ahead_.empty() ? nullptr : &ahead_.front();
  }
  void pop() { ahead_.pop_front(); }

 private:
  Result<void> read_ahead() {
    Result<void> decoded;
    TELEPOST_TRY(reader_->scan(Space::queue, keys::audit(next_), keys::audit(end_), [&](std::string_view key, std::string_view value) {
      auto record = schema::decode_AuditRecord(value);
      if (!record.ok()) decoded = record.error();
      else ahead_.push_back({ByteReader(key.substr(1)).u64(), std::move(*record)});
      return decoded.ok() && ahead_.size() < kRecordsAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    ended_ = ahead_.size() < kRecordsAtOnce;
    if (!ahead_.empty()) next_ = ahead_.back().number + 1;
    return {};
  }
  std::unique_ptr<PartitionReader> reader_;
  std::uint64_t next_;
  const std::uint64_t end_;
  std::deque<Numbered> ahead_;
  bool ended_ = false;
};

}  // namespace

void AuditTrail::add(AuditRecord::Action action, const std::string& policy, const std::string& reason, schema::LocalId message) {
  const auto same = std::find_if(records_.rbegin(), records_.rend(), [&](const AuditRecord& record) {
    return record.action == action && record.policy == policy && record.reason == reason && record.messages.size() < kMessages;
  });
  AuditRecord& record = same != records_.rend() ? *same : records_.emplace_back(AuditRecord{action, {}, account_, policy, reason, {}});
  record.messages.push_back(message);
}

void AuditTrail::attach_to(Rooms& rooms, AccountWrite& write) {
  for (AuditRecord& record : records_) {
    OpenNumbers::Opening opening = rooms.audit.numbers.begin();
    for (CommitEntry& entry : Audit::entries(rooms, std::move(record), opening)) write.before(std::move(entry));
    write.hold_until_submitted(std::move(opening));
  }
  records_.clear();
}

CommitList Audit::entries(Rooms& rooms, AuditRecord record, const OpenNumbers::Opening& opening) {
  CommitList list;
  record.time = rooms.clock.now();
  const Partition slice = keys::audit_slice(record.account);
  // Of one day all write the same hint: a list that is refused must not have been the only one to bring it.
  list.push_back(Calendar::write(day_after(record.time + rooms.configuration.audit_keep), slice));
  CommitEntry entry{Batch(slice)};
  entry.batch.put(Space::queue, keys::audit(opening.number()), schema::encode(record));
  list.push_back(std::move(entry));
  return list;
}

Result<void> Audit::record(AuditRecord record) {
  const OpenNumbers::Opening opening = rooms_.audit.numbers.begin();
  return rooms_.committer.commit(entries(rooms_, std::move(record), opening));
}

Result<std::string> Audit::list(std::string_view cursor, std::optional<schema::AccountId> account, const Visitor& visit) {
  std::uint64_t position = 0;
  const auto [rest, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), position);
  if (!cursor.empty() && (error != std::errc() || rest != cursor.data() + cursor.size())) {
    return {Errc::invalid, "'" + std::string(cursor.substr(0, 40)) + "' is no cursor of the audit log"};
  }
  // Numbers given out from here on belong to the next reading: their batches may be in flight.
  const std::uint64_t end = rooms_.audit.numbers.horizon();
  TELEPOST_TRY(rooms_.committer.commit({}));
  std::vector<SliceReader> slices;
  for (std::uint16_t slice = 0; slice < keys::kAuditSlices; ++slice) {
    if (!account || keys::audit_slice(*account).slice() == slice) slices.emplace_back(*rooms_.engine, slice, position, end);
  }
  for (bool more = true; more;) {
    SliceReader* first = nullptr;
    std::uint64_t number = 0;
    for (SliceReader& slice : slices) {
      TELEPOST_ASSIGN(const SliceReader::Numbered* const front, slice.front());
      if (front == nullptr || (first != nullptr && front->number > number)) continue;
      first = &slice;
      number = front->number;
    }
    if (first == nullptr) break;
    TELEPOST_ASSIGN(const SliceReader::Numbered* const next, first->front());
    if (!account || next->record.account == *account) more = visit(next->record);
    if (more) position = number;
    first->pop();
  }
  return std::to_string(position);
}

Result<bool> Audit::trim(const Partition& slice, const std::function<bool()>& goes_on) {
  const Time last = rooms_.clock.now() - rooms_.configuration.audit_keep;
  std::string from = "A";  // what lies before it is gone
  for (;;) {
    CommitEntry entry{Batch(slice)};
    std::optional<Time> staying;
    Result<void> decoded;
    TELEPOST_TRY(rooms_.engine->reader(slice)->scan(Space::queue, from, keys::after("A"), [&](std::string_view key, std::string_view value) {
      const auto record = schema::decode_AuditRecord(value);
      if (!record.ok()) decoded = record.error();
      else if (record->time > last) staying = record->time;
      else entry.batch.erase(Space::queue, from = key);
      return decoded.ok() && !staying && entry.batch.operations() < kRecordsAtOnce;
    }));
    TELEPOST_TRY(std::move(decoded));
    const bool more = entry.batch.operations() >= kRecordsAtOnce;
    CommitList list;
    if (staying) list.push_back(Calendar::write(day_after(*staying + rooms_.configuration.audit_keep), slice));
    if (!entry.batch.empty()) list.push_back(std::move(entry));
    if (!list.empty()) TELEPOST_TRY(rooms_.committer.commit(std::move(list)));
    if (!more) return true;
    if (!goes_on()) return false;
  }
}

}  // namespace telepost::store
