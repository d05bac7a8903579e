// The RocksDB engine on a disk that loses its power: what was acknowledged is there, what was not is there in
// order or not at all. The same store without syncs must lose something, or this test would prove nothing.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "base/bytes.h"
#include "store/engine/rocksdb_engine.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_folder.h"

namespace telepost::store {
namespace {

using schema::AccountId;
using schema::Partition;

constexpr std::size_t kWriters = 3;
constexpr std::size_t kBatches = 3;  // of one list, each in a partition of its own

// Derived from the number alone, so that a torn value is seen.
std::string value_of(std::uint64_t writer, std::uint64_t number) {
  std::mt19937_64 random(writer * 1'000'003 + number);
  std::string value;
  const std::size_t words = random() % 700;
  while (value.size() < 8 * words) ByteWriter(value).u64(random());
  return value;
}

std::string key_of(std::uint64_t number) {
  std::string key;
  ByteWriter(key).u64(number);
  return key;
}

Partition partition_of(std::uint64_t writer, std::size_t batch) {
  return Partition::account(AccountId{writer * kBatches + batch});
}

// The writer's list of a number: a record, a head that names the number, and a value in each partition; the
// queue of the first forgets the number before.
CommitList list_of(std::uint64_t writer, std::uint64_t number) {
  CommitList list;
  for (std::size_t i = 0; i < kBatches; ++i) {
    Batch batch(partition_of(writer, i));
    batch.put(Space::point, "head", key_of(number));
    batch.put(Space::scan, key_of(number), "");
    batch.put(Space::large, key_of(number), value_of(writer, number));
    batch.put(Space::queue, key_of(number), "due");
    if (number > 1) batch.erase(Space::queue, key_of(number - 1));
    std::vector<Expectation> expectations;
    if (number > 1) expectations.push_back({Space::point, "head", key_of(number - 1)});
    list.push_back({std::move(batch), std::move(expectations)});
  }
  return list;
}

struct Disk {
  explicit Disk(std::uint64_t seed) : random(seed) {
    std::filesystem::create_directory(folder / "graveyard");
    files = std::make_shared<test::FaultFileSystem>(seed, folder / "graveyard");
    env = test::env_of(files);
  }
  // Memtables so small that flushes, compactions and deletions of logs meet the cut too.
  Result<std::unique_ptr<RocksdbEngine>> open(bool sync) {
    return RocksdbEngine::open(
        {.path = folder / "store", .sync = sync, .memtable_bytes = 384u << 10, .env = env.get()});
  }
  std::mt19937_64 random;
  test::TempFolder folder;
  std::shared_ptr<test::FaultFileSystem> files;
  std::unique_ptr<rocksdb::Env> env;
};

using WrittenNumbers = std::array<std::uint64_t, kWriters>;

// Commits from all writers until the power is gone; acknowledged[w] is the last number that w was told to be
// safe.
void write_until_dark(RocksdbEngine& engine, WrittenNumbers& acknowledged) {
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&engine, &number = acknowledged[writer], writer] {
      for (;;) {
        std::vector<CommitList> lists;
        const std::uint64_t group = 1 + number % 3;
        for (std::uint64_t i = 1; i <= group; ++i) lists.push_back(list_of(writer, number + i));
        std::vector<Result<void>> results(lists.size());
        engine.commit(lists, results);
        for (const auto& result : results) {
          if (!result.ok()) return;
          ++number;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Checks the partition's four spaces against each other; returns the number that its head names.
std::uint64_t check_partition(RocksdbEngine& engine, std::uint64_t writer, std::size_t index) {
  const auto reader = engine.reader(partition_of(writer, index));
  const auto head = reader->get(Space::point, "head").value();
  const std::uint64_t last = head ? ByteReader(*head).u64() : 0;
  std::uint64_t next = 1;
  EXPECT_TRUE(reader
                  ->scan(Space::scan, {}, {},
                         [&](std::string_view key, std::string_view) {
                           EXPECT_EQ(key, key_of(next++));
                           return true;
                         })
                  .ok());
  EXPECT_EQ(next, last + 1) << "records and head of one batch disagree";
  std::uint64_t values = 0;
  EXPECT_TRUE(reader
                  ->scan(Space::large, {}, {},
                         [&](std::string_view key, std::string_view value) {
                           EXPECT_EQ(key, key_of(++values));
                           EXPECT_TRUE(value == value_of(writer, values)) << "value " << values << " is torn";
                           return true;
                         })
                  .ok());
  EXPECT_EQ(values, last);
  std::vector<std::string> due;
  EXPECT_TRUE(reader
                  ->scan(Space::queue, {}, {},
                         [&](std::string_view key, std::string_view) {
                           due.emplace_back(key);
                           return true;
                         })
                  .ok());
  EXPECT_EQ(due, last == 0 ? std::vector<std::string>() : std::vector<std::string>{key_of(last)});
  return last;
}

// What is there after the cut: whole batches, prefixes of lists. Returns how many acknowledged lists are not.
std::uint64_t check_all(RocksdbEngine& engine, const WrittenNumbers& acknowledged, WrittenNumbers& found) {
  std::uint64_t lost = 0;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    std::uint64_t before = ~0ull;
    for (std::size_t i = 0; i < kBatches; ++i) {
      const std::uint64_t last = check_partition(engine, writer, i);
      EXPECT_LE(last, before) << "a later batch of a list without the earlier one";
      EXPECT_TRUE(i == 0 || before - last <= 1) << "a list began before the one before it ended";
      before = last;
    }
    found[writer] = before;
    if (before < acknowledged[writer]) lost += acknowledged[writer] - before;
  }
  return lost;
}

// How many acknowledged lists are not there. Without syncs they may be missing in the middle too: RocksDB's log reader
// passes over the rest of a block whose header the disk lost (it reads as zeros, as a preallocated log does).
std::uint64_t count_missing(RocksdbEngine& engine, const WrittenNumbers& acknowledged) {
  std::uint64_t missing = 0;
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    const auto reader = engine.reader(partition_of(writer, kBatches - 1));
    for (std::uint64_t number = 1; number <= acknowledged[writer]; ++number) {
      if (!reader->get(Space::large, key_of(number)).value()) ++missing;
    }
  }
  return missing;
}

// Brings every partition of a writer to the same number, as its owner would finish or repeat a list.
void finish_lists(RocksdbEngine& engine, WrittenNumbers& numbers) {
  for (std::size_t writer = 0; writer < kWriters; ++writer) {
    std::vector<CommitList> rest(1);
    for (CommitEntry& entry : list_of(writer, numbers[writer] + 1)) {
      const auto head = engine.reader(entry.batch.partition())->get(Space::point, "head").value();
      if (head != key_of(numbers[writer] + 1)) rest[0].push_back(std::move(entry));
    }
    std::vector<Result<void>> results(1);
    engine.commit(rest, results);
    ASSERT_TRUE(results[0].ok()) << to_string(results[0].error());
    ++numbers[writer];
  }
}

// Opens after a cut; every third time the power goes again while it opens.
Result<std::unique_ptr<RocksdbEngine>> open_again(Disk& disk, bool sync) {
  disk.files->restore_power();
  if (disk.random() % 3 == 0) {
    disk.files->cut_power_at(1 + disk.random() % 60);
    if (const auto engine = disk.open(sync); engine.ok()) disk.files->cut_power_at(1);
    disk.files->restore_power();
  }
  return disk.open(sync);
}

// Rounds of writing, cut, opening and checking on one store; returns the acknowledged lists that were lost.
std::uint64_t lists_lost(std::uint64_t seed, int rounds, bool sync) {
  Disk disk(seed);
  WrittenNumbers acknowledged{};
  auto opened = disk.open(sync);
  EXPECT_TRUE(opened.ok());
  std::uint64_t lost = 0;
  for (int round = 0; opened.ok() && round < rounds && lost == 0; ++round) {
    std::unique_ptr<RocksdbEngine> engine = std::move(opened).value();
    disk.files->cut_power_at(1 + disk.random() % (round % 4 == 0 ? 4000 : 300));
    write_until_dark(*engine, acknowledged);
    engine.reset();
    opened = open_again(disk, sync);
    if (!opened.ok()) {
      EXPECT_FALSE(sync) << to_string(opened.error());
      return lost + 1;
    }
    if (const std::uint64_t missing = sync ? 0 : count_missing(**opened, acknowledged); missing > 0) return missing;
    WrittenNumbers found{};
    lost += check_all(**opened, acknowledged, found);
    acknowledged = found;
    if (lost == 0) finish_lists(**opened, acknowledged);
    if (testing::Test::HasFailure()) {
      ADD_FAILURE() << "in round " << round << " of seed " << seed;
      return lost;
    }
  }
  return lost;
}

TEST(EnginePowerCut, LosesNothingThatWasAcknowledged) {
  for (std::uint64_t seed = 1; seed <= 6 && !HasFailure(); ++seed) EXPECT_EQ(lists_lost(seed, 12, true), 0u);
}

TEST(EnginePowerCut, LosesAcknowledgedListsWithoutSyncs) {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) lost += lists_lost(seed, 4, false);
  EXPECT_GT(lost, 0u);
}

}  // namespace
}  // namespace telepost::store
