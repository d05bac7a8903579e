// What a quota says, against tables worked out by hand.
#include "policies/quota.h"

#include <gtest/gtest.h>

#include <limits>

namespace telepost::policies {
namespace {

using namespace std::chrono_literals;
using schema::Kind;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
const Time kNow = from_millis(1'800'000'000'000);

schema::ClassSettings gold() {  // 1,000 bytes, 10 messages, soft 80 %, a week's grace; of voice 300 bytes and 2 messages
  schema::ClassSettings settings;
  settings.quota = {1000, 10, 80, std::chrono::days(7)};
  settings.of(Kind::voice).quota_bytes = 300;
  settings.of(Kind::voice).quota_messages = 2;
  return settings;
}

struct Row {
  const char* what;
  Kind kind;
  std::uint64_t size;
  schema::Usage account, of_kind;
  std::optional<Time> since;
  std::optional<Errc> refusal;
};

TEST(QuotaPolicy, DecidesAsTheTableSays) {
  const std::vector<Row> table = {
      {"room for all", Kind::email, 100, {0, 0}, {0, 0}, {}, {}},
      {"the last byte", Kind::email, 100, {0, 900}, {0, 900}, {}, {}},
      {"a byte too many", Kind::email, 101, {0, 900}, {0, 900}, {}, Errc::over_quota},
      {"the last message", Kind::email, 1, {9, 0}, {9, 0}, {}, {}},
      {"a message too many", Kind::email, 1, {10, 0}, {10, 0}, {}, Errc::over_quota},
      {"over it already, and nothing comes", Kind::email, 0, {0, 1001}, {0, 1001}, {}, Errc::over_quota},
      {"it would fit an empty account", Kind::email, 1000, {1, 1}, {1, 1}, {}, Errc::over_quota},
      {"it would not", Kind::email, 1001, {0, 0}, {0, 0}, {}, Errc::too_large},
      {"sizes that would overflow", Kind::email, kMost, {0, 1}, {0, 1}, {}, Errc::too_large},
      {"counts that would overflow", Kind::email, 1, {kMost, 0}, {0, 0}, {}, Errc::over_quota},
      {"the last of its kind", Kind::voice, 200, {5, 500}, {1, 100}, {}, {}},
      {"a byte too many of its kind", Kind::voice, 201, {5, 500}, {1, 100}, {}, Errc::over_quota},
      {"one too many of its kind", Kind::voice, 1, {5, 500}, {2, 100}, {}, Errc::over_quota},
      {"larger than all of its kind may be", Kind::voice, 301, {0, 0}, {0, 0}, {}, Errc::too_large},
      {"another kind has room", Kind::fax, 250, {5, 500}, {0, 0}, {}, {}},
      {"over the soft quota, within the grace", Kind::email, 10, {1, 900}, {1, 900}, kNow - std::chrono::days(7) + 1ms, {}},
      {"when the grace ends", Kind::email, 10, {1, 900}, {1, 900}, kNow - std::chrono::days(7), Errc::over_quota},
      {"below the soft quota again", Kind::email, 10, {1, 800}, {1, 800}, kNow - std::chrono::days(30), {}},
  };
  const schema::ClassSettings settings = gold();
  for (const Row& row : table) {
    const auto refusal = refusal_by_quota({&settings, row.account, row.of_kind, row.since, kNow}, row.kind, row.size);
    EXPECT_EQ(refusal.has_value(), row.refusal.has_value()) << row.what;
    if (!refusal || !row.refusal) continue;
    EXPECT_EQ(refusal->kind, *row.refusal) << row.what;
    EXPECT_FALSE(refusal->detail.empty());
    EXPECT_EQ(refusal->detail.find_first_of("0123456789"), std::string::npos) << "a stranger learns no numbers: " << refusal->detail;
  }
}

TEST(QuotaPolicy, KnowsNoLimitWhereNoneIsSet) {
  const schema::ClassSettings settings;
  EXPECT_FALSE(refusal_by_quota({&settings, {kMost, kMost}, {kMost, kMost}, from_millis(1), kNow}, Kind::email, kMost));
  EXPECT_FALSE(is_over_soft(settings.quota, {kMost, kMost}));
  EXPECT_EQ(percent_used(settings.quota, {5, 5}), std::nullopt);
  EXPECT_EQ(full_at(settings.quota, kNow), std::nullopt);
}

TEST(QuotaPolicy, IsOverTheSoftQuotaByBytesOrByMessages) {
  const schema::Quota quota = gold().quota;
  EXPECT_EQ(soft_bytes(quota), 800u);
  EXPECT_EQ(soft_messages(quota), 8u);
  EXPECT_FALSE(is_over_soft(quota, {8, 800}));
  EXPECT_TRUE(is_over_soft(quota, {9, 0}));
  EXPECT_TRUE(is_over_soft(quota, {0, 801}));
}

TEST(QuotaPolicy, IsUnderTheSoftQuotaAgainWhenBothAreBelowItByFivePercent) {
  schema::Quota quota = gold().quota;
  quota.messages = 100;
  EXPECT_FALSE(is_under_soft_again(quota, {1, 800}));
  EXPECT_FALSE(is_under_soft_again(quota, {1, 751}));
  EXPECT_TRUE(is_under_soft_again(quota, {75, 750}));
  EXPECT_FALSE(is_under_soft_again(quota, {76, 750}));
  quota.soft_percent = 3;
  EXPECT_FALSE(is_under_soft_again(quota, {0, 1}));
  EXPECT_TRUE(is_under_soft_again(quota, {0, 0}));
  quota.soft_percent.reset();
  EXPECT_TRUE(is_under_soft_again(quota, {100, 1000}));
}

TEST(QuotaPolicy, WarnsADayBeforeTheGraceEndsOrHalfway) {
  schema::Quota quota = gold().quota;
  EXPECT_EQ(full_at(quota, kNow), kNow + std::chrono::days(7));
  EXPECT_EQ(last_warning_at(quota, kNow), kNow + std::chrono::days(6));
  quota.grace = 1h;
  EXPECT_EQ(last_warning_at(quota, kNow), kNow + 30min);
  quota.grace.reset();
  EXPECT_EQ(last_warning_at(quota, kNow), std::nullopt);
}

TEST(QuotaPolicy, TellsTheFullerOfTheTwo) {
  const schema::Quota quota = gold().quota;
  EXPECT_EQ(percent_used(quota, {5, 100}), 50u);
  EXPECT_EQ(percent_used(quota, {1, 999}), 99u);
  EXPECT_EQ(percent_used(quota, {1, 1200}), 120u);
  EXPECT_EQ(percent_used({std::nullopt, 0, {}, {}}, {0, 0}), 100u);
}

}  // namespace
}  // namespace telepost::policies
