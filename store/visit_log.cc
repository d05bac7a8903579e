#include "store/visit_log.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "base/bytes.h"
#include "base/log.h"
#include "base/metrics.h"
#include "schema/keys.h"
#include "store/accounts.h"
#include "store/log_reader.h"
#include "store/log_trim.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::VisitRecord;

namespace {

constexpr Duration kMostVisitDelay = std::chrono::seconds(1);
constexpr std::size_t kMostVisitText = 256;                      // of one field
constexpr Duration kClockLoss = std::chrono::minutes(5);         // more than a crash takes from the store's time (store/store_record.h)
constexpr Duration kLongestWrite = std::chrono::hours(1);        // a record is on disk by then, or will never be

metrics::Counter& written_visits() {
  static metrics::Counter counter("telepost_visit_records_total", "Records of log-ins and connections that were written", {"event"});
  return counter;
}

metrics::Counter& dropped_visits() {
  static metrics::Counter counter("telepost_visit_records_dropped_total", "Records of log-ins and connections that were not", {"reason"});
  return counter;
}

Result<std::uint64_t> visit_position(std::string_view cursor) {
  std::uint64_t position = 0;
  const auto [rest, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), position);
  const bool is_number = error == std::errc() && rest == cursor.data() + cursor.size() && position != std::numeric_limits<std::uint64_t>::max();
  if (!cursor.empty() && !is_number) {
    return {Errc::invalid, "'" + std::string(cursor.substr(0, 40)) + "' is no cursor of the log of visits"};
  }
  return position;
}

// What it is about may be of any length; the record is not.
std::string short_of(std::string_view text) { return std::string(text.substr(0, kMostVisitText)); }

// Records of one stretch, hour after hour: those of an hour lie in one slice in their order.
class VisitReader {
 public:
  // Both ends included.
  VisitReader(Engine& engine, std::uint64_t from, std::uint64_t last) : engine_(engine), next_(from), last_(last) {}

  Result<void> run(const VisitLog::Visitor& visit) {
    TELEPOST_ASSIGN(const std::optional<std::uint64_t> first, first_of_all());
    if (!first) return {};
    next_ = *first;
    for (bool goes_on = true; goes_on && next_ <= last_;) {
      const std::uint64_t end = std::min(end_of_hour(next_), last_ + 1);
      TELEPOST_ASSIGN(goes_on, read_to(end, visit));
      next_ = end;
    }
    return {};
  }

 private:
  static std::uint64_t end_of_hour(std::uint64_t number) {
    const auto hour = std::chrono::floor<std::chrono::hours>(keys::visit_written(number));
    return keys::first_visit_of(hour + std::chrono::hours(1));
  }

  Result<std::optional<std::uint64_t>> first_of_all() {
    std::optional<std::uint64_t> first;
    for (std::uint16_t slice = 0; slice < keys::kAuditSlices; ++slice) {
      const auto reader = engine_.bulk_reader(schema::Partition::slice(schema::PartitionKind::audit, slice));
      TELEPOST_TRY(reader->scan(Space::queue, keys::visit(next_), keys::visit(last_ + 1), [&](std::string_view key, std::string_view) {
        const std::uint64_t number = ByteReader(key.substr(1)).u64();
        first = std::min(first.value_or(number), number);
        return false;
      }));
    }
    return first;
  }

  Result<bool> read_to(std::uint64_t end, const VisitLog::Visitor& visit) {
    using HourReader = LogReader<VisitRecord>;
    HourReader records(engine_.bulk_reader(keys::visit_slice(next_)), keys::visit, schema::decode_VisitRecord, next_, end);
    for (;; records.pop()) {
      TELEPOST_ASSIGN(const HourReader::Numbered* const one, records.front());
      if (one == nullptr) return true;
      if (!visit(one->number, one->record)) return false;
    }
  }

  Engine& engine_;
  std::uint64_t next_;
  const std::uint64_t last_;
};

}  // namespace

VisitLog::VisitLog(Rooms& rooms) : rooms_(rooms), settings_(rooms.configuration.visits) {}

VisitLog::~VisitLog() { stop(); }

void VisitLog::start() {
  {
    const std::lock_guard lock(mutex_);
    if (running_ || settings_.keep <= Duration(0)) return;
    running_ = true;
    started_ = rooms_.clock.now();
  }
  thread_ = std::thread([this] { run(); });
  note({.event = VisitRecord::Event::started});
}

void VisitLog::stop() {
  if (!thread_.joinable()) return;
  note({.event = VisitRecord::Event::stopped});
  {
    const std::lock_guard lock(mutex_);
    running_ = false;
    standing_.clear();
  }
  wake_.notify_all();
  thread_.join();
  flush();
}

std::uint64_t VisitLog::begin(std::string_view listener, std::string_view peer) {
  VisitRecord record{.event = VisitRecord::Event::connection, .listener = short_of(listener), .peer = short_of(peer)};
  record.begun = rooms_.clock.now();
  const std::lock_guard lock(mutex_);
  if (!running_) return 0;
  record.visit = rooms_.numbers.next();
  const std::uint64_t visit = record.visit;
  standing_.emplace(visit, std::move(record));
  return visit;
}

void VisitLog::log_in(std::uint64_t visit, Attempt attempt) {
  if (visit == 0) return;
  VisitRecord record{.event = VisitRecord::Event::login, .time = rooms_.clock.now(), .visit = visit, .peer = short_of(attempt.peer)};
  record.result = attempt.refused.empty() ? VisitRecord::Result::accepted : VisitRecord::Result::refused;
  record.method = short_of(attempt.method);
  record.reason = short_of(attempt.refused);
  // What nobody is called was typed by whoever knows where: it may be a password.
  const Result<std::string> name = attempt.account ? canonical_address(attempt.name) : Result<std::string>("");
  if (attempt.account) record.account = *attempt.account;
  if (name.ok()) record.name = short_of(*name);
  const std::lock_guard lock(mutex_);
  const auto found = standing_.find(visit);
  if (found == standing_.end()) return;
  VisitRecord& connection = found->second;
  record.listener = connection.listener;
  if (record.result == VisitRecord::Result::accepted) {
    connection.account = record.account;
    connection.name = record.name;
    connection.method = record.method;
    connection.peer = record.peer;
  }
  append(std::move(record));
}

void VisitLog::end(std::uint64_t visit, std::uint64_t bytes_in, std::uint64_t bytes_out) {
  if (visit == 0) return;
  const Time now = rooms_.clock.now();
  const std::lock_guard lock(mutex_);
  auto ended = standing_.extract(visit);
  if (ended.empty()) return;
  VisitRecord& record = ended.mapped();
  record.time = now;
  record.bytes_in = bytes_in;
  record.bytes_out = bytes_out;
  append(std::move(record));
}

void VisitLog::note(VisitRecord record) {
  record.time = rooms_.clock.now();
  if (record.account.value == 0) record.name.clear();
  for (std::string* const text : {&record.listener, &record.peer, &record.name, &record.method, &record.reason}) *text = short_of(*text);
  const std::lock_guard lock(mutex_);
  append(std::move(record));
}

bool VisitLog::is_wanted(const VisitRecord& record) const {
  switch (record.event) {
    case VisitRecord::Event::login: return record.result == VisitRecord::Result::accepted ? settings_.accepted : settings_.refused;
    case VisitRecord::Event::connection: return settings_.connections;
    case VisitRecord::Event::started:
    case VisitRecord::Event::stopped: break;
  }
  return true;
}

// Under the lock.
void VisitLog::append(VisitRecord record) {
  if (!running_ || !is_wanted(record)) return;
  if (waiting_.size() >= kMostWaitingVisits) return dropped_visits().with({"too many"}).add();
  waiting_.push_back(std::move(record));
  if (waiting_.size() == 1 || waiting_.size() == kLogRecordsAtOnce) wake_.notify_one();
}

void VisitLog::run() {
  std::unique_lock lock(mutex_);
  while (running_) {
    wake_.wait(lock, [this] { return !running_ || !waiting_.empty(); });
    wake_.wait_for(lock, kMostVisitDelay, [this] { return !running_ || waiting_.size() >= kLogRecordsAtOnce; });
    lock.unlock();
    flush();
    lock.lock();
  }
}

void VisitLog::flush() {
  const std::lock_guard writing(write_mutex_);
  std::vector<VisitRecord> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(waiting_);
  }
  for (std::size_t i = 0; i < taken.size(); i += kLogRecordsAtOnce) {
    const auto begin = taken.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = taken.begin() + static_cast<std::ptrdiff_t>(std::min(taken.size(), i + kLogRecordsAtOnce));
    write({std::make_move_iterator(begin), std::make_move_iterator(end)});
  }
}

void VisitLog::write(const std::vector<VisitRecord>& records) {
  // Anybody may connect, as often as they like: what is left of the disk is for deleting.
  const Result<void> health = rooms_.health.check();
  if (!health.ok() && health.error().kind == Errc::disk_full) return dropped_visits().with({"disk_full"}).add(records.size());
  const Result<void> written = commit(records);
  if (!written.ok()) {
    dropped_visits().with({"not written"}).add(records.size());
    log::warning("visits_not_written", {{"records", records.size()}, {"reason", to_string(written.error())}});
    return;
  }
  std::map<VisitRecord::Event, std::uint64_t> counts;
  for (const VisitRecord& record : records) ++counts[record.event];
  for (const auto& [event, count] : counts) written_visits().with({std::string(name_of(event))}).add(count);
}

// Under write_mutex_: numbers are durable in their order.
Result<void> VisitLog::commit(const std::vector<VisitRecord>& records) {
  TELEPOST_TRY(find_last());
  const Time now = rooms_.clock.now();
  std::uint64_t number = std::max(*last_ + 1, keys::first_visit_of(now));
  if (keys::visit_slice(number) != keys::visit_slice(number + records.size())) {  // a batch belongs to one hour
    number = keys::first_visit_of(std::chrono::floor<std::chrono::hours>(keys::visit_written(number)) + std::chrono::hours(1));
  }
  const schema::Partition slice = keys::visit_slice(number);
  CommitList list;
  list.push_back(trim_hint(std::max(now, keys::visit_written(number)), settings_.keep, slice));
  CommitEntry entry{Batch(slice)};
  for (const VisitRecord& record : records) entry.batch.put(Space::queue, keys::visit(last_.emplace(number++)), encode(record));
  list.push_back(std::move(entry));
  return rooms_.committer.commit(std::move(list));
}

// Under write_mutex_. The store's time may have lost a little by a crash: no number is given twice even then.
Result<void> VisitLog::find_last() {
  if (last_) return {};
  std::uint64_t last = keys::first_visit_of(rooms_.clock.now() - kClockLoss);
  for (std::uint16_t slice = 0; slice < keys::kAuditSlices; ++slice) {
    const auto reader = rooms_.engine->bulk_reader(schema::Partition::slice(schema::PartitionKind::audit, slice));
    TELEPOST_TRY(reader->scan(Space::queue, keys::visit(last), keys::after(keys::kVisits), [&](std::string_view key, std::string_view) {
      last = ByteReader(key.substr(1)).u64();
      return true;
    }));
  }
  last_ = last;
  return {};
}

Result<std::string> VisitLog::list(const Stretch& stretch, const Visitor& visit) {
  TELEPOST_ASSIGN(std::uint64_t position, visit_position(stretch.cursor));
  flush();
  std::uint64_t last = 0;
  {
    const std::lock_guard writing(write_mutex_);
    TELEPOST_TRY(find_last());
    last = *last_;
  }
  if (stretch.until) last = std::min(last, keys::first_visit_of(*stretch.until + kLongestWrite));
  const std::uint64_t first = std::max(position + 1, stretch.since ? keys::first_visit_of(*stretch.since) : 0);
  const Visitor in_time = [&](std::uint64_t number, const VisitRecord& record) {
    const bool is_wanted = (!stretch.since || record.time >= *stretch.since) && (!stretch.until || record.time < *stretch.until);
    if (is_wanted && !visit(number, record)) return false;
    position = number;
    return true;
  };
  if (first <= last) TELEPOST_TRY(VisitReader(*rooms_.engine, first, last).run(in_time));
  return std::to_string(position);
}

std::vector<VisitRecord> VisitLog::standing() const {
  const std::lock_guard lock(mutex_);
  std::vector<VisitRecord> all;
  for (const auto& [visit, record] : standing_) all.push_back(record);
  return all;
}

std::optional<Time> VisitLog::started() const {
  const std::lock_guard lock(mutex_);
  return started_;
}

bool VisitLog::is_of_this_run(std::uint64_t visit) const { return visit >> 40 == rooms_.numbers.incarnation(); }

Result<bool> trim_visits(Rooms& rooms, const schema::Partition& slice, const std::function<bool()>& goes_on) {
  const auto time_of = [](std::string_view key, std::string_view) -> Result<Time> {
    return keys::visit_written(ByteReader(key.substr(1)).u64());
  };
  return trim_log(rooms, slice, keys::kVisits, rooms.configuration.visits.keep, time_of, goes_on);
}

}  // namespace telepost::store
