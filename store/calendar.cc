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

// The first of a hint's messages is part of its key: two deliveries of one piece leave two hints.
std::string key_of(const Hint& hint) {
  std::string key = keys::hint(hint.time, hint.target);
  if (!hint.messages.empty()) key.append(keys::link(hint.messages.front()), 1);
  return key;
}

Result<Hint> hint_from(std::string_view key, std::string_view value) {
  if (key.size() < 9 || value.size() % 16 != 0) return {Errc::corrupt, "a calendar key that is none"};
  std::string_view rest = key.substr(9);
  TELEPOST_ASSIGN(const schema::Partition target, schema::Partition::take_from(rest));
  Hint hint{time_from_key(key), target, {}};
  for (ByteReader reader(value); !reader.rest().empty();) {
    const schema::AccountId account{reader.u64()};
    hint.messages.push_back({account, schema::LocalId{reader.u64()}});
  }
  return hint;
}

// The first key of a moment: "T" and the time.
std::string moment(Time time) { return keys::hint(time, schema::Partition::meta()).substr(0, 9); }

}  // namespace

CommitEntry Calendar::write(const Hint& hint) {
  CommitEntry entry{Batch(keys::calendar_slice(hint.target))};
  std::string messages;
  for (const schema::MessageId& message : hint.messages) messages.append(keys::link(message), 1);
  entry.batch.put(Space::queue, key_of(hint), messages);
  return entry;
}

Result<std::vector<Hint>> Calendar::due(Engine& engine, std::uint16_t slice, Time until, std::size_t limit,
                                        const std::optional<Hint>& after) {
  const auto reader = engine.reader(partition_of(slice));
  TELEPOST_ASSIGN(const std::optional<std::string> cursor, reader->get(Space::point, keys::kCalendarCursor));
  std::vector<Hint> hints;
  Result<void> parsed;
  const std::string begin = after ? key_of(*after) + '\0' : cursor.value_or("T");
  TELEPOST_TRY(reader->scan(Space::queue, begin, moment(until + Duration(1)),
                            [&](std::string_view key, std::string_view value) {
                              Result<Hint> hint = hint_from(key, value);
                              if (!hint.ok()) parsed = std::move(hint).error();
                              else hints.push_back(std::move(*hint));
                              return parsed.ok() && hints.size() < limit;
                            }));
  TELEPOST_TRY(std::move(parsed));
  return hints;
}

CommitEntry Calendar::remove(const Hint& hint) {
  CommitEntry entry{Batch(keys::calendar_slice(hint.target))};
  entry.batch.erase(Space::queue, key_of(hint));
  return entry;
}

CommitEntry Calendar::done(std::uint16_t slice, const std::vector<Hint>& handled, Time reached, Time now) {
  CommitEntry entry{Batch(partition_of(slice))};
  for (const Hint& hint : handled) entry.batch.erase(Space::queue, key_of(hint));
  entry.batch.put(Space::point, keys::kCalendarCursor, moment(std::min(now - kCursorLag, reached)));
  return entry;
}

}  // namespace telepost::store
