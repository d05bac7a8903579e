// The outbox: each job is an account's own, and stands where a claim and a check will find it.
#include <algorithm>

#include "base/bytes.h"
#include "schema/job_records.h"
#include "schema/keys.h"
#include "schema/records.h"
#include "store/outbox_job.h"
#include "store/verify_scope.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

class QueueVerification {
 public:
  QueueVerification(VerifyScope& scope, std::uint16_t slice)
      : scope_(scope), partition_(Partition::slice(schema::PartitionKind::queue, slice)), snapshot_(scope.engine().snapshot(partition_)) {}

  Result<void> run() {
    Result<void> visited;
    TELEPOST_TRY(snapshot_->scan(Space::queue, {}, {}, [&](std::string_view key, std::string_view) {
      visited = key[0] == 'U' ? verify_check(key) : verify_index(key);
      return visited.ok();
    }));
    TELEPOST_TRY(std::move(visited));
    std::sort(unnamed_.begin(), unnamed_.end());
    TELEPOST_TRY(snapshot_->scan(Space::point, {}, {}, [&](std::string_view key, std::string_view value) {
      visited = verify_job(key, value);
      return visited.ok();
    }));
    return visited;
  }

 private:
  void damage(std::string_view check, std::string_view key, std::string what) { scope_.damage(check, partition_, key, std::move(what)); }

  Result<void> verify_check(std::string_view key) {
    if (key.size() != 17) return damage("record", key, "no key of a queue looks so"), Result<void>();
    const JobAt at = job_at_end_of(key);
    unnamed_.push_back(at.id);
    TELEPOST_ASSIGN(const bool hinted, scope_.will_be_looked_at(partition_, at.time));
    if (!hinted) damage("outbox", key, "a check of a send job that no hint stands for");
    return {};
  }

  Result<void> verify_index(std::string_view key) {
    const bool network = (key[0] == 'N' || key[0] == 'H') && key.size() == 18;
    if (!network && !(key[0] == 'D' && key.size() == 25)) return damage("record", key, "no key of a queue looks so"), Result<void>();
    const JobAt at = job_at_end_of(key);
    TELEPOST_ASSIGN(const auto bytes, snapshot_->get(Space::point, keys::job(at.id)));
    const auto job = bytes ? schema::decode_JobRecord(*bytes) : Result<schema::JobRecord>(Errc::not_found, "");
    if (bytes && !job.ok()) return {};  // told of the job
    const auto wanted = job.ok() ? index_keys(at.id, *job) : std::vector<std::string>();
    if (std::find(wanted.begin(), wanted.end(), key) == wanted.end()) damage("outbox", key, "an entry by time that is not its send job's");
    return {};
  }

  Result<void> verify_job(std::string_view key, std::string_view value) {
    const auto job = schema::decode_JobRecord(value);
    if (!job.ok() || key.size() != 9 || key[0] != 'J') {
      damage("record", key, job.ok() ? "no key of a queue looks so" : job.error().detail);
      return {};
    }
    if (keys::queue_slice(job->destination) != partition_) return damage("outbox", key, "a send job in another destination's slice"), Result<void>();
    const std::uint64_t id = ByteReader(key.substr(1)).u64();
    for (const std::string& index : index_keys(id, *job)) {
      TELEPOST_ASSIGN(const auto there, snapshot_->get(Space::queue, index));
      if (!there) damage("outbox", index, "a send job that no claim or count will find");
    }
    const auto account = scope_.engine().reader(Partition::account(job->account));
    TELEPOST_ASSIGN(const auto name, account->get(Space::point, keys::job_name(id)));
    if (name) return {};
    TELEPOST_ASSIGN(const auto still, scope_.engine().reader(partition_)->get(Space::point, key));
    if (!still) return {};  // done meanwhile
    scope_.debris_if(std::binary_search(unnamed_.begin(), unnamed_.end(), id), "outbox", partition_, key, "a send job that no account names");
    return {};
  }

  VerifyScope& scope_;
  const Partition partition_;
  std::unique_ptr<PartitionReader> snapshot_;
  std::vector<std::uint64_t> unnamed_;
};

}  // namespace

Result<void> verify_outbox(VerifyScope& scope) {
  for (std::uint16_t slice = 0; slice < keys::kQueueSlices; ++slice) TELEPOST_TRY(QueueVerification(scope, slice).run());
  return {};
}

}  // namespace telepost::store
