// What an engine is asked to write: a Batch for one partition, expectations that go with it, and ordered lists of both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "schema/partition.h"

namespace telepost::store {

// How a key is used, so that an engine can keep like with like (RocksDB: one column family each).
enum class Space : std::uint8_t {
  point,  // small records read one by one: heads, profiles, message records, directory
  scan,   // small records read in ranges: summaries, orders, change log, links
  queue,  // written once, read once from the front, deleted: due lists, calendar, outbox, CDRs
  large,  // values of 1 KiB to 1 MiB, written once: documents, sources, pieces
};
inline constexpr std::size_t kSpaces = 4;

inline constexpr std::size_t kMaxBatchBytes = 4u << 20;  // keys and values of one batch
inline constexpr std::size_t kMaxKeyBytes = 1024;

// Puts and erases for one partition, applied in their order, all or nothing. Holds copies of keys and values.
class Batch {
 public:
  explicit Batch(const schema::Partition& partition) : partition_(partition) {}

  void put(Space space, std::string_view key, std::string_view value) { add(space, Kind::put, key, value); }
  void erase(Space space, std::string_view key) { add(space, Kind::erase, key, {}); }

  const schema::Partition& partition() const { return partition_; }
  std::size_t size_bytes() const { return bytes_.size(); }
  std::size_t operations() const { return operations_.size(); }
  bool empty() const { return operations_.empty(); }

  // Calls put(space, key, value) or erase(space, key) for each operation in order; the views live as long as the batch.
  template <typename Put, typename Erase>
  void for_each(Put&& put, Erase&& erase) const {
    for (const Operation& operation : operations_) {
      const std::string_view key(bytes_.data() + operation.offset, operation.key_size);
      if (operation.kind == Kind::put) {
        put(operation.space, key, std::string_view(key.data() + key.size(), operation.value_size));
      } else {
        erase(operation.space, key);
      }
    }
  }

 private:
  enum class Kind : std::uint8_t { put, erase };
  struct Operation {
    std::uint32_t offset;  // of the key in bytes_; the value follows it
    std::uint32_t value_size;
    std::uint16_t key_size;
    Space space;
    Kind kind;
  };
  void add(Space space, Kind kind, std::string_view key, std::string_view value) {
    TELEPOST_ASSERT(key.size() <= kMaxKeyBytes && bytes_.size() + key.size() + value.size() <= kMaxBatchBytes);
    operations_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(value.size()),
                           static_cast<std::uint16_t>(key.size()), space, kind});
    bytes_.append(key).append(value);
  }

  schema::Partition partition_;
  std::string bytes_;
  std::vector<Operation> operations_;
};

// Holds if the key is absent (no value) or has exactly the value, at the moment its batch is applied.
struct Expectation {
  Space space;
  std::string key;
  std::optional<std::string> value;
};

struct CommitEntry {
  Batch batch;
  std::vector<Expectation> expectations = {};
};

// Applied one after the other. After a crash, a failure or a refusal a prefix of the list is there.
using CommitList = std::vector<CommitEntry>;

}  // namespace telepost::store
