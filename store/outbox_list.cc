// The jobs of all slices in the order of their ids, which is that of their making: an id is a place in it whether its job stands or is gone.
#include <algorithm>
#include <deque>
#include <memory>

#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "store/outbox.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

constexpr std::size_t kJobsAtOnce = 64;                // jobs of a slice read at one time
constexpr std::size_t kBytesAtOnce = 128u << 10;   // of their payloads: all slices together hold 8 MiB of them

bool matches(const JobFilter& filter, const schema::JobRecord& job) {
  return (!filter.network || *filter.network == job.network) && (!filter.destination || *filter.destination == job.destination) &&
         (!filter.account || *filter.account == job.account);
}

// What is still to be listed of one slice, a few jobs at a time.
class SliceOfJobs {
 public:
  SliceOfJobs(Rooms& rooms, std::uint16_t slice, std::uint64_t after, const JobFilter& filter)
      : reader_(rooms.engine->reader(Partition::slice(schema::PartitionKind::queue, slice))), from_(keys::job(after) + '\0'), filter_(&filter) {}

  // The next one, or none.
  Result<const Job*> front() {
    if (read_.empty() && more_) TELEPOST_TRY(read());
    return read_.empty() ? nullptr : &read_.front();
  }
  void pop() { read_.pop_front(); }

 private:
  Result<void> read() {
    Result<void> decoded;
    std::size_t size = 0;
    more_ = false;
    TELEPOST_TRY(reader_->scan(Space::point, from_, keys::after("J"), [&](std::string_view key, std::string_view value) {
      from_ = std::string(key) + '\0';
      auto record = schema::decode_JobRecord(value);
      if (!record.ok()) {
        decoded = record.error();
        return false;
      }
      if (!matches(*filter_, *record)) return true;
      size += value.size();
      read_.push_back({ByteReader(key.substr(1)).u64(), std::move(*record)});
      more_ = read_.size() == kJobsAtOnce || size >= kBytesAtOnce;
      return !more_;
    }));
    return decoded;
  }

  std::unique_ptr<PartitionReader> reader_;
  std::string from_;
  const JobFilter* filter_;
  std::deque<Job> read_;
  bool more_ = true;
};

}  // namespace

Result<void> Outbox::list(const JobFilter& filter, std::uint64_t after, std::size_t limit, const std::function<bool(const Job&)>& visit) {
  std::vector<SliceOfJobs> slices;
  for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) {
    if (!filter.destination || slice == keys::queue_slice(*filter.destination).slice()) slices.emplace_back(rooms_, slice, after, filter);
  }
  for (std::size_t given = 0; given < limit; ++given) {
    SliceOfJobs* least = nullptr;
    std::uint64_t id = 0;
    for (SliceOfJobs& slice : slices) {
      TELEPOST_ASSIGN(const Job* const job, slice.front());
      if (job == nullptr || (least != nullptr && job->id >= id)) continue;
      least = &slice;
      id = job->id;
    }
    if (least == nullptr) return {};
    TELEPOST_ASSIGN(const Job* const job, least->front());
    if (!visit(*job)) return {};
    least->pop();
  }
  return {};
}

}  // namespace telepost::store
