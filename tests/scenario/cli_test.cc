// The program as an operator sees it: commands through the socket of a running server and beside a stopped one, with the same
// answers; exit codes; signals.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapters/admin/client.h"
#include "adapters/admin/socket.h"
#include "tests/support/command_line.h"

namespace telepost {
namespace {

using Json = nlohmann::json;
namespace admin = adapters::admin;
using test::Finished;
using test::http_get;
using test::ServeProcess;

constexpr const char* kMail =
    "From: Bob <bob@sender.test>\r\nTo: ann@example.test\r\nSubject: Hello\r\nDate: Fri, 20 Nov 2026 "
    "16:25:30 +0000\r\n"
    "Message-ID: <1@sender.test>\r\n\r\nbody\r\n";

class Cli : public test::CommandLine {
 protected:
  std::string deliver(const std::string& to, const std::string& mail = kMail) const {
    const auto objects = ask({"message", "deliver", "-", "--to", to, "--from", "bob@sender.test"}, mail);
    return objects.size() == 1 ? objects[0].value("id", "") : "";
  }
};

TEST_F(Cli, AnswersTheSameBesideAStoppedServerAndThroughARunningOne) {
  ask({"account", "create", "ann@example.test", "--name", "Ann", "--alias", "+15550100"});
  const std::string id = deliver("ann@example.test");
  const auto stopped = ask({"message", "list", "ann@example.test"});
  ASSERT_EQ(stopped.size(), 1u);
  EXPECT_EQ(stopped[0]["id"], id);
  EXPECT_EQ(stopped[0]["uid"], 1);
  EXPECT_EQ(stopped[0]["mailbox"], "INBOX");
  EXPECT_EQ(stopped[0]["kind"], "email");
  EXPECT_EQ(stopped[0]["from"], "mailto:bob@sender.test");
  EXPECT_EQ(stopped[0]["subject"], "Hello");
  EXPECT_EQ(stopped[0]["flags"], Json::array());

  const ServeProcess server(settings());
  ASSERT_TRUE(server.ready());
  EXPECT_EQ(ask({"message", "list", "+15550100"}), stopped);
  EXPECT_EQ(ask({"account", "show", "ann@example.test"})[0]["addresses"],
            Json({"mailto:ann@example.test", "tel:+15550100"}));
}

TEST_F(Cli, EndsAsSysexitsSays) {
  EXPECT_EQ(run({"message", "lisst"}).exit_code, 64);
  EXPECT_EQ(run({}).exit_code, 64);
  EXPECT_EQ(run({"--help"}).exit_code, 0);
  EXPECT_NE(test::run_telepost({"help", "message", "export"}).out.find("--as-arrived"), std::string::npos);
  EXPECT_EQ(test::run_telepost({"help", "mesage"}).exit_code, 64);
  EXPECT_EQ(run({"account", "list"}).exit_code, 75) << "no store yet";
  ask({"account", "create", "ann@example.test"});
  EXPECT_EQ(run({"account", "show", "bob@example.test"}).exit_code, 67);
  EXPECT_EQ(run({"message", "show", "m0000000000000-1"}).exit_code, 67);
  EXPECT_EQ(run({"message", "list", "ann@example.test", "--before", "yesterday"}).exit_code, 65);
  EXPECT_EQ(run({"account", "create", "ann@example.test"}).exit_code, 1);
  EXPECT_EQ(run({"message", "import", "-", "--account", "ann@example.test"}, "<message/>").exit_code, 65);
}

TEST_F(Cli, NamesTheWordThatIsNoCommand) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"bogus"}, "'telepost bogus'"}, {{"mesage", "list"}, "'telepost mesage'"}, {{"message", "lst"}, "'telepost message lst'"}};
  for (const auto& [words, named] : cases) {
    const Finished finished = run(words);
    EXPECT_EQ(finished.exit_code, 64);
    EXPECT_NE(finished.err.find("no command " + named), std::string::npos) << finished.err;
  }
  EXPECT_NE(test::run_telepost({"help", "message", "list"}).out.find("Usage: telepost message list "), std::string::npos);
}

TEST_F(Cli, RefusesNegativeCounts) {
  ask({"account", "create", "ann@example.test"});
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"account", "list", "--limit", "-1"}, {"message", "list", "ann@example.test", "--limit", "-1"}, {"queue", "list", "--limit", "-3"},
           {"sweep", "--rate", "-1"}}) {
    EXPECT_EQ(run(words).exit_code, 64) << words[0];
  }
}

TEST_F(Cli, SaysWhenNoRangeServesANewAccount) {
  const Finished strange = run({"account", "create", "ann@nowhere.test"});
  EXPECT_EQ(strange.exit_code, 0);
  EXPECT_NE(strange.err.find("mailto:ann@nowhere.test lies in no [[domains]]"), std::string::npos) << strange.err;
  EXPECT_EQ(run({"account", "create", "ann@example.test", "--set", "domains=[{name='example.test'}]"}).err, "");
}

TEST_F(Cli, AHoldOnEverythingIsNothingLess) {
  ask({"account", "create", "ann@example.test"});
  for (const std::vector<std::string>& also : std::vector<std::vector<std::string>>{{"ann@example.test"}, {"--kind", "voice"}}) {
    std::vector<std::string> words = {"hold", "add", "--everything", "--reason", "r"};
    words.insert(words.end(), also.begin(), also.end());
    const Finished refused = run(words);
    EXPECT_EQ(refused.exit_code, 65);
    EXPECT_NE(refused.err.find("everything is all messages"), std::string::npos) << refused.err;
  }
  EXPECT_NE(run({"hold", "add", "--reason", "r"}).err.find("--everything"), std::string::npos);
  EXPECT_TRUE(ask({"hold", "list"}).empty());
}

TEST_F(Cli, PagesThroughAListWithoutGapsOrRepeats) {
  ask({"account", "create", "ann@example.test"});
  ask({"mailbox", "create", "ann@example.test", "Work/2026"});
  const ServeProcess server(settings());
  std::vector<std::string> newest_first;
  for (int i = 0; i < 7; ++i) newest_first.insert(newest_first.begin(), deliver("ann@example.test"));
  ask({"message", "move", newest_first[2], "Work/2026"});
  std::vector<std::string> seen;
  for (std::string before;;) {
    std::vector<std::string> arguments{"message", "list", "ann@example.test", "--limit", "3"};
    if (!before.empty()) arguments.insert(arguments.end(), {"--before", before});
    const auto page = ask(arguments);
    for (const Json& message : page) seen.push_back(message["id"]);
    if (page.size() < 3) break;
    before = page.back()["id"];
  }
  EXPECT_EQ(seen, newest_first);
  const auto work = ask({"message", "list", "ann@example.test", "--mailbox", "Work/2026"});
  ASSERT_EQ(work.size(), 1u);
  EXPECT_EQ(work[0]["id"], newest_first[2]);
  EXPECT_EQ(work[0]["mailbox"], "Work/2026");
}

TEST_F(Cli, BringsAnExportBackByteForByteWithItsFlagsAndId) {
  ask({"account", "create", "ann@example.test"});
  ask({"account", "create", "bob@example.test"});
  const ServeProcess server(settings());
  const std::string id = deliver("ann@example.test");
  ask({"message", "flag", id, "--add", "$seen", "--add", "$flagged"});
  const auto before = ask({"message", "list", "ann@example.test"});
  const Finished source = run({"message", "export", id, "--eml"});
  EXPECT_TRUE(source.out.ends_with(kMail));
  EXPECT_EQ(run({"message", "export", id, "--eml", "--as-arrived"}).out, kMail);

  const std::string file = folder_ / "message.xml";
  EXPECT_EQ(run({"message", "export", id, "--xml", "--output", file}).exit_code, 0);
  const std::string schema = TELEPOST_SOURCE_DIR "/schema/message.xsd";
  EXPECT_EQ(std::system(("xmllint --noout --nonet --schema " + schema + " " + file + " 2>/dev/null").c_str()),
            0);

  EXPECT_EQ(run({"message", "import", file}).exit_code, 1) << "the id is taken";
  ask({"message", "delete", id});
  EXPECT_EQ(ask({"message", "import", file}), std::vector<Json>({{{"id", id}, {"was", id}}}));
  const auto after = ask({"message", "list", "ann@example.test"});
  ASSERT_EQ(after.size(), 1u);
  for (const char* field : {"id", "flags", "received", "size", "subject", "from", "mailbox", "kind"}) {
    EXPECT_EQ(after[0][field], before[0][field]) << field;
  }
  EXPECT_EQ(run({"message", "export", id, "--eml"}).out, source.out);

  const auto elsewhere = ask({"message", "import", file, "--account", "bob@example.test"});
  EXPECT_NE(elsewhere[0]["id"], id);
  EXPECT_EQ(elsewhere[0]["was"], id);
  EXPECT_EQ(run({"message", "export", elsewhere[0]["id"], "--eml"}).out, source.out);
  EXPECT_NE(ask({"message", "import", file, "--new-id"})[0]["id"], id);
}

TEST_F(Cli, StreamsAMessageOf20MegabytesThroughTheSocket) {
  ask({"account", "create", "ann@example.test"});
  const ServeProcess server(settings());
  std::string mail = kMail;
  while (mail.size() < (20u << 20)) mail += std::string(76, 'x') + "\r\n";
  const std::string id = deliver("ann@example.test", mail);
  EXPECT_EQ(run({"message", "export", id, "--eml", "--as-arrived"}).out, mail);
  const std::string file = folder_ / "large.xml";
  EXPECT_EQ(run({"message", "export", id, "--xml", "--output", file}).exit_code, 0);
  ask({"message", "delete", id});
  ask({"message", "import", file});
  EXPECT_EQ(run({"message", "export", id, "--eml", "--as-arrived"}).out, mail);
}

TEST_F(Cli, ImportsAUnixMailFileWithTheLineEndsOfMail) {
  ask({"account", "create", "ann@example.test"});
  const auto imported =
      ask({"message", "import", "-", "--account", "ann@example.test"}, "Subject: x\n\nbody\n");
  EXPECT_EQ(run({"message", "export", imported[0]["id"], "--eml", "--as-arrived"}).out,
            "Subject: x\r\n\r\nbody\r\n");
}

TEST_F(Cli, TellsWhoHasTheStoreWhenTheServerDoesNotAnswer) {
  const ServeProcess server(settings());
  ASSERT_TRUE(server.ready());
  server.signal(SIGSTOP);
  const Finished finished = run({"account", "list"});
  server.signal(SIGCONT);
  EXPECT_EQ(finished.exit_code, 75);
  EXPECT_NE(finished.err.find("in use by pid " + std::to_string(server.pid())), std::string::npos)
      << finished.err;
}

TEST_F(Cli, TellsTheNinthCommandToComeBackLater) {
  const ServeProcess server(settings());
  const std::string socket = folder_ / "store/admin.sock";
  {
    std::vector<admin::Client> waiting;
    for (std::size_t i = 0; i < admin::kMaxExchanges; ++i) {
      auto client = admin::Client::connect(socket);
      ASSERT_TRUE(client.ok());
      waiting.push_back(std::move(*client));
    }
    EXPECT_EQ(run({"account", "list"}).exit_code, 75);
  }
  int outcome = 75;  // until the server has noticed that they left
  for (int attempt = 0; outcome == 75 && attempt < 500; ++attempt)
    outcome = run({"account", "list"}).exit_code;
  EXPECT_EQ(outcome, 0);
}

TEST_F(Cli, AnswersOnAfterGarbageOnItsSocket) {
  const ServeProcess server(settings());
  const auto address = admin::SocketPath::of(folder_ / "store/admin.sock");
  ASSERT_TRUE(address.ok());
  const std::string no_json = std::string("Q\0\0\0\1{", 6);
  for (const std::string& garbage : {std::string("EHLO x\r\n"), std::string("Q\xff\xff\xff\xff"), no_json}) {
    admin::Channel channel(admin::Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    ASSERT_EQ(::connect(channel.fd(), address->address(), address->size()), 0);
    ASSERT_GT(::send(channel.fd(), garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);
    EXPECT_EQ(channel.receive(admin::kMaxFrameBytes).value().kind, admin::FrameKind::greeting);
    const auto answer = channel.receive(admin::kMaxFrameBytes);
    EXPECT_TRUE(!answer.ok() || answer->kind == admin::FrameKind::status);
  }
  EXPECT_EQ(run({"account", "list"}).exit_code, 0);
}

TEST_F(Cli, LeavesNothingOfAFileThatIsCutShort) {
  ask({"account", "create", "ann@example.test"});
  const ServeProcess server(settings());
  const std::string id = deliver("ann@example.test");
  const std::string xml = run({"message", "export", id, "--xml"}).out;
  ask({"message", "delete", id});
  EXPECT_EQ(run({"message", "import", "-"}, xml.substr(0, xml.size() / 2)).exit_code, 65);
  std::string changed = xml;
  const std::size_t body = changed.find("</chunk>") - 8;
  changed[body] = changed[body] == 'A' ? 'B' : 'A';
  EXPECT_EQ(run({"message", "import", "-"}, changed).exit_code, 65) << "not what the digest says";
  EXPECT_TRUE(ask({"message", "list", "ann@example.test"}).empty());
  EXPECT_EQ(ask({"message", "import", "-"}, xml)[0]["id"], id);
  EXPECT_EQ(run({"verify"}).exit_code, 0);
}

TEST_F(Cli, ExportsEachCdrOnce) {
  ask({"account", "create", "ann@example.test"});
  const ServeProcess server(settings());
  const std::string first = deliver("ann@example.test");
  auto lines = ask({"cdr", "export"});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["message"], first);
  EXPECT_EQ(lines[0]["event"], "delivery");
  EXPECT_EQ(lines[0]["address"], "mailto:ann@example.test");
  const std::string cursor = lines.back()["cursor"];
  const std::string second = deliver("ann@example.test");
  lines = ask({"cdr", "export", "--since", cursor});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["message"], second);
  const Finished csv = run({"cdr", "export", "--csv"});
  EXPECT_TRUE(
      csv.out.starts_with("id,time,event,account,address,other,kind,result,message,size,network,trace\r\n"));
  EXPECT_TRUE(csv.err.starts_with("cursor "));
  EXPECT_EQ(run({"cdr", "export", "--since", "nonsense"}).exit_code, 65);
}

TEST_F(Cli, RefusesASecondServer) {
  const ServeProcess server(settings());
  const ServeProcess second(settings());
  EXPECT_FALSE(second.ready());
}

TEST_F(Cli, ReplacesTheSocketThatAKilledServerLeft) {
  {
    ServeProcess server(settings());
    ASSERT_TRUE(server.ready());
    server.signal(SIGKILL);
    EXPECT_EQ(server.wait(), 128 + SIGKILL);
  }
  const std::string socket = folder_ / "store" + "/admin.sock";
  EXPECT_TRUE(std::filesystem::exists(socket));
  EXPECT_EQ(run({"account", "list"}).exit_code, 0) << "beside a stale socket the store is opened";
  ServeProcess server(settings());
  EXPECT_EQ(run({"account", "list"}).exit_code, 0);
  struct stat status {};
  ASSERT_EQ(::stat(socket.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_FALSE(std::filesystem::exists(socket));
}

TEST_F(Cli, ShowsMetricsHealthAndReadiness) {
  ServeProcess server(settings());
  const std::string admin = server.endpoint("admin");
  EXPECT_TRUE(http_get(admin, "/readyz").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(http_get(admin, "/healthz").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(http_get(admin, "/nothing").starts_with("HTTP/1.1 404 "));
  const std::string metrics = http_get(admin, "/metrics");
  EXPECT_NE(metrics.find("# TYPE telepost_health_latch gauge\ntelepost_health_latch 0\n"), std::string::npos)
      << metrics;
  EXPECT_NE(server.endpoint("smtp"), "");
  EXPECT_NE(server.endpoint("lmtp"), "");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(Cli, TakesPasswordsFromAFileOrStdinAndNeverShowsThem) {
  ask({"account", "create", "ann@example.test"});
  EXPECT_EQ(ask({"account", "password", "ann@example.test"}, "correct horse\n")[0]["password"], true);
  std::ofstream(folder_ / "secret") << "battery staple\n";
  const Finished finished =
      run({"account", "password", "ann@example.test", "--password-file", folder_ / "secret"});
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out.find("battery"), std::string::npos);
  EXPECT_EQ(run({"account", "password", "ann@example.test"}, "\n").exit_code, 65);
}

TEST_F(Cli, ListsAccountsInTheOrderOfTheirIds) {
  for (const char* name : {"ann", "bob", "cid", "dan", "eve"}) {
    ask({"account", "create", std::string(name) + "@example.test"});
  }
  const auto all = ask({"account", "list"});
  ASSERT_EQ(all.size(), 5u);
  const auto first = ask({"account", "list", "--limit", "2"});
  auto rest = ask({"account", "list", "--after", first.back()["id"]});
  rest.insert(rest.begin(), first.begin(), first.end());
  EXPECT_EQ(rest, all);
  EXPECT_TRUE(
      std::is_sorted(all.begin(), all.end(), [](const Json& a, const Json& b) { return a["id"] < b["id"]; }));
}

TEST_F(Cli, ReadsPoliciesAgainOnSighupAndKeepsTheOldOnesAfterABadFile) {
  ServeProcess server(settings());
  const auto create = [this](const std::string& name) {
    return run({"account", "create", name + "@example.test", "--class", "gold"}).exit_code;
  };
  EXPECT_EQ(create("ann"), 65) << "nobody knows gold yet";
  std::ofstream(folder_ / "policies/gold.xml")
      << R"(<policies xmlns="urn:telepost:policy:1"><class name="gold"><quota bytes="1GiB"/></class></policies>)";
  EXPECT_EQ(run({"policy", "check"}).exit_code, 0);
  server.signal(SIGHUP);
  int outcome = 65;
  for (int attempt = 0; outcome == 65 && attempt < 500; ++attempt) outcome = create("ann");
  EXPECT_EQ(outcome, 0);
  std::ofstream(folder_ / "policies/gold.xml") << "<policies";
  EXPECT_EQ(run({"policy", "check"}).exit_code, 65);
  server.signal(SIGHUP);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(create("bob" + std::to_string(i)), 0);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

TEST_F(Cli, OnlyAReadingAsTheSubscriberIsAnAccess) {
  ask({"account", "create", "ann@example.test"});
  const std::string id = deliver("ann@example.test");
  EXPECT_EQ(ask({"message", "show", id})[0].count("accessed"), 0u);
  ask({"message", "list", "ann@example.test"});
  EXPECT_EQ(ask({"message", "show", id})[0].count("accessed"), 0u);
  ask({"message", "show", id, "--as-subscriber"});
  EXPECT_EQ(ask({"message", "show", id})[0].count("accessed"), 1u);
}

}  // namespace
}  // namespace telepost
