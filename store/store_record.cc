#include "store/store_record.h"

#include "schema/keys.h"
#include "schema/records.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::uint32_t kFormat = 1;
constexpr std::uint32_t kLastIncarnation = (1u << 24) - 1;

Result<void> write(Rooms& rooms, const schema::StoreRecord& record, const std::optional<std::string>& before) {
  CommitEntry entry{Batch(schema::Partition::meta()), {{Space::point, std::string(keys::kStore), before}}};
  entry.batch.put(Space::point, keys::kStore, schema::encode(record));
  CommitList list;
  list.push_back(std::move(entry));
  return rooms.committer.commit(std::move(list));
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
  rooms.clock.begin(record.latest);
  record.latest = rooms.clock.now();
  TELEPOST_TRY(write(rooms, record, bytes));
  rooms.numbers.begin(record.incarnation);
  return {};
}

Result<void> keep_time(Rooms& rooms) {
  TELEPOST_ASSIGN(const auto bytes, rooms.engine->reader(schema::Partition::meta())->get(Space::point, keys::kStore));
  if (!bytes) return {Errc::corrupt, "the store has lost its record"};
  TELEPOST_ASSIGN(auto record, schema::decode_StoreRecord(*bytes));
  record.latest = rooms.clock.now();
  return write(rooms, record, bytes);
}

}  // namespace telepost::store
