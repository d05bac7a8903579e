// A store with holds on it, and what is stored there whoever sees it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "schema/hold_record.h"
#include "schema/keys.h"
#include "store/audit.h"
#include "store/holds.h"
#include "tests/support/classes.h"
#include "tests/support/store_content.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

class HoldsTest : public testing::Test {
 protected:
  void TearDown() override { EXPECT_TRUE(fixture_.verify_clean()); }
  std::uint64_t hold(schema::HoldRecord record) {
    record.reason = "case 17";
    const auto added = fixture_.store().holds().add(record);
    EXPECT_TRUE(added.ok()) << to_string(added.error());
    return added.ok() ? *added : 0;
  }
  std::uint64_t hold_account(schema::AccountId account) {
    schema::HoldRecord record;
    record.account = account;
    return hold(record);
  }
  std::uint64_t hold_sender(const std::string& sender) {
    schema::HoldRecord record;
    record.when.sender = sender;
    return hold(record);
  }
  void pass(Duration time) {
    fixture_.clock().advance(time);
    const auto swept = fixture_.sweep();
    ASSERT_TRUE(swept.ok()) << to_string(swept.error());
    EXPECT_EQ(swept->total().failed, 0u);
  }
  std::size_t seen(schema::AccountId account) { return sources_of(fixture_.store(), account).size(); }
  // Documents in the engine: of messages that are stored, whoever sees them.
  std::size_t stored() {
    std::size_t stored = 0;
    for (const auto& [place, value] : fixture_.engine().dump()) {
      const bool of_account = place.second[0] == static_cast<char>(schema::PartitionKind::account);
      stored += of_account && place.first == store::Space::large && place.second.size() > 9 && place.second[9] == 'X' ? 1 : 0;
    }
    return stored;
  }
  schema::HeadRecord head(schema::AccountId account) { return fixture_.store().accounts().show(account)->head; }
  void use(const std::string& classes) { fixture_.store().set_classes(classes_of(classes)); }
  std::uint64_t audited(schema::AccountId account, schema::AuditRecord::Action action) {
    std::uint64_t records = 0;
    EXPECT_TRUE(fixture_.store().audit().list("", account, [&](const schema::AuditRecord& record) {
      records += record.action == action ? 1 : 0;
      return true;
    }).ok());
    return records;
  }
  std::uint64_t purged(schema::AccountId account) {
    std::uint64_t messages = 0;
    EXPECT_TRUE(fixture_.store().audit().list("", account, [&](const schema::AuditRecord& record) {
      messages += record.action == schema::AuditRecord::Action::purged ? record.messages.size() : 0;
      return true;
    }).ok());
    return messages;
  }
  StoreFixture fixture_;
};

}  // namespace telepost::test
