#include "store/lease.h"

#include "store/rooms.h"

namespace telepost::store {
namespace {
constexpr int kRenewalsPerLength = 3;
}  // namespace

Result<void> Lease::write(schema::LeaseRecord record, const std::optional<std::string>& before) {
  record.until = rooms_->clock.now() + record.length;
  std::string bytes = schema::encode(record);
  CommitEntry entry{Batch(partition_), {{Space::point, key_, before}}};
  entry.batch.put(Space::point, key_, bytes);
  const SteadyTime begun = rooms_->clock.steady();
  CommitList list;
  list.push_back(std::move(entry));
  TELEPOST_TRY(rooms_->committer.commit(std::move(list)));
  record_ = record;
  bytes_ = std::move(bytes);
  renewed_ = begun;
  return {};
}

Result<std::optional<Lease>> Lease::take(Rooms& rooms, const schema::Partition& partition, std::string_view key) {
  Lease lease(rooms, partition, key);
  TELEPOST_ASSIGN(const auto before, rooms.engine->reader(partition)->get(Space::point, key));
  const std::string place = std::string(partition.bytes()).append(key);
  schema::LeaseRecord record;
  if (before) {
    TELEPOST_ASSIGN(record, schema::decode_LeaseRecord(*before));
    const bool others = record.owner != 0 && rooms.engine->writers() == Engine::Writers::many;
    if (others && !rooms.seen_leases.has_lapsed(place, *before, record.length, rooms.clock.steady())) return std::optional<Lease>();
  }
  rooms.seen_leases.forget(place);
  record.owner = rooms.numbers.incarnation();
  ++record.epoch;
  record.renewal = 0;
  record.length = kLeaseLength;
  const Result<void> written = lease.write(record, before);
  if (!written.ok() && written.error().kind == Errc::conflict) return std::optional<Lease>();
  TELEPOST_TRY(written);
  return std::optional<Lease>(std::move(lease));
}

Result<void> Lease::keep() {
  if (rooms_->engine->writers() == Engine::Writers::one) return {};  // nobody watches
  if (rooms_->clock.steady() - renewed_ < kLeaseLength / kRenewalsPerLength) return {};
  schema::LeaseRecord renewed = record_;
  ++renewed.renewal;
  return write(renewed, bytes_);
}

Result<bool> Lease::is_ours() const {
  TELEPOST_ASSIGN(const auto bytes, rooms_->engine->reader(partition_)->get(Space::point, key_));
  return bytes == bytes_;
}

void Lease::release(CommitEntry& entry) const {
  schema::LeaseRecord free = record_;
  free.owner = 0;
  entry.batch.put(Space::point, key_, schema::encode(free));
}

Result<std::shared_ptr<Lease>> SliceLeases::take(Rooms& rooms, std::uint16_t slice) {
  std::shared_ptr<Lease>& lease = leases_[slice];
  if (!lease) {
    const auto partition = schema::Partition::slice(schema::PartitionKind::calendar, slice);
    TELEPOST_ASSIGN(auto taken, Lease::take(rooms, partition, schema::keys::kCalendarLease));
    if (taken) lease = std::make_shared<Lease>(std::move(*taken));
  }
  return lease;
}

// Nobody has it but the one who asks.
bool SliceLeases::is_last(std::uint16_t slice, const std::shared_ptr<Lease>& lease) const {
  return leases_[slice] == lease && lease.use_count() == 2;
}

void SliceLeases::finish(Rooms& rooms, std::uint16_t slice, const std::shared_ptr<Lease>& lease, CommitEntry& entry, bool is_end) {
  if (!lease) return;
  entry.expectations.push_back(lease->expectation());
  if (is_end && is_last(slice, lease) && rooms.engine->writers() == Engine::Writers::many) lease->release(entry);
}

void SliceLeases::finished(Rooms& rooms, std::uint16_t slice, const std::shared_ptr<Lease>& lease) {
  if (lease && is_last(slice, lease) && rooms.engine->writers() == Engine::Writers::many) drop(slice, lease);
}

void SliceLeases::drop(std::uint16_t slice, const std::shared_ptr<Lease>& lease) {
  if (leases_[slice] == lease) leases_[slice].reset();
}

bool SeenLeases::has_lapsed(const std::string& place, const std::string& bytes, Duration length, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto [seen, first] = seen_.try_emplace(place, Seen{bytes, now});
  if (!first && seen->second.bytes != bytes) seen->second = {bytes, now};
  return now - seen->second.since >= length;
}

void SeenLeases::forget(const std::string& place) {
  const std::lock_guard lock(mutex_);
  seen_.erase(place);
}

}  // namespace telepost::store
