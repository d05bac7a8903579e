#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

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
  ClassOfService standard;
  standard.name = "standard";
  EXPECT_TRUE(set.standard() == standard);
  EXPECT_EQ(set.find("gold"), nullptr);
}

TEST(PolicyClasses, AreReadWhole) {
  const auto set = read(policies(R"(
    <!-- what a class does not say is not limited -->
    <class name="gold">
      <quota bytes="2GiB" messages="1000"/>
      <kind name="voice" max-size="10MB" retention="P30D"/>
      <kind name="fax" allow="false"/>
    </class>
    <class name="tin.1"/>)"));
  ASSERT_TRUE(set.ok()) << set.error().detail;
  const ClassOfService* gold = set->find("gold");
  ASSERT_NE(gold, nullptr);
  EXPECT_EQ(gold->quota_bytes, std::uint64_t{2} << 30);
  EXPECT_EQ(gold->quota_messages, 1000U);
  EXPECT_TRUE(gold->rule(Kind::voice) == (KindRule{true, 10'000'000, std::chrono::hours(30 * 24)}));
  EXPECT_TRUE(gold->rule(Kind::fax) == (KindRule{false, {}, {}}));
  EXPECT_TRUE(gold->rule(Kind::email) == KindRule());
  EXPECT_NE(set->find("tin.1"), nullptr);
  EXPECT_NE(set->find("standard"), nullptr);
}

TEST(PolicyClasses, MayReplaceStandardOnce) {
  const auto set = read(policies(R"(<class name="standard"><quota bytes="5"/></class>)"));
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->standard().quota_bytes, 5U);
  EXPECT_EQ(read(policies(R"(<class name="standard"/><class name="standard"/>)")).error().kind, Errc::exists);
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
                             "\n<class name='a'><kind name='fax' retention='30 days'/></class>",
                             "\n<class name='a'><kind name='fax' retention='PT0S'/></class>",
                             "\n<class name='a'><kind name='fax' retention='-P1D'/></class>",
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
            (Error{Errc::exists, (folder / "c.xml").string() + ": the class 'gold' is defined twice"}));
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
