#include "store/log_trim.h"

#include <optional>
#include <string>

#include "schema/keys.h"
#include "store/calendar.h"
#include "store/rooms.h"

namespace telepost::store {

namespace {

// Trimming is hinted once a day and slice: hints of one day are one.
Time day_after(Time time) {
  const std::int64_t day = std::chrono::duration_cast<Duration>(std::chrono::days(1)).count();
  return from_millis((to_millis(time) / day + 1) * day);
}

}  // namespace

CommitEntry trim_hint(Time time, Duration keep, const schema::Partition& slice) { return Calendar::write(day_after(time + keep), slice); }

Result<bool> trim_log(Rooms& rooms, const schema::Partition& slice, std::string_view letter, Duration keep,
                      const std::function<Result<Time>(std::string_view key, std::string_view value)>& time_of,
                      const std::function<bool()>& goes_on) {
  const Time last = rooms.clock.now() - keep;
  std::string from(letter);  // what lies before it is gone
  for (;;) {
    CommitEntry entry{Batch(slice)};
    std::optional<Time> staying;
    Result<void> read;
    const auto reader = rooms.engine->bulk_reader(slice);
    TELEPOST_TRY(reader->scan(Space::queue, from, schema::keys::after(letter), [&](std::string_view key, std::string_view value) {
      const Result<Time> time = time_of(key, value);
      if (!time.ok()) read = time.error();
      else if (*time > last) staying = *time;
      else entry.batch.erase(Space::queue, from = key);
      return read.ok() && !staying && entry.batch.operations() < kLogRecordsAtOnce;
    }));
    TELEPOST_TRY(std::move(read));
    const bool more = entry.batch.operations() >= kLogRecordsAtOnce;
    CommitList list;
    if (staying) list.push_back(trim_hint(*staying, keep, slice));
    if (!entry.batch.empty()) list.push_back(std::move(entry));
    if (!list.empty()) TELEPOST_TRY(rooms.committer.commit(std::move(list)));
    if (!more) return true;
    if (!goes_on()) return false;
  }
}

}  // namespace telepost::store
