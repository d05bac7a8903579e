#include "store/calendar.h"

#include "base/bytes.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

schema::Partition partition_of(std::uint16_t slice) {
  return schema::Partition::slice(schema::PartitionKind::calendar, slice);
}

Time time_from_key(std::string_view key) {
  return from_millis(static_cast<std::int64_t>(ByteReader(key.substr(1)).u64() ^ (1ull << 63)));
}

// The first key of a moment: "T" and the time.
std::string moment(Time time) { return keys::hint(time, schema::Partition::meta()).substr(0, 9); }

}  // namespace

CommitEntry Calendar::write(Time time, const schema::Partition& target) {
  CommitEntry entry{Batch(keys::calendar_slice(target))};
  entry.batch.put(Space::queue, keys::hint(time, target), {});
  return entry;
}

Result<std::vector<Hint>> Calendar::due(Engine& engine, std::uint16_t slice, Time until, std::size_t limit) {
  const auto reader = engine.reader(partition_of(slice));
  TELEPOST_ASSIGN(const std::optional<std::string> cursor, reader->get(Space::point, keys::kCalendarCursor));
  std::vector<Hint> hints;
  Result<void> parsed;
  TELEPOST_TRY(reader->scan(Space::queue, cursor.value_or("T"), moment(until + Duration(1)),
                            [&](std::string_view key, std::string_view) {
                              std::string_view target = key.substr(std::min<std::size_t>(9, key.size()));
                              Result<schema::Partition> partition = schema::Partition::take_from(target);
                              if (!partition.ok()) parsed = std::move(partition).error();
                              else hints.push_back({time_from_key(key), *partition});
                              return parsed.ok() && hints.size() < limit;
                            }));
  TELEPOST_TRY(std::move(parsed));
  return hints;
}

CommitEntry Calendar::done(std::uint16_t slice, const std::vector<Hint>& handled, Time now) {
  CommitEntry entry{Batch(partition_of(slice))};
  for (const Hint& hint : handled) entry.batch.erase(Space::queue, keys::hint(hint.time, hint.target));
  Time cursor = now - kCursorLag;
  if (!handled.empty()) cursor = std::min(cursor, handled.back().time);
  entry.batch.put(Space::point, keys::kCalendarCursor, moment(cursor));
  return entry;
}

}  // namespace telepost::store
