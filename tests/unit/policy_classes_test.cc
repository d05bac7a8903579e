#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "schema/class_files.h"
#include "schema/class_of_service.h"

namespace telepost::schema {
namespace {

std::string policies(const std::string& inside) {
  return "<policies xmlns=\"urn:telepost:policy:1\">" + inside + "</policies>";
}

Result<ClassSet> read(const std::string& xml) {
  ClassSet set;
  TELEPOST_TRY(read_classes(xml, "t.xml", set));
  return set;
}

TEST(PolicyClasses, StandardIsBuiltInAndWithoutLimits) {
  const ClassSet set;
  EXPECT_EQ(set.all().size(), 1U);
  EXPECT_EQ(set.standard().name, "standard");
  EXPECT_TRUE(set.standard().settings == ClassSettings());
  EXPECT_TRUE(set.standard().stated.empty());
  EXPECT_EQ(set.find("gold"), nullptr);
}

TEST(PolicyClasses, AreReadWhole) {
  const auto set = read(policies(R"(
    <!-- what a class does not say is not limited -->
    <class name="gold">
      <allocation bytes="1GiB" factor="120%" low-water="80%"/>
      <quota bytes="2GiB" messages="1000" soft="90%" grace="P7D"/>
      <undelete keep="P14D" bytes="unlimited" messages="50"/>
      <kind name="voice" max-size="10MB" quota-bytes="1MB" quota-messages="7"/>
      <kind name="fax" allow="false"/>
      <retention name="voice" keep="P30D" since="reading" keep-flagged="true" final="true">
        <when kind="voice video" mailbox="A*" role="junk" sender="*@x.test" larger="1" smaller="1KiB" flag="$Seen" without-flag="x" header="List-Id" matches="*a*"/>
        <when flag="$junk"/>
      </retention>
      <retention keep="forever"/>
      <expires-header honour="true"/>
      <retain keep="P10Y"/>
      <archive untouched="P90D" min-size="1MiB" bring-back="true"/><archive untouched="never"/>
      <compress after="PT1S"/>
      <notify on="false"/>
    </class>
    <class name="tin.1"/>)"));
  ASSERT_TRUE(set.ok()) << set.error().detail;
  const ClassOfService* gold = set->find("gold");
  ASSERT_NE(gold, nullptr);
  EXPECT_TRUE(gold->settings.allocation == (Allocation{std::uint64_t{1} << 30, 120, 80}));
  EXPECT_TRUE(gold->settings.quota == (Quota{std::uint64_t{2} << 30, 1000, 90, std::chrono::days(7)}));
  EXPECT_TRUE(gold->settings.undelete == (Undelete{std::chrono::days(14), {}, 50}));
  EXPECT_TRUE(gold->settings.of(Kind::voice) == (KindSettings{true, 10'000'000, 1'000'000, 7}));
  EXPECT_TRUE(gold->settings.of(Kind::fax) == (KindSettings{false, {}, {}, {}}));
  EXPECT_TRUE(gold->settings.of(Kind::email) == KindSettings());
  EXPECT_EQ(gold->stated.size(), 14U);
  EXPECT_NE(set->find("tin.1"), nullptr);
  EXPECT_NE(set->find("standard"), nullptr);
}

TEST(PolicyClasses, KeepTheirRulesInOrderWithNameAndPlace) {
  const auto set = read(policies(R"(
    <class name="gold">
      <retention name="old voice" keep="P30D" since="reading" keep-flagged="true" final="true">
        <when kind="voice video" mailbox="A*" role="junk" sender="*@x.test" larger="1" smaller="1KiB" flag="$Seen" without-flag="x" header="List-Id" matches="*a*"/>
        <when flag="$junk"/>
      </retention>
      <retention keep="forever"/>
      <expires-header honour="true" keep-flagged="true"/>
      <retain keep="P10Y"/>
      <archive untouched="P90D" min-size="1MiB" bring-back="true"/><archive untouched="never"/>
      <compress after="PT1S"/>
      <notify on="false"/>
    </class>)"));
  ASSERT_TRUE(set.ok()) << set.error().detail;
  const ClassRules& rules = set->find("gold")->rules;
  ASSERT_EQ(rules.retention.size(), 3U);
  const Retention& voice = rules.retention[0];
  EXPECT_EQ(voice.rule.name, "old voice");
  EXPECT_EQ(voice.rule.of, "gold");
  EXPECT_EQ(voice.rule.place, "t.xml:3");
  EXPECT_EQ(voice.since, Since::reading);
  EXPECT_EQ(voice.keep, std::chrono::days(30));
  EXPECT_TRUE(voice.keep_flagged && voice.final);
  ASSERT_EQ(voice.rule.when.size(), 2U);
  const std::uint16_t kinds = 1U << static_cast<unsigned>(Kind::voice) | 1U << static_cast<unsigned>(Kind::video);
  EXPECT_TRUE(voice.rule.when[0] == (When{kinds, "A*", Role::junk, "*@x.test", 1, 1024, "$seen", "x", "List-Id", "*a*"}));
  EXPECT_EQ(rules.retention[1].rule.name, "retention 2");
  EXPECT_FALSE(rules.retention[1].keep.has_value());
  EXPECT_EQ(rules.retention[2].since, Since::expires_header);
  EXPECT_EQ(rules.retention[2].keep, Duration(0));
  EXPECT_EQ(rules.retain.at(0).keep, std::chrono::days(3650));
  EXPECT_EQ(rules.archive.at(0).untouched, std::chrono::days(90));
  EXPECT_EQ(rules.archive.at(0).min_size_bytes, 1U << 20);
  EXPECT_TRUE(rules.archive.at(0).bring_back);
  EXPECT_FALSE(rules.archive.at(1).untouched.has_value());
  EXPECT_EQ(rules.compress.at(0).after, std::chrono::seconds(1));
  EXPECT_FALSE(rules.notify.at(0).notify);
}

TEST(PolicyClasses, OfTheSampleAreSound) {
  const auto files = class_files({TELEPOST_SOURCE_DIR "/schema/classes.xml"});
  ASSERT_TRUE(files.ok());
  ClassSet set;
  ASSERT_TRUE(load_classes_of(files->at(0), set).ok());
  EXPECT_TRUE(check_classes(set).ok());
  EXPECT_NE(set.find("notary"), nullptr);
}

TEST(PolicyClasses, MayReplaceStandardOnce) {
  const auto set = read(policies(R"(<class name="standard"><quota bytes="5"/></class>)"));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->standard().settings.quota.bytes, 5U);
  EXPECT_EQ(read(policies(R"(<class name="standard"/><class name="standard"/>)")).error().kind, Errc::invalid);
}

TEST(PolicyClasses, ThatAreWrongAreRefusedWithFileAndLine) {
  for (const char* inside : {"",
                             "\n<class/>",
                             "\n<class name=''/>",
                             "\n<class name='Gold'/>",
                             "\n<class name='a b'/>",
                             "\n<klass name='gold'/>",
                             "\n<class name='a'><kind name='telex'/></class>",
                             "\n<class name='a'><kind/></class>",
                             "\n<class name='a'><kind name='fax'/><kind name='fax'/></class>",
                             "\n<class name='a'><quota bytes='much'/></class>",
                             "\n<class name='a'><quota bytes='9999999999999999999GB'/></class>",
                             "\n<class name='a'><quota bytes='-1'/></class>",
                             "\n<class name='a'><retention keep='30 days'/></class>",
                             "\n<class name='a'><retention keep='PT0S'/></class>",
                             "\n<class name='a'><retention keep='-P1D'/></class>",
                             "\n<class name='a'><retention/></class>",
                             "\n<class name='a'><retention keep='never'/></class>",
                             "\n<class name='a'><retention keep='P1D' since='birth'/></class>",
                             "\n<class name='a'><retention keep='P1D'><when/></retention></class>",
                             "\n<class name='a'><retention keep='P1D'><when matches='x'/></retention></class>",
                             "\n<class name='a'><retention keep='P1D'><when kind='telex'/></retention></class>",
                             "\n<class name='a'><retention keep='P1D'><when role='attic'/></retention></class>",
                             "\n<class name='a'><archive untouched='forever'/></class>",
                             "\n<class name='a'><quota soft='101%'/></class>",
                             "\n<class name='a'><allocation low-water='0%'/></class>",
                             "\n<class name='a'><undelete keep='-PT1S'/></class>",
                             "\n<class name='subscriber'/>",
                             "\n<settings/>",
                             "\n<class name='a'><kind name='fax' allow='maybe'/></class>",
                             "\n<class name='a'><quota/><quota/></class>",
                             "\n<class name='a' colour='red'/>",
                             "\n<class name='a'>",
                             "\n<class name='a'><quota messages='99999999999999999999'/></class>"}) {
    const auto set = read(policies(inside));
    ASSERT_FALSE(set.ok()) << inside;
    EXPECT_TRUE(set.error().detail.starts_with(*inside == 0 ? "t.xml: line 1" : "t.xml: line 2"))
        << set.error().detail;
  }
  EXPECT_FALSE(read("<!DOCTYPE policies>" + policies("<class name='a'/>")).ok());
  EXPECT_FALSE(read("<policies xmlns='urn:telepost:policy:2'><class name='a'/></policies>").ok());
}

TEST(PolicyClasses, ComeFromEveryXmlFileOfTheFolder) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("telepost_policies_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
  write("a.xml", policies("<class name='gold'/>"));
  write("b.xml", policies("<class name='tin'/><class name='standard'/>"));
  write("notes.txt", "no XML");
  EXPECT_EQ(load_classes(folder)->all().size(), 3U);
  write("c.xml", policies("<class name='gold'/>"));
  EXPECT_EQ(load_classes(folder).error(),
            (Error{Errc::invalid, (folder / "c.xml").string() + ": another file defines the class 'gold' too; put both into one <class>"}));
  write("c.xml", "<policies");
  EXPECT_EQ(load_classes(folder).error().kind, Errc::invalid);
  write("c.xml", std::string(2 << 20, ' '));
  EXPECT_EQ(load_classes(folder).error().kind, Errc::too_large);
  std::filesystem::remove_all(folder);
  EXPECT_EQ(load_classes(folder).error().kind, Errc::not_found);
  EXPECT_EQ(load_classes("")->all().size(), 1U);
}

}  // namespace
}  // namespace telepost::schema
