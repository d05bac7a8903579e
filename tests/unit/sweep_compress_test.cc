// Compression by the class of service: what is due, what is told of it, and what is left alone.
#include <gtest/gtest.h>

#include "store/audit.h"
#include "store/rooms.h"
#include "tests/support/classes.h"
#include "tests/support/store_fixture.h"

namespace telepost {
namespace {

using namespace std::chrono_literals;
using schema::MessageId;

class SweepCompress : public testing::Test {
 protected:
  void SetUp() override { ann_ = fixture_.create("ann@example.test"); }
  void TearDown() override {
    EXPECT_TRUE(fixture_.verify_clean());
    EXPECT_TRUE(fixture_.empties_to_nothing());
  }
  void in_force(const std::string& rules) { fixture_.store().set_classes(test::classes_of(rules)); }
  MessageId deliver(std::string_view text = "From: bob@example.net\r\nSubject: lunch\r\n\r\nAt noon?\r\n") {
    return fixture_.deliver_to(ann_, text)->id;
  }
  bool is_packed(MessageId id) { return fixture_.store().reader().find(id)->codec.kind == schema::ContentCodec::Kind::zstd; }
  std::size_t stored_bytes() {
    std::size_t size = 0;
    EXPECT_TRUE(fixture_.engine().reader(schema::Partition::account(ann_))->scan(store::Space::large, {}, {}, [&](std::string_view, std::string_view value) {
      size += value.size();
      return true;
    }).ok());
    return size;
  }
  store::SweepCount pass(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    EXPECT_TRUE(swept.ok());
    return swept.ok() ? swept->of(store::SweepKind::compress) : store::SweepCount{};
  }

  test::StoreFixture fixture_;
  schema::AccountId ann_;
};

TEST_F(SweepCompress, HappensWhenTheClassWantsIt) {
  in_force(R"(<class name="standard"><compress after="P7D"/></class>)");
  const MessageId id = deliver();
  const std::string text = *fixture_.store().reader().source_text(id);
  EXPECT_EQ(pass(6 * 24h).done, 0u);
  EXPECT_FALSE(is_packed(id));
  const std::size_t raw = stored_bytes();
  const auto count = pass(25h);
  EXPECT_EQ(count.done, 1u);
  EXPECT_LT(2 * stored_bytes(), raw);
  EXPECT_NEAR(static_cast<double>(count.bytes_freed), static_cast<double>(raw - stored_bytes()), 4) << "but for the size of the document";
  EXPECT_TRUE(is_packed(id));
  EXPECT_EQ(*fixture_.store().reader().source_text(id), text);
  EXPECT_EQ(pass(24h).due, 0u);
}

TEST_F(SweepCompress, TellsTheAuditLogAndNobodyElse) {
  in_force(R"(<class name="standard"><compress after="PT1S"/></class>)");
  const MessageId id = deliver();
  const auto before = fixture_.store().reader().find(id)->modseq;
  pass(2s);
  EXPECT_EQ(fixture_.store().reader().find(id)->modseq, before);
  std::vector<schema::AuditRecord> told;
  ASSERT_TRUE(store::Audit(rooms_of(fixture_.store())).list("", ann_, [&](const schema::AuditRecord& record) {
    told.push_back(record);
    return true;
  }).ok());
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].action, schema::AuditRecord::Action::compressed);
  EXPECT_EQ(told[0].messages, std::vector<schema::LocalId>{id.local});
  EXPECT_NE(told[0].policy.find("standard"), std::string::npos);
}

TEST_F(SweepCompress, AChangedClassDecidesWhenItIsDue) {
  in_force(R"(<class name="standard"><compress after="P1D"/></class>)");
  const MessageId later = deliver();
  in_force(R"(<class name="standard"><compress after="P3D"/></class>)");
  EXPECT_EQ(pass(25h).done, 1u) << "looked at, and dated anew";
  EXPECT_FALSE(is_packed(later));
  pass(48h);
  EXPECT_TRUE(is_packed(later));
  in_force(R"(<class name="standard"><compress after="P1D"/></class>)");
  const MessageId never = deliver();
  in_force(R"(<class name="standard"/>)");
  pass(25h);
  EXPECT_FALSE(is_packed(never));
}

TEST_F(SweepCompress, ADryRunChangesNothing) {
  in_force(R"(<class name="standard"><compress after="PT1S"/></class>)");
  const MessageId id = deliver();
  fixture_.clock().advance(2s);
  store::SweepOptions options;
  options.dry_run = true;
  const auto swept = fixture_.store().sweep().run(options);
  ASSERT_TRUE(swept.ok());
  EXPECT_EQ(swept->of(store::SweepKind::compress).due, 1u);
  EXPECT_FALSE(is_packed(id));
  pass(1s);
  EXPECT_TRUE(is_packed(id));
}

TEST_F(SweepCompress, TakesManyInSteps) {
  in_force(R"(<class name="standard"><compress after="PT1S"/></class>)");
  std::vector<MessageId> ids;
  for (int i = 0; i < 450; ++i) ids.push_back(deliver("Subject: " + std::to_string(i) + "\r\n\r\nText\r\n"));
  EXPECT_EQ(pass(2s).done, 450u);
  for (const MessageId& id : ids) EXPECT_TRUE(is_packed(id));
}

}  // namespace
}  // namespace telepost
