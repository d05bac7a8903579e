#include "store/verify.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/hold_record.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "schema/redating_record.h"
#include "store/calendar.h"
#include "store/rooms.h"
#include "store/store.h"
#include "store/sweep_run.h"
#include "store/verify_scope.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;
using schema::PartitionKind;

namespace {

constexpr unsigned kReadsAgain = 1000;  // of slices, for hints that seem to be missing
constexpr std::size_t kPartitionsAtOnce = 1000;

Result<void> verify_meta(VerifyScope& scope) {
  return scope.engine().reader(Partition::meta())->scan(Space::point, {}, {}, [&](std::string_view key, std::string_view value) {
    const bool known = (key == keys::kStore && schema::decode_StoreRecord(value).ok()) ||
                       (key == keys::kRedating && schema::decode_RedatingRecord(value).ok()) || key == keys::kBegunArchive ||
                       (key == keys::kHoldsRevision && value.size() == 8) ||
                       (key.size() == 9 && key.starts_with(keys::kHolds) && schema::decode_HoldRecord(value).ok());
    if (!known) scope.damage("record", Partition::meta(), key, "no record of the store");
    return true;
  });
}

// In portions, so that no iterator of the engine stays open for hours.
Result<void> for_each_partition(VerifyScope& scope, const std::atomic<bool>& stopping, PartitionKind kind,
                                const std::function<Result<void>(const Partition&)>& visit) {
  std::optional<Partition> after;
  for (;;) {
    std::vector<Partition> portion;
    TELEPOST_TRY(scope.engine().list_partitions(kind, after, [&](const Partition& partition) {
      portion.push_back(partition);
      return portion.size() < kPartitionsAtOnce;
    }));
    for (const Partition& partition : portion) {
      if (stopping.load()) return {Errc::cancelled, "the store is being closed"};
      TELEPOST_TRY(visit(partition));
    }
    if (portion.size() < kPartitionsAtOnce) return {};
    after = portion.back();
  }
}

}  // namespace

Result<void> StandingHints::read(std::uint16_t slice) {
  Slice& hints = slices_[slice];
  hints.clear();
  const auto partition = Partition::slice(PartitionKind::calendar, slice);
  const auto reader = engine_.reader(partition);
  TELEPOST_ASSIGN(const auto cursor, reader->get(Space::point, keys::kCalendarCursor));
  return reader->scan(Space::queue, cursor.value_or("T"), keys::after("T"), [&](std::string_view key, std::string_view value) {
    std::string_view rest = key.substr(std::min<std::size_t>(9, key.size()));
    const auto target = Partition::take_from(rest);
    if (!target.ok()) return true;  // told where the calendar is verified
    const Time time = from_millis(static_cast<std::int64_t>(ByteReader(key.substr(1)).u64() ^ (1ull << 63)));
    Standing& standing = hints.try_emplace(*target, Standing{time, {}}).first->second;
    for (ByteReader messages(value); messages.rest().size() >= 16;) {
      const schema::AccountId account{messages.u64()};
      standing.messages.push_back({account, {messages.u64()}});
    }
    return true;
  });
}

Result<bool> StandingHints::find(const Partition& target, const std::function<bool(const Standing&)>& wanted) {
  const std::uint16_t slice = keys::calendar_slice(target).slice();
  const auto found = [&] {
    const auto hints = slices_.find(slice);
    if (hints == slices_.end()) return false;
    const auto standing = hints->second.find(target);
    return standing != hints->second.end() && wanted(standing->second);
  };
  if (found()) return true;
  if (slices_.contains(slice) && ++read_again_ > kReadsAgain) return false;
  TELEPOST_TRY(read(slice));
  return found();
}

Result<bool> StandingHints::stands(const Partition& target, Time time) {
  return find(target, [time](const Standing& standing) { return standing.earliest <= time; });
}

Result<bool> StandingHints::asks_about(const Partition& piece, schema::MessageId message) {
  return find(piece, [message](const Standing& standing) {
    return std::find(standing.messages.begin(), standing.messages.end(), message) != standing.messages.end();
  });
}

Result<bool> VerifyScope::will_be_looked_at(const Partition& target, Time due) {
  return hints_.stands(target, due > now_ ? due : now_ + kCursorLag);
}

void VerifyScope::add(Finding::Class as, std::string_view check, const Partition& partition, std::string_view key,
                      std::string what) {
  ++(as == Finding::Class::damage ? report_.damage : report_.debris)[std::string(check)];
  if (report_.findings.size() >= kMaxFindings) return;
  report_.findings.push_back({as, std::string(check), partition, std::string(key), std::move(what)});
}

std::string to_string(const Finding& finding) {
  std::string text(finding.as == Finding::Class::damage ? "damage  " : "debris  ");
  text.append(finding.check).append("  ").append(finding.partition.to_string());
  if (!finding.key.empty()) text.append("  key ").append(to_hex(finding.key));
  return text.append(": ").append(finding.what);
}

namespace {

Result<VerifyReport> verify_rooms(Rooms& rooms, const VerifyOptions& options) {
  VerifyScope scope(*rooms.engine, rooms.dictionaries, rooms.archive, rooms.clock.now(), options);
  if (options.account) {
    TELEPOST_ASSIGN(const auto profile, scope.engine().reader(Partition::account(*options.account))->get(Space::point, keys::kAccount));
    if (!profile) return {Errc::not_found, "no account " + schema::to_string(*options.account)};
    TELEPOST_TRY(verify_account(scope, *options.account));
    return std::move(scope.report());
  }
  TELEPOST_TRY(verify_meta(scope));
  TELEPOST_TRY(for_each_partition(scope, rooms.stopping, PartitionKind::account, [&](const Partition& partition) {
    const Result<void> verified = verify_account(scope, partition.account_id());
    scope.tick();
    return verified;
  }));
  TELEPOST_TRY(for_each_partition(scope, rooms.stopping, PartitionKind::piece, [&](const Partition& partition) {
    const Result<void> verified = verify_piece(scope, partition.digest());
    if (++scope.report().pieces % 500 == 0) scope.tick();
    return verified;
  }));
  TELEPOST_TRY(verify_account_list(scope));
  TELEPOST_TRY(verify_directory(scope));
  TELEPOST_TRY(verify_calendar_and_cdrs(scope));
  TELEPOST_TRY(verify_outbox(scope));
  TELEPOST_TRY(verify_dictionaries(scope));
  if (rooms.archive.is_configured()) TELEPOST_TRY(verify_archive(scope));
  return std::move(scope.report());
}

}  // namespace

Result<VerifyReport> verify(Store& store, const VerifyOptions& options) { return verify_rooms(rooms_of(store), options); }

Result<void> verify_as_sweep(SweepRun& run) {
  run.begin(SweepKind::verify);
  const auto count = [&run](const VerifyReport& report) {
    SweepCount& counted = run.count();
    counted.due = counted.done = report.accounts + report.pieces;
    counted.failed = 0;
    for (const auto& [check, places] : report.damage) counted.failed += places;
  };
  VerifyOptions options;
  options.progress = [&](const VerifyReport& report) {
    count(report);
    run.after_step();
  };
  TELEPOST_ASSIGN(const VerifyReport report, verify_rooms(run.rooms(), options));
  count(report);
  run.end();
  return {};
}

}  // namespace telepost::store
