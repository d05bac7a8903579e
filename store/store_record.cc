#include "store/store_record.h"

#include <algorithm>

#include "schema/keys.h"
#include "schema/records.h"
#include "store/audit.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::uint32_t kFormat = 1;
constexpr Duration kKeepEvery = std::chrono::minutes(1);
constexpr int kRecordTries = 16;  // each refusal means that another process succeeded
constexpr std::uint32_t kLastIncarnation = (1u << 24) - 1;

Result<void> write(Rooms& rooms, const schema::StoreRecord& record, const std::optional<std::string>& before) {
  CommitEntry entry{Batch(schema::Partition::meta()), {{Space::point, std::string(keys::kStore), before}}};
  entry.batch.put(Space::point, keys::kStore, schema::encode(record));
  CommitList list;
  list.push_back(std::move(entry));
  return rooms.committer.commit(std::move(list));
}

Result<schema::StoreRecord> read_record(Rooms& rooms) {
  TELEPOST_ASSIGN(const auto bytes, rooms.engine->reader(schema::Partition::meta())->get(Space::point, keys::kStore));
  if (!bytes) return {Errc::corrupt, "the store has lost its record"};
  return schema::decode_StoreRecord(*bytes);
}

// Another process may have seen a later time.
void note_time(Rooms& rooms, schema::StoreRecord& record) {
  record.latest = std::max(record.latest, rooms.clock.now());
  record.leap.reset();
  if (rooms.clock.leap()) record.leap = rooms.clock.wall();
}

std::string place_of(const schema::ArchiveSettings& settings) {
  return settings.endpoint.empty() ? settings.path : settings.endpoint + "/" + settings.bucket + "/" + settings.prefix;
}

Result<void> begin_archive(Rooms& rooms, const std::string& store_id) {
  ArchiveMemory memory{place_of(rooms.configuration.archive), {}};
  TELEPOST_ASSIGN(memory.begun, rooms.engine->reader(schema::Partition::meta())->get(Space::point, keys::kBegunArchive));
  memory.keep = [&rooms, place = memory.place] {
    CommitEntry entry{Batch(schema::Partition::meta())};
    entry.batch.put(Space::point, keys::kBegunArchive, place);
    CommitList list;
    list.push_back(std::move(entry));
    return rooms.committer.commit(std::move(list));
  };
  rooms.archive.begin(store_id, std::move(memory));
  return {};
}

}  // namespace

Result<void> begin_incarnation(Rooms& rooms) {
  TELEPOST_ASSIGN(const auto bytes, rooms.engine->reader(schema::Partition::meta())->get(Space::point, keys::kStore));
  schema::StoreRecord record;
  if (bytes) {
    TELEPOST_ASSIGN(record, schema::decode_StoreRecord(*bytes));
  } else {
    record.id = rooms.random.bytes(16);
    record.created = rooms.clock.now();
  }
  if (record.format > kFormat) {
    return {Errc::unsupported, "the store has format " + std::to_string(record.format) + "; this program reads up to 1"};
  }
  if (record.incarnation >= kLastIncarnation) return {Errc::too_many, "the store was opened too often for its ids"};
  ++record.incarnation;
  rooms.clock.begin(record);
  note_time(rooms, record);
  TELEPOST_TRY(write(rooms, record, bytes));
  rooms.clock.kept(record.latest);
  rooms.numbers.begin(record.incarnation);
  return begin_archive(rooms, record.id);
}

Result<void> keep_time(Rooms& rooms) {
  for (int tries = 0; tries < kRecordTries; ++tries) {
    TELEPOST_ASSIGN(schema::StoreRecord record, read_record(rooms));
    const std::string before = schema::encode(record);
    note_time(rooms, record);
    const Result<void> written = write(rooms, record, before);
    if (written.ok()) rooms.clock.kept(record.latest);
    if (written.ok() || written.error().kind != Errc::conflict) return written;
  }
  return {Errc::busy, "other processes keep changing the store's record"};
}

Result<void> keep_time_if_old(Rooms& rooms) {
  return rooms.clock.now() - rooms.clock.kept() > kKeepEvery ? keep_time(rooms) : Result<void>();
}

Result<ClockState> clock_state(Rooms& rooms) {
  TELEPOST_ASSIGN(const schema::StoreRecord record, read_record(rooms));
  const std::optional<Duration> leap = rooms.clock.leap();
  return ClockState{rooms.clock.wall(), rooms.clock.now(), record.latest, leap};
}

Result<ClockState> accept_clock(Rooms& rooms) {
  if (const std::optional<Duration> leap = rooms.clock.leap()) {
    schema::AuditRecord record;
    record.action = schema::AuditRecord::Action::clock_accepted;
    record.policy = "operator";
    record.reason = "from " + to_rfc3339(rooms.clock.now()) + " to " + to_rfc3339(rooms.clock.wall());
    TELEPOST_TRY(Audit(rooms).record(std::move(record)));
  }
  rooms.clock.accept();
  TELEPOST_TRY(keep_time(rooms));
  return clock_state(rooms);
}

}  // namespace telepost::store
