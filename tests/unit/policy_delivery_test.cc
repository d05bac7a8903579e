#include <gtest/gtest.h>

#include <limits>

#include "policies/delivery.h"
#include "tests/support/classes.h"

namespace telepost::policies {
namespace {

using schema::AccountState;
using schema::Kind;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

schema::EffectiveClass gold() {
  return test::effective_of(R"(<class name="gold">
      <quota bytes="1000" messages="10"/><kind name="fax" allow="false"/><kind name="sms" max-size="160"/>
    </class>)",
                            "gold");
}

struct Row {
  const char* what;
  AccountState state;
  Kind kind;
  std::uint64_t size, messages, bytes;
  std::optional<Errc> refusal;
};

TEST(DeliveryPolicy, DecidesAsTheTableSays) {
  const std::vector<Row> table = {
      {"an active account takes mail", AccountState::active, Kind::email, 100, 0, 0, {}},
      {"a disabled one too", AccountState::disabled, Kind::email, 100, 0, 0, {}},
      {"a closed one does not", AccountState::closed, Kind::email, 100, 0, 0, Errc::refused},
      {"one that is removed is gone", AccountState::deleting, Kind::email, 100, 0, 0, Errc::not_found},
      {"a kind that the class has not", AccountState::active, Kind::fax, 1, 0, 0, Errc::refused},
      {"as large as allowed", AccountState::active, Kind::sms, 160, 0, 0, {}},
      {"a byte larger", AccountState::active, Kind::sms, 161, 0, 0, Errc::too_large},
      {"the last bytes of the quota", AccountState::active, Kind::email, 100, 0, 900, {}},
      {"a byte over", AccountState::active, Kind::email, 101, 0, 900, Errc::over_quota},
      {"the last message of the quota", AccountState::active, Kind::email, 1, 9, 0, {}},
      {"one over", AccountState::active, Kind::email, 1, 10, 0, Errc::over_quota},
      {"an account over its quota already", AccountState::active, Kind::email, 0, 0, 1001, Errc::over_quota},
      {"sizes that would overflow", AccountState::active, Kind::email, kMost, 0, 1, Errc::too_large},
      {"counts that would overflow", AccountState::active, Kind::email, 1, kMost, 0, Errc::over_quota},
      {"closed comes before full", AccountState::closed, Kind::email, 1, 10, 0, Errc::refused},
  };
  const schema::EffectiveClass service = gold();
  for (const Row& row : table) {
    const QuotaFacts quota{&service.settings, {row.messages, row.bytes}, {row.messages, row.bytes}, {}, {}};
    DeliveryFacts facts{row.state, &service, row.kind, row.size, false, nullptr, nullptr, quota};
    const DeliveryVerdict verdict = decide_delivery(facts);
    EXPECT_EQ(verdict.refusal.has_value(), row.refusal.has_value()) << row.what;
    if (verdict.refusal && row.refusal) {
      EXPECT_EQ(verdict.refusal->kind, *row.refusal) << row.what;
      EXPECT_FALSE(verdict.refusal->detail.empty());
    }
    EXPECT_EQ(verdict.mailbox, "INBOX");
    facts.quota.reset();
    const auto without = decide_delivery(facts).refusal;
    EXPECT_FALSE(without && without->kind == Errc::over_quota) << row.what;
  }
}

TEST(DeliveryPolicy, OfTheStandardClassLimitsNothing) {
  const schema::EffectiveClass standard = test::effective_of("<class name='other'/>");
  DeliveryFacts facts;
  facts.service = &standard;
  facts.size_bytes = kMost;
  facts.quota = QuotaFacts{&standard.settings, {kMost, kMost}, {kMost, kMost}, {}, {}};
  EXPECT_FALSE(decide_delivery(facts).refusal.has_value());
}

}  // namespace
}  // namespace telepost::policies
