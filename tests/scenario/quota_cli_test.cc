// `telepost account quota` and the warning before an account is full, as an operator and a subscriber see them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/command_line.h"

namespace telepost {
namespace {

using Json = nlohmann::json;
using test::Finished;
using test::ServeProcess;

class QuotaCli : public test::CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    std::ofstream(folder_ / "policies/small.xml") << R"(<policies xmlns="urn:telepost:policy:1"><class name="small">
        <allocation bytes="2000"/><quota bytes="5000" messages="20" soft="60%" grace="P7D"/><undelete keep="PT0S"/>
        <kind name="fax" allow="false"/><kind name="voice" quota-messages="3"/>
        <retention name="a month" keep="P30D"/></class></policies>)";
  }
  std::vector<std::string> settings() const override {
    auto settings = CommandLine::settings();
    settings.insert(settings.end(), {"--set", "dns.servers=127.0.0.1:1"});
    return settings;
  }
  Finished deliver(std::size_t size_bytes) const {
    std::string mail = "From: eve@example.net\r\nSubject: letter\r\n\r\n";
    while (mail.size() < size_bytes) mail += "A line of exactly forty letters, so to say\r\n";
    return run({"message", "deliver", "-", "--to", "ann@example.test"}, mail);
  }
};

TEST_F(QuotaCli, ShowsWhatIsHeldOfWhatMayBeAndWhatLeavesNext) {
  ask({"account", "create", "ann@example.test", "--class", "small"});
  const Json empty = ask({"account", "quota", "ann@example.test"}).at(0);
  EXPECT_EQ(empty["state"], "ok");
  EXPECT_EQ(empty["used"], (Json{{"messages", 0}, {"bytes", 0}}));
  EXPECT_EQ(empty["quota"], (Json{{"messages", 20}, {"bytes", 5000}, {"soft_messages", 12}, {"soft_bytes", 3000}, {"grace", "P7D"}}));
  EXPECT_EQ(empty["allocation"]["bytes"], 2000);
  EXPECT_TRUE(empty["leaving"].empty());
  ASSERT_EQ(deliver(3'200).exit_code, 0);
  const Json over = ask({"account", "quota", "ann@example.test"}).at(0);
  EXPECT_EQ(over["state"], "over_soft");
  EXPECT_EQ(over["used"]["messages"], 1);
  EXPECT_EQ(over["allocation"]["online"], over["used"]["bytes"]);
  EXPECT_TRUE(over.contains("full_at"));
  ASSERT_EQ(over["leaving"].size(), 1u);
  EXPECT_EQ(over["leaving"][0]["subject"], "letter");
  EXPECT_EQ(over["kinds"][0]["kind"], "email");
  EXPECT_NE(run({"account", "quota", "ann@example.test"}).out.find("over_soft"), std::string::npos);
  EXPECT_EQ(run({"account", "quota", "zed@example.test"}).exit_code, 67);
}

TEST_F(QuotaCli, RefusesWhatDoesNotFitByAnyDoor) {
  ask({"account", "create", "ann@example.test", "--class", "small"});
  ASSERT_EQ(deliver(3'000).exit_code, 0);
  EXPECT_NE(deliver(3'000).exit_code, 0);
  const std::string id = ask({"message", "list", "ann@example.test"}).at(0)["id"];
  const Finished copied = run({"message", "copy", id, "INBOX"});
  EXPECT_NE(copied.exit_code, 0);
  EXPECT_NE(copied.err.find("over_quota"), std::string::npos) << copied.err;
  EXPECT_EQ(ask({"account", "quota", "ann@example.test"}).at(0)["used"]["messages"], 1);
  EXPECT_EQ(ask({"verify"})[0]["damage"], 0);
}

TEST_F(QuotaCli, ARunningServerWarnsOnceWhenTheSoftQuotaIsPassed) {
  ask({"account", "create", "ann@example.test", "--class", "small"});
  ServeProcess server(settings());
  ASSERT_TRUE(server.ready());
  ASSERT_EQ(deliver(3'200).exit_code, 0);
  std::vector<Json> inbox;
  for (int tries = 0; tries < 2'000 && inbox.size() < 2; ++tries) inbox = ask({"message", "list", "ann@example.test"});
  ASSERT_EQ(inbox.size(), 2u);
  const std::string subject = inbox[0]["subject"];
  EXPECT_TRUE(subject.starts_with("Your mailbox is ")) << subject;
  server.signal(15);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(ask({"verify"})[0]["damage"], 0);
}

}  // namespace
}  // namespace telepost
