// `telepost sweep`, `audit list`, `message list --deleted` and `message undelete` as an operator uses them.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/command_line.h"

namespace telepost {
namespace {

using Json = nlohmann::json;
using test::Finished;
using test::ServeProcess;

constexpr const char* kSweepMail = "From: bob@sender.test\nSubject: Hello\n\nbody\n";

class SweepCli : public test::CommandLine {
 protected:
  void SetUp() override {
    CommandLine::SetUp();
    in_force(R"(<undelete keep="P7D"/><retention keep="P30D"/>)");
    ask({"account", "create", "ann@example.test"});
  }
  void in_force(const std::string& standard) const {
    std::ofstream(folder_ / "policies/standard.xml")
        << "<policies xmlns='urn:telepost:policy:1'><class name='standard'>" << standard << "</class></policies>";
  }
  // Past its time from the first moment.
  std::string deliver_old() const {
    return ask({"message", "deliver", "-", "--to", "ann@example.test", "--received", "2020-01-01T00:00:00Z"}, kSweepMail)[0]["id"];
  }
  // Of the store's files, as grep would find them.
  std::size_t files_with(std::string_view marker) const {
    std::size_t files = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_ / "store")) {
      if (!file.is_regular_file()) continue;
      std::ostringstream bytes;
      bytes << std::ifstream(file.path(), std::ios::binary).rdbuf();
      files += bytes.view().find(marker) != std::string_view::npos ? 1u : 0u;
    }
    return files;
  }
  std::size_t listed() const { return ask({"message", "list", "ann@example.test"}).size(); }
};

TEST_F(SweepCli, SaysWhatItDidByKindAndInAll) {
  const std::string old = deliver_old();
  ask({"message", "deliver", "-", "--to", "ann@example.test"}, kSweepMail);
  const auto dry = ask({"sweep", "--kind", "expire", "--dry-run"});
  ASSERT_EQ(dry.size(), 1u);
  EXPECT_EQ(dry[0]["kind"], "expire");
  EXPECT_EQ(dry[0]["due"], 1);
  EXPECT_EQ(dry[0]["dry_run"], true);
  EXPECT_EQ(listed(), 2u);
  EXPECT_EQ(ask({"sweep", "--until", "2020-02-01"}).back()["done"], 0);
  const auto swept = ask({"sweep"});
  ASSERT_EQ(swept.size(), 5u);
  EXPECT_EQ(swept[0]["kind"], "expire");
  EXPECT_EQ(swept[0]["done"], 1);
  const Json& last = swept.back();
  EXPECT_EQ(last["kind"], "all");
  for (const char* field : {"due", "done", "failed", "late", "skipped_held", "bytes_freed", "seconds"}) EXPECT_TRUE(last.contains(field)) << field;
  EXPECT_EQ(listed(), 1u);
  EXPECT_EQ(run({"sweep", "--kind", "nonsense"}).exit_code, 65);
  EXPECT_EQ(ask({"sweep", "--kind", "verify"})[0]["failed"], 0);
}

TEST_F(SweepCli, BringsBackWhatExpiredUnderItsId) {
  const std::string id = deliver_old();
  ask({"sweep"});
  EXPECT_EQ(listed(), 0u);
  const auto deleted = ask({"message", "list", "ann@example.test", "--deleted"});
  ASSERT_EQ(deleted.size(), 1u);
  EXPECT_EQ(deleted[0]["id"], id);
  EXPECT_EQ(deleted[0]["mailbox"], "INBOX");
  EXPECT_EQ(deleted[0]["reason"], "expired");
  EXPECT_EQ(deleted[0]["subject"], "Hello");
  const auto audit = ask({"audit", "list"});
  ASSERT_EQ(audit.size(), 2u);
  EXPECT_EQ(audit[0]["action"], "expired");
  EXPECT_EQ(audit[0]["messages"], Json::array({id}));
  EXPECT_EQ(ask({"audit", "list", "--since", audit[1]["cursor"]}).size(), 1u);
  const auto restored = ask({"message", "undelete", id});
  ASSERT_EQ(restored.size(), 1u);
  EXPECT_EQ(restored[0]["mailboxes"], Json::array({"INBOX"}));
  ask({"sweep"});
  const auto again = ask({"message", "list", "ann@example.test"});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0]["id"], id);
  EXPECT_EQ(run({"message", "undelete", id}).exit_code, 1);  // it is not deleted
  ask({"message", "delete", id});
  EXPECT_EQ(ask({"message", "undelete", "--account", "ann@example.test", "--since", "2020-01-01"}).size(), 1u);
  EXPECT_EQ(listed(), 1u);
  EXPECT_EQ(run({"message", "undelete"}).exit_code, 65);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

TEST_F(SweepCli, ADeletionSaysWhetherItCanBeUndone) {
  const auto deliver = [&] { return ask({"message", "deliver", "-", "--to", "ann@example.test"}, kSweepMail)[0]["id"].get<std::string>(); };
  const std::string kept = deliver(), gone = deliver();
  const Json answer = ask({"message", "delete", kept})[0];
  EXPECT_EQ(answer["kept"], true);
  EXPECT_EQ(answer["purge"], ask({"message", "list", "ann@example.test", "--deleted"})[0]["purge"]);
  in_force("");
  EXPECT_EQ(ask({"message", "delete", gone}), (std::vector<Json>{{{"id", gone}, {"deleted", true}, {"kept", false}}}));
}

TEST_F(SweepCli, TheAuditLogTellsWhatOperatorsDid) {
  const std::string id = ask({"message", "deliver", "-", "--to", "ann@example.test"}, kSweepMail)[0]["id"];
  EXPECT_EQ(run({"message", "delete", id.substr(0, id.size() - 1) + (id.back() == '0' ? "1" : "0")}).exit_code, 67);
  ask({"message", "delete", id});
  ask({"mailbox", "create", "ann@example.test", "Work"});
  ask({"mailbox", "delete", "ann@example.test", "Work"});
  ask({"account", "close", "ann@example.test"});
  std::vector<std::string> told;
  for (const Json& line : ask({"audit", "list"})) {
    if (!line.contains("action")) continue;
    EXPECT_EQ(line["policy"], "operator");
    told.push_back(line["action"].get<std::string>() + ": " + line["reason"].get<std::string>());
  }
  EXPECT_EQ(told, (std::vector<std::string>{"message_deleted: deleted", "mailbox_deleted: Work was deleted with what lay in no other mailbox",
                                            "account_state_changed: closed"}));
}

TEST_F(SweepCli, SaysGoneForWhatWasPurged) {
  in_force(R"(<undelete keep="P7D" messages="0"/>)");
  const std::string id = ask({"message", "deliver", "-", "--to", "ann@example.test"}, kSweepMail)[0]["id"];
  ask({"message", "delete", id});
  ask({"sweep", "--kind", "expire"});
  EXPECT_EQ(run({"message", "undelete", id}).exit_code, 67);
  const auto audit = ask({"audit", "list", "--account", "ann@example.test"});
  EXPECT_EQ(audit[0]["action"], "message_deleted");
  EXPECT_EQ(audit[1]["action"], "purged");
}

// What a policy change made due is done by the sweep after it.
TEST_F(SweepCli, ASweepDoesWhatAPolicyChangeMadeDue) {
  in_force(R"(<undelete keep="P7D"/><retention keep="P100Y"/>)");
  for (int i = 0; i < 3; ++i) deliver_old();
  ask({"sweep"});
  EXPECT_EQ(listed(), 3u);
  in_force(R"(<undelete keep="P7D"/><retention keep="P30D"/>)");
  ask({"sweep"});
  EXPECT_EQ(listed(), 0u);
  in_force(R"(<undelete keep="P7D" messages="1"/>)");
  ask({"sweep"});
  EXPECT_EQ(ask({"message", "list", "ann@example.test", "--deleted"}).size(), 1u);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

TEST_F(SweepCli, NothingOfARemovedAccountIsFoundInAnyFile) {
  const std::string small = ask({"message", "deliver", "-", "--to", "ann@example.test"}, "Subject: xyzzyplugh\n\nxyzzyplugh\n")[0]["id"];
  std::string text = "Subject: large\n\n";
  while (text.size() < 200'000) text += "xyzzyplugh and more of it, line by line\n";
  const std::string large = ask({"message", "deliver", "-", "--to", "ann@example.test"}, text)[0]["id"];
  ask({"message", "deliver", "-", "--to", "ann@example.test"}, text);
  ask({"message", "delete", small});
  ask({"message", "delete", large});
  EXPECT_GT(files_with("xyzzyplugh"), 0u);
  EXPECT_EQ(ask({"message", "list", "ann@example.test", "--deleted"}).size(), 2u);
  ask({"account", "delete", "ann@example.test"});
  ask({"sweep", "--kind", "reclaim"});
  EXPECT_EQ(files_with("xyzzyplugh"), 0u);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

TEST_F(SweepCli, AServerDoesDueWorkByItself) {
  const ServeProcess server(settings());
  ASSERT_TRUE(server.ready());
  const std::string id = deliver_old();
  std::size_t deleted = 0;
  for (int asked = 0; deleted == 0 && asked < 1000; ++asked) deleted = ask({"message", "list", "ann@example.test", "--deleted"}).size();
  EXPECT_EQ(deleted, 1u);
  EXPECT_EQ(ask({"message", "undelete", id}).size(), 1u);
  const std::string metrics = test::http_get(server.endpoint("admin"), "/metrics");
  EXPECT_NE(metrics.find("telepost_sweep_done_total{kind=\"expire\"} 1"), std::string::npos) << metrics;
}

// What the benchmark times is what it says: so many expire, and no more.
TEST_F(SweepCli, TheBenchmarkExpiresWhatItSays) {
  std::filesystem::create_directory(folder_ / "bench");
  const Finished finished = test::run_telepost({"bench", "sweep", "--folder", folder_ / "bench", "--messages", "60", "--expire", "40", "--accounts", "2"});
  ASSERT_EQ(finished.exit_code, 0) << finished.err;
  const Json report = Json::parse(finished.out);
  EXPECT_EQ(report["messages"], 60);
  EXPECT_EQ(report["expired"], 40);
  EXPECT_GT(report["operations"], 0);
}

}  // namespace
}  // namespace telepost
