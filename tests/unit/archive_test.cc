// Names in the archive, and the archive on an engine of its own.
#include <gtest/gtest.h>

#include <map>

#include "schema/archive_name.h"
#include "store/archive/archive_place.h"
#include "store/archive/engine_archive.h"
#include "tests/support/borrowed_engine.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"
#include "tests/support/store_content.h"

namespace telepost {
namespace {

using schema::AccountId;
using schema::ArchiveName;
using schema::LocalId;
using store::ArchivePlace;
using store::EngineArchive;

const ArchiveName kName{{AccountId{~std::uint64_t{0}}, LocalId{(std::uint64_t{1} << 40) + 4}}, (std::uint64_t{1} << 40) + 10, 3};

TEST(ArchiveName, ComesBackFromItsText) {
  EXPECT_EQ(to_string(kName), "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000a.3");
  EXPECT_EQ(*schema::archive_name_from(to_string(kName)), kName);
  EXPECT_TRUE(to_string(kName).starts_with(schema::archive_folder(kName.message.account)));
}

TEST(ArchiveName, WhatIsWrittenOtherwiseIsNone) {
  for (const char* bad : {"", "/", "a", "telepost-store", "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000a",
                          "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000a.", "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000a.03",
                          "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000A.3", "a0000000000000/mfzzzzzzzzzzzz-100000004/10000000a.3",
                          "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/10000000a.99999999999", "afzzzzzzzzzzzz/mfzzzzzzzzzzzz-100000004/x/1.3"}) {
    EXPECT_FALSE(schema::archive_name_from(bad).ok()) << bad;
  }
}

class EngineArchiveTest : public testing::Test {
 protected:
  ~EngineArchiveTest() override { archive_.reset(); }
  std::unique_ptr<EngineArchive> archive() {
    return std::make_unique<EngineArchive>([this](EngineArchive::Missing missing) -> Result<std::unique_ptr<store::Engine>> {
      ++opened_;
      if (away_ && missing == EngineArchive::Missing::is_made) ++made_;
      if (away_ && below_ == nullptr) return Error{Errc::not_found, "not mounted"};
      return std::unique_ptr<store::Engine>(std::make_unique<test::BorrowedEngine>(away_ ? *below_ : engine_));
    });
  }
  std::map<ArchiveName, std::uint64_t> listed(std::optional<AccountId> account) {
    std::map<ArchiveName, std::uint64_t> names;
    EXPECT_TRUE(archive_->list(account, [&](const ArchiveName& name, std::uint64_t size) {
      names.emplace(name, size);
      return true;
    }).ok());
    return names;
  }
  test::ManualClock clock_;
  test::MemoryEngine engine_{clock_};
  bool away_ = false;
  test::MemoryEngine* below_ = nullptr;  // what lies in the folder over which it is mounted
  int opened_ = 0, made_ = 0;            // made: where it is away
  std::unique_ptr<EngineArchive> archive_ = archive();
};

TEST_F(EngineArchiveTest, GivesBackWhatWasPutWhateverItsSize) {
  for (const std::size_t size : {0u, 1u, 1u << 20, (1u << 20) + 1, (8u << 20) - 5}) {
    const std::string bytes = test::random_lines(size, size);
    ASSERT_TRUE(archive_->put(kName, bytes).ok());
    EXPECT_TRUE(*archive_->get(kName, bytes.size()) == bytes) << size;
  }
  EXPECT_EQ(archive_->get(kName, 100).error().kind, Errc::too_large);
  ASSERT_TRUE(archive_->remove(kName).ok());
  ASSERT_TRUE(archive_->remove(kName).ok());
  EXPECT_EQ(archive_->get(kName, 100).error().kind, Errc::not_found);
  EXPECT_TRUE(engine_.dump().empty());
}

TEST_F(EngineArchiveTest, ListsByAccount) {
  ArchiveName other = kName;
  other.message.account = AccountId{7};
  ASSERT_TRUE(archive_->put(kName, "abc").ok());
  ASSERT_TRUE(archive_->put(other, "defg").ok());
  EXPECT_EQ(listed({}), (std::map<ArchiveName, std::uint64_t>{{kName, 3}, {other, 4}}));
  EXPECT_EQ(listed(AccountId{7}), (std::map<ArchiveName, std::uint64_t>{{other, 4}}));
}

TEST_F(EngineArchiveTest, WhatACrashLeavesOfAnObjectIsListedAndRemoved) {
  const std::string bytes = test::random_lines(1, 8u << 20);
  engine_.crash_before_batch(2);
  EXPECT_FALSE(archive_->put(kName, bytes).ok());
  engine_.restart();
  EXPECT_EQ(listed({}).count(kName), 1u);
  ASSERT_TRUE(archive_->remove(kName).ok());
  EXPECT_TRUE(engine_.dump().empty());
}

TEST_F(EngineArchiveTest, AFolderThatIsAwayIsOpenedWhenItIsBack) {
  away_ = true;
  EXPECT_EQ(archive_->put(kName, "abc").error().kind, Errc::unavailable);
  EXPECT_EQ(archive_->get(kName, 3).error().kind, Errc::unavailable);
  away_ = false;
  ASSERT_TRUE(archive_->put(kName, "abc").ok());
  engine_.crash();  // the disk goes away under it
  EXPECT_EQ(archive_->get(kName, 3).error().kind, Errc::unavailable);
  engine_.restart();
  const int before = opened_;
  EXPECT_EQ(*archive_->get(kName, 3), "abc");
  EXPECT_EQ(opened_, before + 1);
}

TEST_F(EngineArchiveTest, TheStoreReadsOnlyWhatItPut) {
  ArchivePlace place(std::move(archive_), clock_);
  place.begin("store one", {});
  ASSERT_TRUE(place.put(kName, "abc", sha256("abc")).ok());
  EXPECT_EQ(*place.get(kName, 3, sha256("abc")), "abc");
  EXPECT_EQ(place.get(kName, 3, sha256("abd")).error().kind, Errc::corrupt);
  EXPECT_EQ(place.get(kName, 4, sha256("abc")).error().kind, Errc::corrupt);
  EXPECT_EQ(place.get(kName, 2, sha256("ab")).error().kind, Errc::corrupt);
  ArchiveName missing = kName;
  missing.part = 9;
  EXPECT_EQ(place.get(missing, 3, sha256("abc")).error().kind, Errc::corrupt);
  archive_ = archive();
  ArchivePlace another(archive(), clock_);
  another.begin("store two", {});
  EXPECT_EQ(another.get(kName, 3, sha256("abc")).error().kind, Errc::unavailable);
  EXPECT_EQ(another.put(kName, "xyz", sha256("xyz")).error().kind, Errc::unavailable);
  EXPECT_EQ(*archive_->get(kName, 3), "abc");
}

// A folder that is not mounted is an empty one.
TEST_F(EngineArchiveTest, AnEmptyOneInThePlaceOfOneThatWasUsedIsNotTaken) {
  int kept = 0;
  const auto keep = [&kept]() -> Result<void> { return ++kept, Result<void>(); };
  const auto put_in = [&](std::string place, std::optional<std::string> begun) {
    ArchivePlace archive_place(archive(), clock_);
    archive_place.begin("store one", {std::move(place), std::move(begun), keep});
    return archive_place.put(kName, "abc", sha256("abc"));
  };
  EXPECT_TRUE(put_in("/mnt/archive", std::nullopt).ok());
  EXPECT_EQ(kept, 1);
  EXPECT_TRUE(put_in("/mnt/archive", "/mnt/archive").ok());
  EXPECT_EQ(kept, 1);
  for (const auto& [place, value] : engine_.dump()) {
    std::string_view key = place.second;
    const auto partition = schema::Partition::take_from(key);
    engine_.damage(*partition, place.first, key, std::nullopt);
  }
  EXPECT_EQ(put_in("/mnt/archive", "/mnt/archive").error().kind, Errc::unavailable);
  EXPECT_TRUE(engine_.dump().empty());
  // An operator who names another place wants another archive.
  EXPECT_TRUE(put_in("/mnt/larger", "/mnt/archive").ok());
  EXPECT_EQ(kept, 2);
}

TEST_F(EngineArchiveTest, OneThatIsMountedLateIsThereWithoutARestart) {
  const auto keep = []() -> Result<void> { return {}; };
  {
    ArchivePlace before(archive(), clock_);
    before.begin("store one", {"/mnt/archive", {}, keep});
    ASSERT_TRUE(before.put(kName, "abc", sha256("abc")).ok());
  }
  test::MemoryEngine empty{clock_};
  for (test::MemoryEngine* const below : {static_cast<test::MemoryEngine*>(nullptr), &empty}) {
    below_ = below;
    away_ = true;
    ArchivePlace place(archive(), clock_);
    place.begin("store one", {"/mnt/archive", "/mnt/archive", keep});
    EXPECT_EQ(place.get(kName, 3, sha256("abc")).error().kind, Errc::unavailable);
    EXPECT_EQ(place.put(kName, "abc", sha256("abc")).error().kind, Errc::unavailable);
    EXPECT_TRUE(place.is_resting());
    away_ = false;
    const auto read = place.get(kName, 3, sha256("abc"));
    ASSERT_TRUE(read.ok()) << to_string(read.error());
    EXPECT_EQ(*read, "abc");
  }
  EXPECT_EQ(made_, 0) << "nothing is begun where the folder is not mounted";
  EXPECT_TRUE(empty.dump().empty());
}

// Nor is anything put into the folder below, which may hold what an earlier mistake has begun.
TEST_F(EngineArchiveTest, OneThatGoesAwayIsLookedForAnew) {
  ArchivePlace place(archive(), clock_);
  place.begin("store one", {"/mnt/archive", {}, []() -> Result<void> { return {}; }});
  ASSERT_TRUE(place.put(kName, "abc", sha256("abc")).ok());
  test::MemoryEngine empty{clock_};
  below_ = &empty;
  away_ = true;
  engine_.crash();
  EXPECT_EQ(place.put(kName, "xyz", sha256("xyz")).error().kind, Errc::unavailable);
  EXPECT_EQ(place.put(kName, "xyz", sha256("xyz")).error().kind, Errc::unavailable);
  EXPECT_EQ(made_, 0);
  EXPECT_TRUE(empty.dump().empty());
  away_ = false;
  engine_.restart();
  EXPECT_EQ(*place.get(kName, 3, sha256("abc")), "abc");
}

TEST_F(EngineArchiveTest, AfterAFailureWorkThatCanWaitRestsForHalfAMinute) {
  ArchivePlace place(archive(), clock_);
  place.begin("store one", {});
  EXPECT_FALSE(place.is_resting());
  away_ = true;
  EXPECT_EQ(place.put(kName, "abc", sha256("abc")).error().kind, Errc::unavailable);
  EXPECT_TRUE(place.is_resting());
  clock_.advance(std::chrono::seconds(30));
  EXPECT_FALSE(place.is_resting());
}

TEST(ArchivePlaceTest, WithoutAnArchiveSaysSo) {
  const test::ManualClock clock;
  ArchivePlace place(nullptr, clock);
  EXPECT_FALSE(place.is_configured());
  EXPECT_EQ(place.get(kName, 3, sha256("abc")).error().kind, Errc::unavailable);
}

}  // namespace
}  // namespace telepost
