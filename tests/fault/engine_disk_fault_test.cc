// The RocksDB engine on a disk that is full, or fails at the Nth operation: what was acknowledged stays, and
// writing comes back.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <set>

#include "base/bytes.h"
#include "store/engine/rocksdb_engine.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/temp_folder.h"

namespace telepost::store {
namespace {

using schema::AccountId;
using schema::Partition;

const Partition kAnn = Partition::account(AccountId{1});

std::string noise(std::uint64_t seed, std::size_t size_bytes) {
  std::string bytes;
  while (bytes.size() < size_bytes)
    ByteWriter(bytes).u64(seed = seed * 6364136223846793005u + 1442695040888963407u);
  return bytes;
}

// Puts one value under the number, with a record in the scan space.
Result<void> put(Engine& engine, std::uint64_t number, std::size_t size_bytes) {
  std::vector<CommitList> lists(1);
  lists[0].push_back({Batch(kAnn), {}});
  lists[0][0].batch.put(Space::large, std::to_string(number), noise(number, size_bytes));
  lists[0][0].batch.put(Space::scan, std::to_string(number), "");
  std::vector<Result<void>> results(1);
  engine.commit(lists, results);
  return std::move(results[0]);
}

void expect_all(Engine& engine, const std::set<std::uint64_t>& acknowledged, std::size_t size_bytes) {
  const auto reader = engine.reader(kAnn);
  for (const std::uint64_t number : acknowledged) {
    const auto value = reader->get(Space::large, std::to_string(number));
    ASSERT_TRUE(value.ok()) << to_string(value.error());
    EXPECT_TRUE(*value == noise(number, size_bytes)) << "value " << number;
    EXPECT_TRUE(reader->get(Space::scan, std::to_string(number)).value().has_value());
  }
}

// Fills the disk, then makes room: what both kinds of full disk must go through.
template <typename Fill, typename MakeRoom>
void fill_and_make_room(const RocksdbOptions& options, Fill fill, MakeRoom make_room) {
  constexpr std::size_t kSize = 200'000;
  std::set<std::uint64_t> acknowledged;
  auto engine = RocksdbEngine::open(options).value();
  std::uint64_t number = 0;
  const auto put_next = [&] {
    const auto result = put(*engine, ++number, kSize);
    if (result.ok()) acknowledged.insert(number);
    return result;
  };
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(put_next().ok());
  for (int round = 0; round < 3; ++round) {
    fill();
    Result<void> result = put_next();
    while (result.ok()) result = put_next();
    EXPECT_EQ(result.error().kind, Errc::disk_full) << to_string(result.error());
    // A real disk may have found room meanwhile, in files that a flush made obsolete.
    const auto too_early = engine->recover();
    EXPECT_TRUE(too_early.ok() ? options.env == nullptr : too_early.error().kind == Errc::disk_full);
    expect_all(*engine, acknowledged, kSize);
    make_room();
    const auto start = std::chrono::steady_clock::now();
    const auto recovered = engine->recover();
    EXPECT_TRUE(recovered.ok()) << to_string(recovered.error());
    const auto written = put_next();
    EXPECT_TRUE(written.ok()) << to_string(written.error());
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(put_next().ok());
    expect_all(*engine, acknowledged, kSize);
  }
  engine.reset();
  engine = RocksdbEngine::open(options).value();
  expect_all(*engine, acknowledged, kSize);
}

TEST(EngineDiskFault, AFullDiskLosesNothingAndIsLeftWithoutARestart) {
  const test::TempFolder folder;
  const auto files = std::make_shared<test::FaultFileSystem>(1, folder.path());
  const auto env = test::env_of(files);
  fill_and_make_room(
      {.path = folder / "store", .memtable_bytes = 3u << 20, .env = env.get()},
      [&] { files->set_full(true); }, [&] { files->set_full(false); });
}

// A real file system of 64 MiB, where this process may mount one; else the same on the fault file system
// above.
class SmallDisk {
 public:
  SmallDisk() : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=64m,mode=0700") == 0) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string path() const { return folder_.path(); }

 private:
  const test::TempFolder folder_;
  const bool mounted_;
};

TEST(EngineDiskFault, AFullTmpfsLosesNothingAndIsLeftWithoutARestart) {
  const SmallDisk disk;
  const auto files = std::make_shared<test::FaultFileSystem>(2, disk.path());
  const auto env = test::env_of(files);
  const std::string ballast = disk.path() + "/ballast";
  RocksdbOptions options{.path = disk.path() + "/store", .memtable_bytes = 3u << 20};
  if (!disk.mounted()) options.env = env.get();
  RecordProperty("disk", disk.mounted() ? "tmpfs" : "fault file system");
  fill_and_make_room(
      options,
      [&] {
        if (!disk.mounted()) return files->set_full(true);
        std::ofstream file(ballast);
        const std::string block(1u << 16, 'b');
        while (std::filesystem::space(disk.path()).available > (6u << 20))
          file.write(block.data(), 1u << 16).flush();
      },
      [&] { disk.mounted() ? static_cast<void>(std::filesystem::remove(ballast)) : files->set_full(false); });
}

// One run with its nth operation failing; returns false when the run needed fewer operations.
bool run_with_failure(std::uint64_t nth, const rocksdb::IOStatus& status,
                      test::FaultFileSystem::Repeat repeat) {
  constexpr std::size_t kSize = 30'000;
  const test::TempFolder folder;
  const auto files = std::make_shared<test::FaultFileSystem>(nth, folder.path());
  const auto env = test::env_of(files);
  const RocksdbOptions options{.path = folder / "store", .memtable_bytes = 384u << 10, .env = env.get()};
  auto opened = RocksdbEngine::open(options);
  if (!opened.ok()) return ADD_FAILURE() << to_string(opened.error()), false;
  std::unique_ptr<RocksdbEngine> engine = std::move(opened).value();
  const std::uint64_t last = files->operations() + nth;
  files->fail_operation(nth, status, repeat);
  std::set<std::uint64_t> acknowledged;
  for (std::uint64_t number = 1; number <= 12; ++number) {
    if (put(*engine, number, kSize).ok()) acknowledged.insert(number);
  }
  const auto compacted = engine->compact();  // flushes and rewrites; may meet the failure too
  const bool reached = files->operations() >= last;
  EXPECT_TRUE(reached || (compacted.ok() && acknowledged.size() == 12));
  files->fail_operation(0, rocksdb::IOStatus::OK());
  const auto recovered = engine->recover();
  EXPECT_TRUE(recovered.ok()) << "operation " << nth << ": " << to_string(recovered.error());
  const auto written = put(*engine, 100, kSize);
  EXPECT_TRUE(written.ok()) << "operation " << nth << ": " << to_string(written.error());
  if (written.ok()) acknowledged.insert(100);
  expect_all(*engine, acknowledged, kSize);
  engine.reset();
  opened = RocksdbEngine::open(options);
  if (!opened.ok()) return ADD_FAILURE() << "operation " << nth << ": " << to_string(opened.error()), false;
  expect_all(**opened, acknowledged, kSize);
  return reached && !testing::Test::HasFailure();
}

TEST(EngineDiskFault, RecoversFromAnErrorOfTheNthOperation) {
  std::uint64_t nth = 1;
  while (
      run_with_failure(nth, rocksdb::IOStatus::IOError("a bad sector"), test::FaultFileSystem::Repeat::once))
    ++nth;
  EXPECT_GT(nth, 50u);
}

TEST(EngineDiskFault, RecoversFromADiskThatFailsFromTheNthOperation) {
  std::uint64_t nth = 1;
  while (run_with_failure(nth, rocksdb::IOStatus::IOError("the disk went"),
                          test::FaultFileSystem::Repeat::every))
    nth += 3;
  EXPECT_GT(nth, 50u);
}

TEST(EngineDiskFault, RecoversFromADiskThatIsFullFromTheNthOperation) {
  std::uint64_t nth = 1;
  while (run_with_failure(nth, rocksdb::IOStatus::NoSpace("full"), test::FaultFileSystem::Repeat::every))
    nth += 3;
  EXPECT_GT(nth, 50u);
}

}  // namespace
}  // namespace telepost::store
