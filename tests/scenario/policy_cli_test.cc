// Classes of service as an operator writes, checks and explains them, and as they act in a running server.
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

constexpr const char* kPolicyMail = "From: Bob <bob@sender.test>\r\nTo: ann@example.test\r\nSubject: Hello\r\n\r\nbody\r\n";

class PolicyCli : public test::CommandLine {
 protected:
  // One line of an answer, as "value (from)".
  std::string line(const std::vector<Json>& objects, const std::string& what) const {
    for (const Json& each : objects) {
      if (each["what"] == what) return each.value("value", "") + " (" + each.value("from", "") + ")";
    }
    return "";
  }
  std::string write(const std::string& name, const std::string& classes) const {
    std::ofstream(folder_ / "policies/" + name) << "<policies xmlns=\"urn:telepost:policy:1\">\n" << classes << "\n</policies>\n";
    return folder_ / "policies/" + name;
  }
  std::string deliver(const std::string& to) const {
    const auto objects = ask({"message", "deliver", "-", "--to", to, "--from", "bob@sender.test"}, kPolicyMail);
    return objects.size() == 1 ? objects[0].value("id", "") : "";
  }
};

TEST_F(PolicyCli, CheckNamesFileLineColumnReasonAndWhatToDo) {
  struct Wrong {
    const char* classes;
    const char* place;   // line and column
    const char* reason;  // a part of it
    const char* remedy;
  };
  for (const Wrong& wrong : {
           Wrong{"<class name='a' colour='red'/>", "line 2, column 31", "colour", "takes name"},
           Wrong{"<class name='a'>\n<quota bytes='much'/></class>", "line 3, column 22", "much", "such as 500KB"},
           Wrong{"<class name='a'>\n<retention keep='30 days'/></class>", "line 3, column 28", "30 days", "such as P30D"},
           Wrong{"<class name='a'>\n<retention keep='PT0S'/></class>", "line 3, column 25", "PT0S", "PT1S or more"},
           Wrong{"<class name='a'>\n\n<kind name='telex'/></class>", "line 4, column 21", "telex", "email"},
           Wrong{"<class name='a'>\n<retain keep='P1D'/>\n<retention keep='P1D'/></class>", "line 4", "retention", "in this order"},
           Wrong{"<klass name='a'/>", "line 2", "klass", "class"},
           Wrong{"<class name='Gold'/>", "line 2, column 21", "Gold", "lower-case"},
           Wrong{"<class name='a'><quota soft='150%'/></class>", "line 2, column 37", "150%", "100%"},
       }) {
    const std::string file = write("wrong.xml", wrong.classes);
    const Finished checked = run({"policy", "check", file});
    EXPECT_EQ(checked.exit_code, 65) << wrong.classes;
    EXPECT_NE(checked.err.find(file + ": " + wrong.place), std::string::npos) << checked.err;
    EXPECT_NE(checked.err.find(wrong.reason), std::string::npos) << checked.err;
    EXPECT_NE(checked.err.find(wrong.remedy), std::string::npos) << checked.err;
  }
}

TEST_F(PolicyCli, CheckTellsOfEveryFileThatIsWrong) {
  const std::string first = write("a.xml", "<class name='A'/>"), second = write("b.xml", "<class/>"), good = write("c.xml", "<class name='c'/>");
  const Finished checked = run({"policy", "check"});
  EXPECT_EQ(checked.exit_code, 65);
  EXPECT_NE(checked.err.find(first + ": line 2"), std::string::npos) << checked.err;
  EXPECT_NE(checked.err.find(second + ": line 2"), std::string::npos) << checked.err;
  EXPECT_EQ(checked.err.find("c.xml"), std::string::npos) << checked.err;
  EXPECT_EQ(ask({"policy", "check", good})[0], (Json{{"files", 1}, {"classes", 2}, {"result", "ok"}}));
  EXPECT_EQ(run({"policy", "check", folder_ / "nowhere.xml"}).exit_code, 65);
}

TEST_F(PolicyCli, CheckRefusesWhatNoSingleFileShows) {
  const std::string file = write("a.xml", "<class name='a'><allocation bytes='1GB' factor='120%'/><quota bytes='1GB'/></class>");
  const Finished low = run({"policy", "check"});
  EXPECT_EQ(low.exit_code, 65);
  EXPECT_NE(low.err.find(file + ":2: the class 'a'"), std::string::npos) << low.err;
  EXPECT_NE(low.err.find("raise quota bytes or lower allocation bytes"), std::string::npos) << low.err;
  write("a.xml", "<class name='a'/>");
  write("b.xml", "<class name='a'/>");
  EXPECT_NE(run({"policy", "check"}).err.find("another file defines the class 'a' too"), std::string::npos);
  std::filesystem::remove(folder_ / "policies/b.xml");
  const Finished twice = run({"policy", "check", write("a.xml", "<class name='a'/>\n<class name='a'/>")});
  EXPECT_EQ(twice.exit_code, 65);
  EXPECT_NE(twice.err.find("a.xml: line 3, column 18: the class 'a' is defined twice"), std::string::npos) << twice.err;
  write("a.xml", "<class name='a'/>");
  EXPECT_EQ(run({"policy", "check"}).exit_code, 0);
  const std::string toml = folder_ / "telepost.toml";
  std::ofstream(toml) << "[policies]\npath = \"" << folder_ / "policies" << "\"\n[[domains]]\nname = \"example.test\"\nclass = \"gold\"\n";
  const Finished range = test::run_telepost({"--config", toml, "policy", "check"});
  EXPECT_EQ(range.exit_code, 65);
  EXPECT_NE(range.err.find("the range example.test of the configuration has the class 'gold'"), std::string::npos) << range.err;
}

TEST_F(PolicyCli, CheckWarnsWhereSendersFillWhatUndeleteKeeps) {
  const std::string honour = "<expires-header honour='true'/></class>";
  const auto check = [&](const std::string& undelete) {
    write("a.xml", "<class name='a'>" + undelete + honour);
    const Finished checked = run({"policy", "check"});
    EXPECT_EQ(checked.exit_code, 0) << checked.err;
    return checked.err;
  };
  EXPECT_NE(check("<undelete keep='P30D'/>").find("warning: the class 'a' honours Expires fields"), std::string::npos);
  EXPECT_EQ(check("<undelete keep='P30D' bytes='1GB'/>").find("warning"), std::string::npos);
  EXPECT_EQ(check("").find("warning"), std::string::npos);
}

TEST_F(PolicyCli, ShowsWhatHoldsAndWhoSaysSo) {
  const std::string file = write("gold.xml", "<class name='gold'><quota bytes='2GiB'/>\n<retention name='voice' keep='P30D' keep-flagged='true'><when kind='voice' larger='1KB'/><when role='junk'/></retention></class>");
  write("standard.xml", "<class name='standard'><quota bytes='1GiB' messages='500'/></class>");
  const auto gold = ask({"policy", "show", "gold"});
  EXPECT_EQ(line(gold, "quota bytes"), "2147483648 (gold)");
  EXPECT_EQ(line(gold, "quota messages"), "500 (standard)");
  EXPECT_EQ(line(gold, "retention 'voice'"), "keep P30D since arrival, flagged ones for ever, when kind voice and larger than 1000; or when role junk (gold (" + file + ":3))");
  EXPECT_EQ(run({"policy", "show", "tin"}).exit_code, 67);
  EXPECT_NE(run({"policy", "show"}).out.find("class standard"), std::string::npos);
}

TEST_F(PolicyCli, ExplainsAccountsAndMessagesBesideAndThroughAServer) {
  const std::string file = write("gold.xml", "<class name='gold'><quota bytes='2GiB'/>\n<retention name='mail' keep='P30D'/>\n<retain name='law' keep='P365D'/></class>");
  ASSERT_EQ(run({"account", "create", "ann@example.test", "--class", "gold"}).exit_code, 0);
  const std::string id = deliver("ann@example.test");
  const auto check = [&] {
    EXPECT_EQ(line(ask({"policy", "explain", "ann@example.test"}), "class"), "gold (account)");
    EXPECT_EQ(line(ask({"policy", "explain", "ann@example.test"}), "quota bytes"), "2147483648 (gold)");
    const auto message = ask({"policy", "explain", "ann@example.test", id});
    ASSERT_EQ(message.size(), 4u);
    EXPECT_EQ(message[0]["what"], "expires");
    EXPECT_EQ(message[0]["policy"], "gold: mail (" + file + ":3)");
    EXPECT_EQ(message[0]["reason"], "P30D after its arrival");
    EXPECT_EQ(message[1]["policy"], "gold: law (" + file + ":4)");
    EXPECT_TRUE(message[2]["time"].is_null());
    EXPECT_EQ(message[2]["reason"], "no rule says so");
  };
  check();
  {
    ServeProcess server(settings());
    check();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
  EXPECT_EQ(run({"policy", "explain", "nobody@example.test"}).exit_code, 67);
  EXPECT_EQ(run({"policy", "explain", "ann@example.test", "nothing"}).exit_code, 67);
}

TEST_F(PolicyCli, ASubscribersOwnSettingsGoBeforeTheClass) {
  write("gold.xml", "<class name='gold'><retention keep='P30D'/></class>");
  ASSERT_EQ(run({"account", "create", "ann@example.test", "--class", "gold"}).exit_code, 0);
  const std::string id = deliver("ann@example.test");
  const std::string own = "<settings xmlns=\"urn:telepost:policy:1\"><retention name=\"mine\" keep=\"P300D\"/></settings>\n";
  EXPECT_EQ(run({"account", "policy", "set", "ann@example.test", "-"}, own).exit_code, 0);
  EXPECT_EQ(run({"account", "policy", "show", "ann@example.test"}).out, own);
  EXPECT_EQ(ask({"policy", "explain", "ann@example.test", id})[0]["policy"], "subscriber: mine");
  const Finished refused = run({"account", "policy", "set", "ann@example.test", "-"}, "<settings xmlns=\"urn:telepost:policy:1\">\n<quota bytes='1'/></settings>");
  EXPECT_EQ(refused.exit_code, 65);
  EXPECT_NE(refused.err.find("line 2, column "), std::string::npos) << refused.err;
  EXPECT_EQ(run({"account", "policy", "clear", "ann@example.test"}).exit_code, 0);
  EXPECT_NE(ask({"policy", "explain", "ann@example.test", id})[0]["policy"].get<std::string>().find("gold: retention 1"), std::string::npos);
}

// A second after it was read again, an earlier policy has done its work in a server.
TEST_F(PolicyCli, AShorterRetentionReachesStoredMessagesAfterSighup) {
  ServeProcess server(settings());
  ASSERT_EQ(run({"account", "create", "ann@example.test"}).exit_code, 0);
  ASSERT_FALSE(deliver("ann@example.test").empty());
  write("standard.xml", "<class name='standard'><retention keep='PT1S'/></class>");
  server.signal(SIGHUP);
  std::size_t left = 1;
  for (int attempt = 0; left > 0 && attempt < 500; ++attempt) left = ask({"message", "list", "ann@example.test"}).size();
  EXPECT_EQ(left, 0u);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

}  // namespace
}  // namespace telepost
