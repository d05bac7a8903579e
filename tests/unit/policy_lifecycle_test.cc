#include <gtest/gtest.h>

#include "policies/lifecycle.h"
#include "policies/selector.h"
#include "tests/support/classes.h"

namespace telepost::policies {
namespace {

using schema::Kind;
using schema::Role;
using std::chrono::days;

constexpr Time day(int number) { return Time(days(number)); }

// A voice message of 5,000 bytes in INBOX that came on day 100 from tel:+15550100.
struct Voice : LifecycleFacts {
  Voice() {
    kind = Kind::voice;
    places = {{"INBOX", Role::inbox}};
    sender = "tel:+15550100";
    size_bytes = 5000;
    received = day(100);
  }
  Voice& read_on(int number) { return seen = day(number), flagged_with("$seen"); }
  Voice& in(std::vector<Place> mailboxes) { return places = std::move(mailboxes), *this; }
  Voice& in_trash_since(int number) { return trashed = day(number), in({{"Deleted", Role::trash}}); }
  Voice& flagged_with(const char* keyword) {
    words.emplace_back(keyword);
    return *this;
  }
  Voice& with(const char* name, const char* value) {
    header.push_back({name, value});
    return *this;
  }
  Voice& expiring_on(int number) { return expires_header = day(number), *this; }
  LifecycleFacts facts() const {
    LifecycleFacts all = *this;
    all.keywords = words;
    all.fields = header;
    return all;
  }
  std::vector<std::string> words;
  std::vector<schema::HeaderField> header;
};

struct Row {
  const char* what;
  const char* rules;
  Voice message;
  std::optional<int> expires;  // the day; none: never
  const char* rule = "";       // that says so
};

const Voice kVoice;
const char* const kByArrival = "<retention name='a' keep='P30D'/>";
const char* const kByReading = "<retention name='r' keep='P7D' since='reading'/>";
const char* const kInTrash = "<retention name='t' keep='P3D' since='trash'/>";
const char* const kAll = "<retention name='a' keep='P30D'/><retention name='r' keep='P7D' since='reading'/><retention name='t' keep='P3D' since='trash'/>";
const char* const kKeepFlagged = "<retention name='a' keep='P30D' keep-flagged='true'/>";
const char* const kBoss = "<retention name='boss' keep='forever'><when sender='*+15550100'/></retention><retention name='a' keep='P30D'/>";
const char* const kHonour = "<expires-header name='h' honour='true'/>";

void expect(const std::vector<Row>& table) {
  for (const Row& row : table) {
    const schema::EffectiveClass service = test::effective_of(std::string("<class name='standard'>") + row.rules + "</class>");
    const Lifecycle decided = decide_lifecycle(service, row.message.facts());
    EXPECT_EQ(decided.expires.has_value(), row.expires.has_value()) << row.what;
    if (!decided.expires || !row.expires) continue;
    EXPECT_EQ(decided.expires->time, day(*row.expires)) << row.what;
    EXPECT_EQ(decided.expires->rule->name, row.rule) << row.what;
  }
}

TEST(LifecyclePolicy, ExpiresAsTheTableSays) {
  expect({
      {"no rule", "", kVoice, {}},
      {"by arrival", kByArrival, kVoice, 130, "a"},
      {"what is unread stays", kByReading, kVoice, {}},
      {"by reading", kByReading, Voice().read_on(105), 112, "r"},
      {"not in Trash", kInTrash, kVoice, {}},
      {"in Trash", kInTrash, Voice().in_trash_since(110), 113, "t"},
      {"the earliest of three", kAll, Voice().read_on(105).in_trash_since(106), 109, "t"},
      {"the earliest of two", kAll, Voice().read_on(105), 112, "r"},
      {"read late, it goes by arrival", kAll, Voice().read_on(129), 130, "a"},
      {"flagged goes too", kByArrival, Voice().flagged_with("$flagged"), 130, "a"},
      {"flagged stays where the rule says so", kKeepFlagged, Voice().flagged_with("$flagged"), {}},
      {"unflagged does not", kKeepFlagged, kVoice, 130, "a"},
      {"the first rule decides", kBoss, kVoice, {}},
  });
}

TEST(LifecyclePolicy, ForeverOfOneCountIsNoneOfAnother) {
  expect({
      {"forever since arrival, but read", "<retention keep='forever'/><retention name='r' keep='P7D' since='reading'/>", Voice().read_on(101), 108, "r"},
      {"flagged is kept of the one rule only", "<retention name='a' keep='P30D' keep-flagged='true'/><retention name='r' keep='P90D' since='reading'/>",
       Voice().read_on(105).flagged_with("$flagged"), 195, "r"},
      {"the next rule is not asked where the first keeps what is flagged", "<retention keep='P1D' keep-flagged='true'/><retention keep='P2D'/>",
       Voice().flagged_with("$flagged"), {}},
  });
}

TEST(LifecyclePolicy, HonoursItsExpiresFieldWhereThatIsAllowed) {
  expect({
      {"nobody allows it", kByArrival, Voice().expiring_on(103), 130, "a"},
      {"allowed", kHonour, Voice().expiring_on(103), 103, "h"},
      {"no field", kHonour, kVoice, {}},
      {"it cannot lengthen what a rule says", "<retention name='a' keep='P30D'/><expires-header honour='true'/>", Voice().expiring_on(200), 130, "a"},
      {"a date before the arrival counts as a day after it", kHonour, Voice().expiring_on(10), 101, "h"},
      {"so does the arrival", kHonour, Voice().expiring_on(100), 101, "h"},
      {"a day after it is as it says", kHonour, Voice().expiring_on(101), 101, "h"},
      {"not of this sender", "<expires-header honour='false'><when sender='tel:*'/></expires-header><expires-header honour='true'/>", Voice().expiring_on(103), {}},
      {"flagged stays", "<expires-header honour='true' keep-flagged='true'/>", Voice().expiring_on(103).flagged_with("$flagged"), {}},
  });
}

TEST(LifecyclePolicy, SelectsByKindMailboxSenderSizeFlagAndHeader) {
  const auto when = [](const std::string& condition) { return "<retention name='w' keep='P1D'><when " + condition + "/></retention>"; };
  struct Selector {
    const char* condition;
    Voice message;
    bool about;
  };
  const std::vector<Selector> table = {
      {"kind='voice'", kVoice, true},
      {"kind='fax voice'", kVoice, true},
      {"kind='email fax'", kVoice, false},
      {"mailbox='inbox'", kVoice, true},
      {"mailbox='IN'", kVoice, false},
      {"mailbox='Work/*'", Voice().in({{"Work/2026", Role::none}}), true},
      {"mailbox='Work/*'", Voice().in({{"Work", Role::none}}), false},
      {"role='inbox'", kVoice, true},
      {"role='junk'", kVoice, false},
      {"sender='tel:+1555*'", kVoice, true},
      {"sender='+15550100'", kVoice, true},
      {"sender='+1555'", kVoice, false},
      {"sender='mailto:*'", kVoice, false},
      {"larger='4999'", kVoice, true},
      {"larger='5000'", kVoice, false},
      {"smaller='5001'", kVoice, true},
      {"smaller='5000'", kVoice, false},
      {"flag='$Junk'", Voice().flagged_with("$junk"), true},
      {"flag='$junk'", kVoice, false},
      {"without-flag='$junk'", kVoice, true},
      {"without-flag='$junk'", Voice().flagged_with("$junk"), false},
      {"header='List-Id'", Voice().with("list-id", "<a.b>"), true},
      {"header='List-Id'", kVoice, false},
      {"header='X-Spam' matches='yes*'", Voice().with("X-Spam", "no").with("X-Spam", "YES, 9"), true},
      {"header='X-Spam' matches='yes'", Voice().with("X-Spam", "yes, 9"), false},
      {"kind='voice' larger='1' role='inbox'", kVoice, true},
      {"kind='voice' larger='1' role='sent'", kVoice, false},
  };
  for (const Selector& row : table) {
    const std::string rules = when(row.condition);
    expect({{row.condition, rules.c_str(), row.message, row.about ? std::optional(101) : std::nullopt, "w"}});
  }
  expect({{"any of several", "<retention name='w' keep='P1D'><when kind='fax'/><when kind='voice'/></retention>", kVoice, 101, "w"}});
}

// What lies in several mailboxes stays as long as the one that keeps it longest.
TEST(LifecyclePolicy, OfSeveralMailboxesTheKindestDecides) {
  const char* const kRules = "<retention name='lists' keep='P7D'><when mailbox='Lists'/></retention><retention name='work' keep='P60D'><when mailbox='Work'/></retention>";
  expect({
      {"one", kRules, Voice().in({{"Lists", Role::none}}), 107, "lists"},
      {"two", kRules, Voice().in({{"Lists", Role::none}, {"Work", Role::none}}), 160, "work"},
      {"the other way round", kRules, Voice().in({{"Work", Role::none}, {"Lists", Role::none}}), 160, "work"},
      {"one that no rule is about", kRules, Voice().in({{"Lists", Role::none}, {"INBOX", Role::inbox}}), {}},
  });
}

TEST(LifecyclePolicy, ArchivesWhatIsLargeAndUntouched) {
  const auto service = test::effective_of(R"(<class name='standard'>
      <archive untouched='never'><when flag='$flagged'/></archive><archive name='big' untouched='P90D' min-size='4KB'/></class>)");
  Voice voice;
  ASSERT_TRUE(decide_lifecycle(service, voice.facts()).archive_after);
  EXPECT_EQ(decide_lifecycle(service, voice.facts()).archive_after->time, day(190));
  voice.accessed = day(150);
  EXPECT_EQ(decide_lifecycle(service, voice.facts()).archive_after->time, day(240));
  voice.accessed = day(50);  // before its arrival: a clock that went back
  EXPECT_EQ(decide_lifecycle(service, voice.facts()).archive_after->time, day(190));
  voice.size_bytes = 3999;
  EXPECT_FALSE(decide_lifecycle(service, voice.facts()).archive_after);
  voice.size_bytes = 4000;
  EXPECT_TRUE(decide_lifecycle(service, voice.facts()).archive_after);
  EXPECT_EQ(archive_rule(service, voice.facts())->rule.name, "big");
  EXPECT_FALSE(decide_lifecycle(service, voice.flagged_with("$flagged").facts()).archive_after);
}

TEST(LifecyclePolicy, CompressesAfterAWhile) {
  const auto service = test::effective_of("<class name='standard'><compress after='P10D'><when kind='voice fax'/></compress></class>");
  EXPECT_EQ(decide_lifecycle(service, kVoice.facts()).compress_after->time, day(110));
  Voice mail;
  mail.kind = Kind::email;
  EXPECT_FALSE(decide_lifecycle(service, mail.facts()).compress_after);
}

TEST(LifecyclePolicy, RetainsAsLongAsTheLongestRuleOfAllLayers) {
  const auto set = test::classes_of(R"(
    <class name='standard'><retain name='law' keep='P365D'/></class>
    <class name='gold'><retain name='house' keep='P30D'/><retain name='boss' keep='P1000D'><when sender='*99'/></retain></class>)");
  const auto service = schema::resolve(set, {nullptr, "gold", ""});
  ASSERT_TRUE(decide_lifecycle(service, kVoice.facts()).retain_until);
  EXPECT_EQ(decide_lifecycle(service, kVoice.facts()).retain_until->time, day(465));
  EXPECT_EQ(decide_lifecycle(service, kVoice.facts()).retain_until->rule->name, "law");
  Voice boss;
  boss.sender = "tel:+199";
  EXPECT_EQ(decide_lifecycle(service, boss.facts()).retain_until->rule->name, "boss");
}

TEST(LifecyclePolicy, TellsThePolicyAndTheReason) {
  const auto service = test::effective_of("<class name='gold'>\n<retention name='voice' keep='P30D'/></class>", "gold");
  const auto decided = decide_lifecycle(service, kVoice.facts());
  EXPECT_EQ(policy_of(*decided.expires->rule), "gold: voice (test.xml:2)");
  EXPECT_EQ(decided.expires->reason, "P30D after its arrival");
}

TEST(LifecyclePolicy, NotifiesUnlessARuleSaysNo) {
  const auto service = test::effective_of("<class name='standard'><notify on='true'><when sender='*99'/></notify><notify on='false'><when kind='voice'/></notify></class>");
  EXPECT_FALSE(notifies(service, kVoice.facts()));
  Voice boss;
  boss.sender = "tel:+199";
  EXPECT_TRUE(notifies(service, boss.facts()));
  boss.kind = Kind::fax;
  EXPECT_TRUE(notifies(service, boss.facts()));
}

TEST(LifecyclePolicy, DatesBeyondTheCalendarNeverComeAndRetainToItsEnd) {
  const auto service = test::effective_of("<class name='standard'><retention keep='P9999Y'/><retain keep='P9999Y'/></class>");
  Voice late;
  late.received = day(2'900'000);  // in the year 9909
  EXPECT_FALSE(decide_lifecycle(service, late.facts()).expires);
  EXPECT_GT(decide_lifecycle(service, late.facts()).retain_until->time, day(2'900'000));
}

TEST(LifecyclePolicy, OfAClassThatIsDefinedNowhereRemovesNothing) {
  const auto set = test::classes_of("<class name='standard'><retention keep='P1D'/><retain keep='P2D'/></class>");
  const auto service = schema::resolve(set, {nullptr, "gone", ""});
  EXPECT_EQ(service.missing, "gone");
  EXPECT_FALSE(decide_lifecycle(service, kVoice.facts()).expires);
  EXPECT_TRUE(decide_lifecycle(service, kVoice.facts()).retain_until);
}

TEST(LifecyclePolicy, PatternsCoverAnyRunOfCharacters) {
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{
           {"", ""}, {"*", ""}, {"*", "x"}, {"a*", "A"}, {"a*c", "abcbc"}, {"*b*", "abc"}, {"a**c", "ac"}, {"*.x", "a.x.x"}}) {
    EXPECT_TRUE(matches(pattern, text)) << pattern << " " << text;
  }
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{
           {"", "x"}, {"a", ""}, {"a*", "ba"}, {"a*c", "acb"}, {"*b", "abc"}, {"a*b*c", "acb"}, {"?", "x"}}) {
    EXPECT_FALSE(matches(pattern, text)) << pattern << " " << text;
  }
}

// What is not known of a message takes nothing from what keeps it, and gives nothing to what removes it.
TEST(LifecyclePolicy, WhatIsNotKnownCountsForWhatKeepsAlone) {
  const auto rule = [](const char* when) {
    return test::effective_of(std::string("<class name='standard'><retain keep='P30D'>") + when + "</retain></class>").rules.retain[0].rule;
  };
  LifecycleFacts cut = kVoice.facts(), lost = kVoice.facts();
  cut.header_is_cut = true;
  lost.view_is_lost = true;
  const LifecycleFacts known = kVoice.facts();
  const LifecycleFacts::Place inbox = known.places[0];
  const auto expect_unknown = [&](const char* when, const LifecycleFacts& facts) {
    EXPECT_FALSE(may_be_about(rule(when), known, inbox)) << when;
    EXPECT_TRUE(may_be_about(rule(when), facts, inbox)) << when;
    EXPECT_FALSE(is_about(rule(when), facts, inbox)) << when;
  };
  expect_unknown("<when header='X-Case' matches='17*'/>", cut);
  expect_unknown("<when role='trash'/>", lost);
  expect_unknown("<when mailbox='Work'/>", lost);
  expect_unknown("<when flag='$flagged'/>", lost);
  EXPECT_FALSE(may_be_about(rule("<when header='X-Case' sender='*@other.test'/>"), cut, inbox)) << "the sender is known";
  EXPECT_FALSE(may_be_about(rule("<when role='trash'/>"), cut, inbox));
  EXPECT_FALSE(may_be_about(rule("<when header='X-Case'/>"), lost, inbox));
}

}  // namespace
}  // namespace telepost::policies
