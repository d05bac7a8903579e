#include "schema/effective_class.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/classes.h"

namespace telepost::schema {
namespace {

ClassOfService own(const std::string& inside) {
  auto read = read_subscriber_settings("<settings xmlns=\"urn:telepost:policy:1\">" + inside + "</settings>");
  EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().detail);
  return read.ok() ? std::move(read).value() : ClassOfService();
}

std::vector<std::string> names(const std::vector<Retention>& rules) {
  std::vector<std::string> all;
  for (const Retention& each : rules) all.push_back(each.rule.of + "/" + each.rule.name);
  return all;
}

TEST(EffectiveClass, TakesEachSettingFromTheFirstThatStatesIt) {
  const ClassSet set = test::classes_of(R"(
    <class name="gold"><quota bytes="100" soft="none"/><kind name="fax" allow="true"/></class>
    <class name="town"><quota bytes="50" messages="5" soft="80%"/><kind name="voice" max-size="9"/></class>
    <class name="standard"><quota bytes="10" messages="1" grace="P1D"/><undelete keep="P3D"/><kind name="fax" allow="false"/></class>)");
  const ClassOfService subscriber = own("<kind name='sms' allow='false'/>");
  const EffectiveClass all = resolve(set, {&subscriber, "gold", "town"});
  EXPECT_TRUE(all.settings.quota == (Quota{100, 5, {}, std::chrono::days(1)}));
  EXPECT_EQ(all.settings.undelete.keep, std::chrono::days(3));
  EXPECT_TRUE(all.settings.of(Kind::fax).allow);
  EXPECT_FALSE(all.settings.of(Kind::sms).allow);
  EXPECT_EQ(all.settings.of(Kind::voice).max_size_bytes, 9U);
  std::map<std::string, std::string> stated;
  for (const auto& [key, layer] : all.stated_by) stated[name_of(key)] = layer;
  EXPECT_EQ(stated, (std::map<std::string, std::string>{{"quota bytes", "gold"},
                                                        {"quota messages", "town"},
                                                        {"quota soft", "gold"},
                                                        {"quota grace", "standard"},
                                                        {"undelete keep", "standard"},
                                                        {"kind fax allow", "gold"},
                                                        {"kind voice max-size", "town"},
                                                        {"kind sms allow", "subscriber"}}));
  EXPECT_TRUE(resolve(set, {nullptr, "standard", ""}).settings.quota == (Quota{10, 1, {}, std::chrono::days(1)}));
}

TEST(EffectiveClass, AsksRulesOfTheSubscriberFirstAndFinalOnesBefore) {
  const ClassSet set = test::classes_of(R"(
    <class name="gold"><retention name="1" keep="P1D"/><retention name="2" keep="P1D" final="true"/></class>
    <class name="town"><retention name="1" keep="P1D"/></class>
    <class name="standard"><retention name="1" keep="P1D" final="true"/><retention name="2" keep="P1D"/></class>)");
  const ClassOfService subscriber = own("<retention name='1' keep='P1D'/>");
  EXPECT_EQ(names(resolve(set, {&subscriber, "gold", "town"}).rules.retention),
            (std::vector<std::string>{"standard/1", "gold/2", "subscriber/1", "gold/1", "town/1", "standard/2"}));
  // A class that is both the account's and its range's is asked once.
  EXPECT_EQ(names(resolve(set, {nullptr, "town", "town"}).rules.retention), (std::vector<std::string>{"standard/1", "town/1", "standard/2"}));
}

TEST(EffectiveClass, HasARevisionForItsDatesAlone) {
  const auto revision = [](const std::string& inside) { return test::effective_of("<class name='standard'>" + inside + "</class>").revision; };
  EXPECT_EQ(revision(""), 0U);
  EXPECT_EQ(revision("<quota bytes='5'/><notify on='false'/>"), 0U);
  EXPECT_EQ(revision("<retention keep='forever'/><compress after='never'/>"), 0U);
  const std::uint64_t day = revision("<retention keep='P1D'/>");
  EXPECT_NE(day, 0U);
  EXPECT_EQ(revision("\n<quota bytes='5'/><retention name='x' keep='PT24H'/>"), day);
  for (const char* other : {"<retention keep='P2D'/>", "<retention keep='P1D' since='reading'/>", "<retention keep='P1D' keep-flagged='true'/>",
                            "<retention keep='P1D'><when kind='fax'/></retention>", "<retention keep='P1D'/><retention keep='P1D'/>",
                            "<archive untouched='P1D'/>", "<compress after='P1D'/>", "<expires-header honour='true'/>", "<retain keep='P1D'/>"}) {
    EXPECT_NE(revision(other), day) << other;
    EXPECT_NE(revision(other), 0U) << other;
  }
}

// What undelete keeps, what may lie online and the soft quota have dates too: they are an account's, not its messages'.
TEST(EffectiveClass, HasARevisionForTheDatesOfItsSettings) {
  const auto service = [](const std::string& inside) { return test::effective_of("<class name='standard'>" + inside + "</class>"); };
  const EffectiveClass week = service("<undelete keep='P7D'/>");
  EXPECT_NE(week.revision, 0U);
  EXPECT_FALSE(week.dates_messages());
  EXPECT_EQ(service("<undelete keep='PT168H'/>").revision, week.revision);
  EXPECT_EQ(service("<allocation bytes='5'/>").revision, 0U) << "nothing is archived";
  const std::vector<std::string> all = {"<undelete keep='P7D'/>", "<undelete keep='P6D'/>", "<undelete keep='P7D' messages='5'/>",
                                        "<undelete keep='P7D' bytes='5'/>", "<quota bytes='5' soft='50%'/>", "<quota bytes='6' soft='50%'/>",
                                        "<quota messages='5' soft='50%'/>", "<quota bytes='5' soft='60%'/>", "<archive untouched='P1D'/>",
                                        "<allocation bytes='5'/><archive untouched='P1D'/>", "<allocation bytes='6'/><archive untouched='P1D'/>",
                                        "<allocation bytes='5' factor='150%'/><archive untouched='P1D'/>"};
  std::set<std::uint64_t> revisions;
  for (const std::string& each : all) revisions.insert(service(each).revision);
  EXPECT_EQ(revisions.size(), all.size());
}

TEST(EffectiveClass, KnowsWhatItMustBeTold) {
  EXPECT_FALSE(test::effective_of("<class name='standard'><retention keep='P1D'/></class>").needs_fields);
  EXPECT_TRUE(test::effective_of("<class name='standard'><expires-header honour='true'/></class>").needs_fields);
  EXPECT_TRUE(test::effective_of("<class name='standard'><retain keep='P1D'><when header='X'/></retain></class>").needs_fields);
  const EffectiveClass role = test::effective_of("<class name='standard'><compress after='P1D'><when role='sent'/></compress></class>");
  EXPECT_TRUE(role.needs_places);
  EXPECT_FALSE(role.needs_paths);
  EXPECT_TRUE(test::effective_of("<class name='standard'><compress after='P1D'><when mailbox='a'/></compress></class>").needs_paths);
}

TEST(SubscriberSettings, HaveNothingThatIsTheOperators) {
  for (const char* inside : {"<quota bytes='5'/>", "<allocation bytes='5'/>", "<undelete keep='P1D'/>", "<retain keep='P1D'/>", "<compress after='P1D'/>",
                             "<retention keep='P1D' final='true'/>", "<kind name='fax' allow='true' quota-bytes='5'/>", "<class name='a'/>"}) {
    const auto read = read_subscriber_settings(std::string("<settings xmlns=\"urn:telepost:policy:1\">") + inside + "</settings>");
    ASSERT_FALSE(read.ok()) << inside;
    EXPECT_TRUE(read.error().detail.starts_with("line 1, column ")) << read.error().detail;
  }
  EXPECT_EQ(read_subscriber_settings(test::policies_of("<class name='a'/>")).error().kind, Errc::invalid);
  EXPECT_EQ(read_subscriber_settings(std::string(20'000, ' ')).error().kind, Errc::too_large);
}

TEST(ClassSet, RefusesAHardQuotaBelowWhatMayBeOnlineBeforeArchiving) {
  const auto check = [](const std::string& classes) { return check_classes(test::classes_of(classes)); };
  EXPECT_TRUE(check("<class name='a'><allocation bytes='1000' factor='120%'/><quota bytes='1200'/></class>").ok());
  const auto refused = check("<class name='a'><allocation bytes='1000' factor='120%'/><quota bytes='1199'/></class>");
  EXPECT_EQ(refused.error().kind, Errc::invalid);
  EXPECT_TRUE(refused.error().detail.starts_with("test.xml:1: the class 'a'")) << refused.error().detail;
  // One of the two may come from the class standard.
  EXPECT_FALSE(check("<class name='standard'><quota bytes='10'/></class><class name='a'><allocation bytes='11'/></class>").ok());
  EXPECT_TRUE(check("<class name='standard'><quota bytes='10'/></class><class name='a'><allocation bytes='11'/><quota bytes='unlimited'/></class>").ok());
}

TEST(ClassSettings, SharesDoNotOverflow) {
  EXPECT_EQ(share_of(1001, 90), 900U);
  EXPECT_EQ(share_of(250, 150), 375U);
  EXPECT_EQ(share_of(~0ULL, 100), ~0ULL);
  EXPECT_EQ(share_of(1001, 0), 0U);
  EXPECT_EQ(share_of(~0ULL, 101), ~0ULL);
}

}  // namespace
}  // namespace telepost::schema
