#include "store/audit.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "schema/keys.h"
#include "store/account_write.h"
#include "store/log_reader.h"
#include "store/log_trim.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::AuditRecord;
using schema::Partition;

namespace {

constexpr std::size_t kMessages = 1000;

using SliceReader = LogReader<AuditRecord>;

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
  list.push_back(trim_hint(record.time, rooms.configuration.audit_keep, slice));
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
    if (account && keys::audit_slice(*account).slice() != slice) continue;
    auto reader = rooms_.engine->bulk_reader(Partition::slice(schema::PartitionKind::audit, slice));
    slices.emplace_back(std::move(reader), keys::audit, schema::decode_AuditRecord, position + 1, end);
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
  const auto time_of = [](std::string_view, std::string_view value) -> Result<Time> {
    TELEPOST_ASSIGN(const AuditRecord record, schema::decode_AuditRecord(value));
    return record.time;
  };
  return trim_log(rooms_, slice, "A", rooms_.configuration.audit_keep, time_of, goes_on);
}

}  // namespace telepost::store
