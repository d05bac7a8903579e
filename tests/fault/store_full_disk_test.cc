// A disk that fills up: deliveries are refused as disk_full (452 4.3.1), reads, expunges and sweeps go on, and with space back
// deliveries are taken again by themselves within ten seconds. A real file system of 64 MiB, where this process may mount one.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

#include "store/rooms.h"
#include "tests/fault/store_on_disk.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/store_content.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::AccountId;

class SmallDisk {
 public:
  SmallDisk()
      : mounted_(::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=64m,mode=0700") == 0),
        files_(std::make_shared<test::FaultFileSystem>(1, folder_.path())),
        env_(test::env_of(files_)) {}
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  rocksdb::Env* env() const { return mounted_ ? nullptr : env_.get(); }
  std::string store_path() const { return folder_ / "store"; }
  bool mounted() const { return mounted_; }

  // Leaves so many bytes.
  void fill(std::uintmax_t leave) {
    if (!mounted_) return files_->set_full(true);
    std::ofstream file(ballast_, std::ios::app);
    const std::string block(1u << 16, 'b');
    while (file && std::filesystem::space(folder_.path()).available > leave) file.write(block.data(), 1u << 16).flush();
  }
  void make_room() {
    if (!mounted_) return files_->set_full(false);
    std::filesystem::remove(ballast_);
  }

 private:
  const test::TempFolder folder_;
  const bool mounted_;
  const std::string ballast_ = folder_ / "ballast";
  const std::shared_ptr<test::FaultFileSystem> files_;
  const std::unique_ptr<rocksdb::Env> env_;
};

Result<store::Delivered> deliver(test::StoreOnDisk& disk, AccountId account, const std::string& text) {
  return test::deliver(disk.store(), test::incoming_for(disk.store(), {account}), text)[0];
}

// The store looks at the disk once a second by itself: this waits for what it finds.
testing::AssertionResult comes_to(test::StoreOnDisk& disk, bool accepts) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (disk.store().health().ok() != accepts) {
    if (std::chrono::steady_clock::now() > deadline) return testing::AssertionFailure() << "not within ten seconds";
    rooms_of(disk.store()).health.refresh();
  }
  return testing::AssertionSuccess();
}

// Each that was acknowledged, once. What was refused at the moment when the disk became full may be there too, as a whole.
void expect_all(test::StoreOnDisk& disk, AccountId account, const std::vector<std::string>& acknowledged,
                const std::vector<std::string>& refused = {}) {
  std::multiset<std::string> stored;
  for (std::string& source : test::sources_of(disk.store(), account)) stored.insert(std::move(source));
  for (const std::string& text : acknowledged) EXPECT_EQ(stored.count(text), 1u);
  for (const std::string& text : acknowledged) stored.erase(text);
  for (const std::string& text : refused) stored.erase(text);
  EXPECT_TRUE(stored.empty()) << stored.size() << " that nobody sent";
}

TEST(StoreOnAFullDisk, RefusesDeliveriesAndDoesTheRestWhileTheReserveIsReached) {
  SmallDisk small;
  if (!small.mounted()) return;  // the reserve is asked of the real file system; the next test does without
  test::StoreOnDisk disk(small.store_path(), small.env(), true, {0, 12u << 20});
  ASSERT_TRUE(disk.open().ok());
  const AccountId ann = *disk.store().accounts().create({{"ann@example.test"}, "", ""});
  std::vector<std::string> acknowledged;
  for (int i = 0; i < 20; ++i) {
    acknowledged.push_back(test::mail_with(std::to_string(i), {test::random_lines(static_cast<std::uint64_t>(i), 60'000)}));
    ASSERT_TRUE(deliver(disk, ann, acknowledged.back()).ok());
  }
  small.fill(8u << 20);
  ASSERT_TRUE(comes_to(disk, false));
  EXPECT_EQ(deliver(disk, ann, test::mail("refused")).error().kind, Errc::disk_full);
  const auto made = store::wait_for<store::Recipient>([&](auto done) { disk.store().deliver().resolve("mailto:new@example.test", {}, std::move(done)); });
  EXPECT_EQ(made.error().kind, Errc::disk_full);
  expect_all(disk, ann, acknowledged);
  const auto page = disk.store().reader().list_by_uid(ann, store::kInbox, {1}, {10}, 10);
  ASSERT_TRUE(page.ok());
  for (const store::Listed& listed : page->messages) ASSERT_TRUE(disk.store().changer().expunge({ann, listed.summary.local}).ok());
  acknowledged.erase(acknowledged.begin(), acknowledged.begin() + 10);
  for (int hour = 0; hour < 4; ++hour) {
    disk.clock().advance(1h);
    ASSERT_TRUE(disk.store().sweep().run({}).ok());
  }
  expect_all(disk, ann, acknowledged);
  small.make_room();
  ASSERT_TRUE(comes_to(disk, true));
  acknowledged.push_back(test::mail("after"));
  EXPECT_TRUE(deliver(disk, ann, acknowledged.back()).ok());
  expect_all(disk, ann, acknowledged);
  EXPECT_TRUE(disk.verify_clean());
}

TEST(StoreOnAFullDisk, LosesNothingWithoutAReserveEither) {
  SmallDisk small;
  test::StoreOnDisk disk(small.store_path(), small.env());
  ASSERT_TRUE(disk.open().ok());
  const AccountId ann = *disk.store().accounts().create({{"ann@example.test"}, "", ""});
  std::vector<std::string> acknowledged, refused_texts;
  for (int time = 0; time < 3; ++time) {
    for (int i = 0; i < 10; ++i) {
      acknowledged.push_back(test::mail_with(std::to_string(time) + "." + std::to_string(i), {test::random_lines(acknowledged.size(), 60'000)}));
      ASSERT_TRUE(deliver(disk, ann, acknowledged.back()).ok());
    }
    small.fill(0);
    bool refused = false;
    for (int i = 0; i < 2000 && !refused; ++i) {
      const std::string text = test::mail_with("full " + std::to_string(time) + "." + std::to_string(i), {test::random_lines(1000 + acknowledged.size(), 60'000)});
      const auto delivered = deliver(disk, ann, text);
      refused = !delivered.ok();
      if (!refused) acknowledged.push_back(text);
      if (refused) {
        EXPECT_EQ(delivered.error().kind, Errc::disk_full) << to_string(delivered.error());
        refused_texts.push_back(text);
      }
    }
    EXPECT_TRUE(refused);
    EXPECT_EQ(deliver(disk, ann, test::mail("refused")).error().kind, Errc::disk_full);
    expect_all(disk, ann, acknowledged, refused_texts);
    small.make_room();
    ASSERT_TRUE(comes_to(disk, true));
  }
  acknowledged.push_back(test::mail("after"));
  ASSERT_TRUE(deliver(disk, ann, acknowledged.back()).ok());
  expect_all(disk, ann, acknowledged, refused_texts);
  EXPECT_TRUE(disk.verify_clean());
  disk.close();
  ASSERT_TRUE(disk.open().ok());
  expect_all(disk, ann, acknowledged, refused_texts);
  EXPECT_TRUE(disk.verify_clean());
}

}  // namespace
}  // namespace telepost
