// What clients upload for later use (RFC 8620 section 6).
#include "store/uploads.h"

#include <gtest/gtest.h>

#include "schema/keys.h"
#include "schema/upload_record.h"
#include "store/rooms.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;

class Uploads : public testing::Test {
 protected:
  ~Uploads() override { EXPECT_TRUE(fixture_.verify_clean()); }
  store::Uploads& uploads() { return fixture_.store().uploads(); }
  Result<std::uint64_t> upload(std::string_view bytes) {
    TELEPOST_ASSIGN(const auto begun, uploads().begin(account_));
    for (std::size_t at = 0; at < bytes.size(); at += 300'000) TELEPOST_TRY(begun->write(bytes.substr(at, 300'000)));
    TELEPOST_TRY(begun->finish("text/plain"));
    return begun->id();
  }
  std::string read(std::uint64_t id, schema::ByteRange range) {
    std::string bytes;
    EXPECT_TRUE(uploads().read(account_, id, range, [&](std::string_view piece) { return bytes += piece, true; }).ok());
    return bytes;
  }
  test::StoreFixture fixture_;
  const schema::AccountId account_ = fixture_.create("mailto:ann@example.test");
};

TEST_F(Uploads, GiveTheirBytesInRanges) {
  const std::string bytes = test::random_lines(1, 2'500'000);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, schema::kUploadChunkBytes, schema::kUploadChunkBytes + 1, bytes.size()}) {
    const auto id = upload(std::string_view(bytes).substr(0, size));
    ASSERT_TRUE(id.ok());
    const auto record = uploads().find(account_, *id);
    ASSERT_TRUE(record.ok());
    EXPECT_EQ(record->size_bytes, size);
    EXPECT_EQ(record->type, "text/plain");
    EXPECT_EQ(read(*id, {0, bytes.size()}), bytes.substr(0, size));
    for (const schema::ByteRange range : {schema::ByteRange{schema::kUploadChunkBytes - 1, 2}, {1'000'000, 1'200'000}, {size, 1}}) {
      EXPECT_EQ(read(*id, range), bytes.substr(0, size).substr(std::min<std::size_t>(range.offset, size), range.size));
    }
  }
}

TEST_F(Uploads, StayADayAndGoThen) {  // RFC 8620 section 6: at least an hour
  const auto id = upload("hello");
  ASSERT_TRUE(id.ok());
  fixture_.clock().advance(23h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(read(*id, {0, 9}), "hello");
  fixture_.clock().advance(61min);
  EXPECT_EQ(uploads().find(account_, *id).error().kind, Errc::not_found);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 0u);
}

TEST_F(Uploads, LeaveNothingBehindThatWasBrokenOff) {
  const auto due = [&] { return test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::queue); };
  const std::size_t due_before = due();
  {
    const auto begun = uploads().begin(account_);
    ASSERT_TRUE(begun.ok() && (*begun)->write(test::random_lines(1, 3'500'000)).ok());
    EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 3u);
  }
  rooms_of(fixture_.store()).workers.wait_until_idle();
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 0u);
  EXPECT_EQ(due(), due_before);
}

TEST_F(Uploads, LeaveWhatACrashBrokeOffForADay) {
  {
    const auto begun = uploads().begin(account_);
    ASSERT_TRUE(begun.ok() && (*begun)->write(test::random_lines(1, 3'500'000)).ok());
    fixture_.engine().crash();
  }
  rooms_of(fixture_.store()).workers.wait_until_idle();
  fixture_.reopen();
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 3u);
  EXPECT_TRUE(fixture_.verify_clean());
  fixture_.clock().advance(25h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_EQ(test::records_in(fixture_.engine(), schema::PartitionKind::account, store::Space::large), 0u);
}

TEST_F(Uploads, AreBoundedForAnAccount) {
  const auto begun = uploads().begin(account_);
  ASSERT_TRUE(begun.ok());
  for (std::size_t i = 0; i < store::kMostUploads - 1; ++i) ASSERT_TRUE(upload("x").ok());
  ASSERT_TRUE(upload("x").ok());
  EXPECT_EQ(upload("x").error().kind, Errc::over_quota);
  fixture_.clock().advance(25h);
  ASSERT_TRUE(fixture_.sweep().ok());
  EXPECT_TRUE(upload("x").ok());
}

TEST_F(Uploads, GoWithTheAccount) {
  ASSERT_TRUE(upload(test::random_lines(1, 1'500'000)).ok());
  EXPECT_TRUE(fixture_.empties_to_nothing());
}

TEST_F(Uploads, AreVerified) {
  const auto id = upload(test::random_lines(1, 1'500'000));
  ASSERT_TRUE(id.ok());
  const auto partition = schema::Partition::account(account_);
  const std::string chunk = schema::keys::upload_chunk(*id, 1);
  const auto bytes = *fixture_.engine().reader(partition)->get(store::Space::large, chunk);
  fixture_.engine().damage(partition, store::Space::large, chunk, std::nullopt);
  EXPECT_FALSE(fixture_.verify_clean());
  fixture_.engine().damage(partition, store::Space::large, chunk, *bytes + "x");
  EXPECT_FALSE(fixture_.verify_clean());
  fixture_.engine().damage(partition, store::Space::large, chunk, bytes);
  EXPECT_TRUE(fixture_.verify_clean());
}

// Every place at which it may break off (and what was begun goes with its day).
TEST_F(Uploads, SurviveAFailureOfEveryOperation) {
  const std::string bytes = test::random_lines(1, 2'200'000);
  for (std::uint64_t nth = 1;; ++nth) {
    fixture_.engine().fail_operation(nth, Errc::io);
    const auto id = upload(bytes);
    const bool failed = fixture_.engine().operation_number() >= nth;
    ASSERT_TRUE(fixture_.engine().recover().ok());
    fixture_.engine().fail_operation(~std::uint64_t{0}, Errc::io);
    fixture_.reopen();
    ASSERT_TRUE(fixture_.verify_clean()) << nth;
    if (id.ok()) {
      EXPECT_EQ(read(*id, {0, bytes.size()}), bytes);
    }
    if (!failed) break;
  }
}

}  // namespace
}  // namespace telepost
