// What only the engine over RocksDB does: the lock of its folder, its errors, its operation counts.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/engine/operations.h"
#include "store/engine/rocksdb_engine.h"
#include "tests/support/temp_folder.h"

namespace telepost::store {
namespace {

TEST(RocksdbEngine, RefusesAFolderThatThisProcessHasOpen) {
  const test::TempFolder folder;
  const auto first = RocksdbEngine::open({.path = folder / "store"});
  ASSERT_TRUE(first.ok());
  const auto second = RocksdbEngine::open({.path = folder / "store"});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, Errc::busy);
  EXPECT_NE(second.error().detail.find("in use by pid " + std::to_string(::getpid())), std::string::npos);
}

TEST(RocksdbEngine, TellsWhichProcessHasTheFolder) {
  const test::TempFolder folder;
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready) | ::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto engine = RocksdbEngine::open({.path = folder / "store"});
    char byte = engine.ok() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(::read(done[0], &byte, 1) == 1 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const auto engine = RocksdbEngine::open({.path = folder / "store"});
  ASSERT_EQ(::write(done[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, Errc::busy);
  EXPECT_NE(engine.error().detail.find("in use by pid " + std::to_string(child)), std::string::npos);
  EXPECT_TRUE(RocksdbEngine::open({.path = folder / "store"}).ok()) << "the lock goes with its process";
}

TEST(RocksdbEngine, MakesNoStoreUnlessItMay) {
  const test::TempFolder folder;
  const auto engine = RocksdbEngine::open({.path = folder / "none", .create = false});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, Errc::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder / "none"));
  std::filesystem::create_directory(folder / "empty");
  EXPECT_EQ(RocksdbEngine::open({.path = folder / "empty", .create = false}).error().kind, Errc::not_found);
  EXPECT_TRUE(std::filesystem::is_empty(folder / "empty"));
}

TEST(RocksdbEngine, MakesItsFolderWithParentsForItsOwnerAlone) {
  const test::TempFolder folder;
  ASSERT_TRUE(RocksdbEngine::open({.path = folder / "a/b/store"}).ok());
  EXPECT_EQ(std::filesystem::status(folder / "a/b/store").permissions(), std::filesystem::perms::owner_all);
}

TEST(RocksdbEngine, CallsADamagedStoreCorrupt) {
  const test::TempFolder folder;
  ASSERT_TRUE(RocksdbEngine::open({.path = folder / "store"}).ok());
  for (const auto& file : std::filesystem::directory_iterator(folder / "store")) {
    if (file.path().filename().string().starts_with("MANIFEST"))
      std::filesystem::resize_file(file.path(), 20);
  }
  const auto engine = RocksdbEngine::open({.path = folder / "store"});
  ASSERT_FALSE(engine.ok());
  EXPECT_EQ(engine.error().kind, Errc::corrupt);
}

TEST(RocksdbEngine, GivesBackTheRoomOfWhatWasErased) {
  const test::TempFolder folder;
  const auto size_of_blobs = [&] {
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder / "store")) {
      if (file.path().extension() == ".blob" || file.path().extension() == ".log") bytes += file.file_size();
    }
    return bytes;
  };
  const auto engine = RocksdbEngine::open({.path = folder / "store"}).value();
  const auto partition = schema::Partition::account(schema::AccountId{1});
  std::uint64_t seed = 1;
  std::vector<CommitList> lists(64);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    std::string noise;
    while (noise.size() < 256u << 10)
      noise.push_back(static_cast<char>((seed = seed * 6364136223846793005u + 1) >> 56));
    lists[i].push_back({Batch(partition), {}});
    lists[i][0].batch.put(Space::large, std::to_string(i), noise);
  }
  std::vector<Result<void>> results(lists.size());
  engine->commit(lists, results);
  ASSERT_TRUE(engine->compact().ok());
  const auto full = size_of_blobs();
  EXPECT_GT(full, 16u << 20);
  Batch erase(partition);
  for (std::size_t i = 0; i < 60; ++i) erase.erase(Space::large, std::to_string(i));
  std::vector<CommitList> erases(1);
  erases[0].push_back({std::move(erase), {}});
  engine->commit(erases, std::span(results).first(1));
  ASSERT_TRUE(engine->compact().ok());
  EXPECT_LT(size_of_blobs(), full / 8);
}

TEST(RocksdbEngine, SyncsManyListsAtOnce) {
  const test::TempFolder folder;
  const auto engine = RocksdbEngine::open({.path = folder / "store"}).value();
  std::vector<CommitList> lists(200);
  for (std::size_t i = 0; i < lists.size(); ++i) {
    lists[i].push_back({Batch(schema::Partition::account(schema::AccountId{i})), {}});
    lists[i][0].batch.put(Space::point, "k", "v");
  }
  std::vector<Result<void>> results(lists.size());
  const auto syncs = engine_operations().sync.value();
  const auto batches = engine_operations().batch.value();
  engine->commit(lists, results);
  EXPECT_EQ(engine_operations().sync.value() - syncs, 1u);
  EXPECT_EQ(engine_operations().batch.value() - batches, 200u);
}

}  // namespace
}  // namespace telepost::store
