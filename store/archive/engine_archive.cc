#include "store/archive/engine_archive.h"

#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;

namespace {

constexpr std::size_t kSliceBytes = 1u << 20;
constexpr std::uint32_t kSlicesInBatch = 3;  // below the batch's 4 MiB

Partition partition_of(const schema::ArchiveName& name) { return Partition::account(name.message.account); }
std::uint32_t slices_of(std::uint64_t size_bytes) { return static_cast<std::uint32_t>((size_bytes + kSliceBytes - 1) / kSliceBytes); }

}  // namespace

// Null: there is none.
Result<std::shared_ptr<Engine>> EngineArchive::found(Missing missing) {
  const std::lock_guard lock(mutex_);
  if (engine_) return engine_;
  Result<std::unique_ptr<Engine>> engine = open_(missing);
  if (!engine.ok() && engine.error().kind == Errc::not_found) return std::shared_ptr<Engine>();
  if (!engine.ok()) return {Errc::unavailable, engine.error().detail};
  engine_ = std::move(*engine);
  return engine_;
}

Result<std::shared_ptr<Engine>> EngineArchive::opened() {
  TELEPOST_ASSIGN(auto engine, found(Missing::stays));
  if (!engine) return {Errc::unavailable, "there is no archive at its place: is its folder mounted?"};
  return engine;
}

void EngineArchive::let_go() {
  const std::lock_guard lock(mutex_);
  engine_.reset();
}

// What the disk failed opens anew with the next call. A full one needs no more than room.
Error EngineArchive::failed(const std::shared_ptr<Engine>& engine, const Error& error) {
  if (error.kind == Errc::disk_full) {
    (void)engine->recover();
    return error;
  }
  const std::lock_guard lock(mutex_);
  if (engine_ == engine) engine_.reset();
  return {Errc::unavailable, error.detail};
}

Result<void> EngineArchive::commit(const std::shared_ptr<Engine>& engine, CommitList list) {
  std::vector<Result<void>> results(1);
  engine->commit(std::span(&list, 1), results);
  if (!results[0].ok()) return failed(engine, results[0].error());
  return {};
}

// The size goes first: what a crash leaves of an object is still listed, and removed whole.
Result<void> EngineArchive::put(const schema::ArchiveName& name, std::string_view bytes) {
  TELEPOST_ASSIGN(const auto engine, opened());
  CommitList list;
  list.push_back({Batch(partition_of(name))});
  std::string size;
  ByteWriter(size).u64(bytes.size());
  list.back().batch.put(Space::scan, keys::archived_part(name), size);
  for (std::uint32_t slice = 0; slice < slices_of(bytes.size()); ++slice) {
    if (slice > 0 && slice % kSlicesInBatch == 0) list.push_back({Batch(partition_of(name))});
    list.back().batch.put(Space::large, keys::archived_slice(name, slice), bytes.substr(slice * kSliceBytes, kSliceBytes));
  }
  return commit(engine, std::move(list));
}

Result<std::optional<std::uint64_t>> EngineArchive::size_of(const std::shared_ptr<Engine>& engine, const schema::ArchiveName& name) {
  const auto stored = engine->reader(partition_of(name))->get(Space::scan, keys::archived_part(name));
  if (!stored.ok()) return failed(engine, stored.error());
  if (!*stored) return std::optional<std::uint64_t>();
  return std::optional(ByteReader(**stored).u64());
}

Result<std::string> EngineArchive::get(const schema::ArchiveName& name, std::uint64_t limit_bytes) {
  TELEPOST_ASSIGN(const auto engine, opened());
  TELEPOST_ASSIGN(const auto size, size_of(engine, name));
  if (!size) return {Errc::not_found, "the archive does not have " + to_string(name)};
  if (*size > limit_bytes) return {Errc::too_large, "the archive has more under " + to_string(name) + " than was put there"};
  const auto reader = engine->bulk_reader(partition_of(name));
  std::string bytes;
  bytes.reserve(*size);
  for (std::uint32_t slice = 0; slice < slices_of(*size); ++slice) {
    const auto stored = reader->get(Space::large, keys::archived_slice(name, slice));
    if (!stored.ok()) return failed(engine, stored.error());
    bytes += stored->value_or("");
  }
  return bytes;
}

Result<void> EngineArchive::remove(const schema::ArchiveName& name) {
  TELEPOST_ASSIGN(const auto engine, opened());
  TELEPOST_ASSIGN(const auto size, size_of(engine, name));
  if (!size) return {};
  Batch batch(partition_of(name));
  for (std::uint32_t slice = 0; slice < slices_of(*size); ++slice) batch.erase(Space::large, keys::archived_slice(name, slice));
  batch.erase(Space::scan, keys::archived_part(name));
  CommitList list;
  list.push_back({std::move(batch)});
  return commit(engine, std::move(list));
}

Result<void> EngineArchive::list_account(const std::shared_ptr<Engine>& engine, schema::AccountId account, const Visitor& visit,
                                         bool& go_on) {
  const Result<void> read = engine->bulk_reader(Partition::account(account))->scan(
      Space::scan, {}, {}, [&](std::string_view key, std::string_view size) {
        const auto name = keys::archived_name(account, key);
        if (name) go_on = visit(*name, ByteReader(size).u64());
        return go_on;
      });
  return read.ok() ? Result<void>() : Result<void>(failed(engine, read.error()));
}

Result<void> EngineArchive::list(std::optional<schema::AccountId> account, const Visitor& visit) {
  TELEPOST_ASSIGN(const auto engine, opened());
  bool go_on = true;
  if (account) return list_account(engine, *account, visit, go_on);
  std::vector<schema::AccountId> accounts;
  const Result<void> listed = engine->list_partitions(schema::PartitionKind::account, {}, [&](const Partition& partition) {
    accounts.push_back(partition.account_id());
    return true;
  });
  if (!listed.ok()) return failed(engine, listed.error());
  for (const schema::AccountId each : accounts) {
    if (go_on) TELEPOST_TRY(list_account(engine, each, visit, go_on));
  }
  return {};
}

Result<std::optional<std::string>> EngineArchive::owner() {
  TELEPOST_ASSIGN(const auto engine, found(Missing::stays));
  if (!engine) return std::optional<std::string>();
  auto owner = engine->reader(Partition::meta())->get(Space::point, keys::kArchiveOwner);
  if (!owner.ok()) return failed(engine, owner.error());
  return owner;
}

Result<void> EngineArchive::set_owner(std::string_view owner) {
  TELEPOST_ASSIGN(const auto engine, found(Missing::is_made));
  if (!engine) return {Errc::unavailable, "the archive's place cannot be made"};
  CommitEntry entry{Batch(Partition::meta())};
  entry.batch.put(Space::point, keys::kArchiveOwner, owner);
  CommitList list;
  list.push_back(std::move(entry));
  return commit(engine, std::move(list));
}

Result<void> EngineArchive::compact() {
  TELEPOST_ASSIGN(const auto engine, opened());
  const Result<void> compacted = engine->compact();
  return compacted.ok() ? compacted : Result<void>(failed(engine, compacted.error()));
}

}  // namespace telepost::store
