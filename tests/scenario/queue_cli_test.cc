// `telepost message send` and `telepost queue …` as an operator uses them, beside a stopped store and through a running server.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/command_line.h"

namespace telepost {
namespace {

using Json = nlohmann::json;
using test::Finished;
using test::http_get;
using test::ServeProcess;

constexpr const char* kQueueMail = "From: ann@example.test\r\nTo: carol@example.net\r\nSubject: Hello\r\n\r\nbody\r\n";

class QueueCli : public test::CommandLine {
 protected:
  // No name server answers here: what is to be sent stays in the queue.
  std::vector<std::string> settings() const override {
    auto settings = CommandLine::settings();
    settings.insert(settings.end(), {"--set", "dns.servers=127.0.0.1:1"});
    return settings;
  }
  std::string send(std::vector<std::string> to) const {
    std::vector<std::string> arguments{"message", "send", "ann@example.test"};
    arguments.insert(arguments.end(), to.begin(), to.end());
    arguments.insert(arguments.end(), {"--file", "-"});
    const auto sent = ask(std::move(arguments), kQueueMail);
    EXPECT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0]["result"], "submitted");
    EXPECT_EQ(sent[0]["recipients"], to.size());
    return sent[0]["id"];
  }
  std::string job_for(const std::string& destination) const {
    const auto jobs = ask({"queue", "list", "--destination", destination});
    EXPECT_EQ(jobs.size(), 1u);
    return jobs.empty() ? "" : jobs[0]["id"].get<std::string>();
  }
};

TEST_F(QueueCli, KeepsTheCopyInSentAndShowsEveryRecipient) {
  ask({"account", "create", "ann@example.test"});
  ask({"account", "create", "bob@example.test"});
  const std::string id = send({"carol@example.net", "Dave@Example.NET", "eve@example.org", "bob@example.test"});
  const auto sent = ask({"message", "list", "ann@example.test", "--mailbox", "Sent"});
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0]["id"], id);
  EXPECT_EQ(run({"message", "export", id, "--eml", "--as-arrived"}).out, kQueueMail);
  const std::string source = run({"message", "export", id, "--eml"}).out;
  EXPECT_EQ(std::count_if(source.begin(), source.end(), [](char c) { return c == '<'; }), 2) << source;  // Return-Path, Message-ID
  EXPECT_NE(source.find("\r\nDate: "), std::string::npos) << source;                                     // RFC 6409 section 8.2
  EXPECT_NE(source.find("\r\nMessage-ID: <"), std::string::npos) << source;                              // section 8.3
  EXPECT_EQ(ask({"message", "list", "bob@example.test"}).size(), 1u);

  const auto jobs = ask({"queue", "list"});
  ASSERT_EQ(jobs.size(), 2u);
  std::set<std::string> destinations;
  for (const Json& job : jobs) {
    destinations.insert(job["destination"]);
    EXPECT_EQ(job["network"], "mail");
    EXPECT_EQ(job["state"], "waiting");
    EXPECT_EQ(job["from"], "ann@example.test");
    EXPECT_EQ(job["message"], id);
    EXPECT_EQ(job["attempts"], 0);
  }
  EXPECT_EQ(destinations, (std::set<std::string>{"example.net", "example.org"}));
  const auto shown = ask({"queue", "show", id});
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0]["open"], 3);
  ASSERT_EQ(shown[0]["recipients"].size(), 4u);
  EXPECT_EQ(shown[0]["recipients"][0], (Json{{"address", "carol@example.net"}, {"state", "waiting"}, {"job", job_for("EXAMPLE.net")}}));
  EXPECT_EQ(shown[0]["recipients"][3]["state"], "delivered");
  EXPECT_EQ(ask({"queue", "show", job_for("example.org")})[0]["recipients"], Json::parse(R"([{"address":"eve@example.org","state":"waiting"}])"));

  const std::string table = run({"queue", "list"}).out;
  EXPECT_TRUE(table.starts_with("ID ")) << table;
  EXPECT_NE(table.find("NETWORK  DESTINATION  STATE    ATTEMPTS  NEXT"), std::string::npos) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
}

TEST_F(QueueCli, HoldsReleasesRetriesAndDeletesByNumberAndByFilter) {
  ask({"account", "create", "ann@example.test"});
  ask({"account", "create", "bob@example.test"});
  const std::string id = send({"carol@example.net", "eve@example.org", "fay@example.com"});
  const std::string job = job_for("example.net");
  const auto changed = [](const char* done, int jobs) { return std::vector<Json>{{{"done", done}, {"jobs", jobs}, {"left_out", 0}}}; };
  EXPECT_EQ(ask({"queue", "hold", job, job_for("example.org")}), changed("held", 2));
  EXPECT_EQ(ask({"queue", "list", "--state", "held"}).size(), 2u);
  EXPECT_EQ(ask({"queue", "list", "--state", "waiting"}).size(), 1u);
  EXPECT_TRUE(ask({"queue", "show", job})[0]["held"].get<bool>());
  EXPECT_EQ(ask({"queue", "release", "--all", "--state", "held", "--destination", "example.org"}), changed("released", 1));
  EXPECT_EQ(ask({"queue", "list", "--state", "held"}).size(), 1u);
  EXPECT_EQ(ask({"queue", "retry", "--all"}), (std::vector<Json>{{{"done", "retried"}, {"jobs", 2}, {"left_out", 1}}})) << "one is held";
  EXPECT_EQ(run({"queue", "retry", job}).exit_code, 75);
  EXPECT_TRUE(ask({"queue", "list", "--account", "bob@example.test"}).empty());
  EXPECT_EQ(ask({"queue", "list", "--account", "ann@example.test", "--network", "mail"}).size(), 3u);
  EXPECT_TRUE(ask({"queue", "list", "--network", "sms"}).empty());
  EXPECT_EQ(ask({"queue", "delete", job}), changed("deleted", 1));
  const auto shown = ask({"queue", "show", id})[0];
  EXPECT_EQ(shown["recipients"][0]["state"], "failed");
  EXPECT_EQ(shown["recipients"][0]["reply"], "554 5.0.0 removed from the queue by an operator");
  EXPECT_TRUE(ask({"message", "list", "ann@example.test", "--mailbox", "INBOX"}).empty()) << "nobody is told";
  EXPECT_EQ(ask({"queue", "delete", "--all"}), changed("deleted", 2));
  EXPECT_TRUE(ask({"queue", "list"}).empty());
  EXPECT_EQ(run({"queue", "list"}).out, "");
  EXPECT_EQ(ask({"verify"})[0]["damage"], 0);
}

TEST_F(QueueCli, PagesWithoutGapsOrRepeats) {
  ask({"account", "create", "ann@example.test"});
  std::vector<std::string> to;
  for (int i = 0; i < 7; ++i) to.push_back("carol@host" + std::to_string(i) + ".example.net");
  send(to);
  const auto all = ask({"queue", "list", "--limit", "0"});
  ASSERT_EQ(all.size(), 7u);
  std::vector<Json> seen;
  for (std::string after;;) {
    std::vector<std::string> arguments{"queue", "list", "--limit", "3"};
    if (!after.empty()) arguments.insert(arguments.end(), {"--after", after});
    const auto page = ask(std::move(arguments));
    seen.insert(seen.end(), page.begin(), page.end());
    if (page.size() < 3) break;
    after = page.back()["id"];
  }
  EXPECT_EQ(seen, all);
}

TEST_F(QueueCli, EndsAsSysexitsSays) {
  EXPECT_EQ(run({"queue", "list"}).exit_code, 75) << "no store yet";
  ask({"account", "create", "ann@example.test"});
  send({"carol@example.net"});
  const std::string job = job_for("example.net");
  for (const std::vector<std::string>& usage : std::vector<std::vector<std::string>>{
           {"queue"}, {"queue", "lisst"}, {"queue", "show"}, {"queue", "hold"}, {"queue", "delete"}, {"queue", "hold", job, "--all"},
           {"queue", "delete", "--state", "held"}, {"queue", "list", "--limit", "many"}, {"message", "send", "ann@example.test"}}) {
    EXPECT_EQ(run(usage).exit_code, 64) << usage.back();
  }
  for (const std::vector<std::string>& bad : std::vector<std::vector<std::string>>{
           {"queue", "list", "--network", "pigeon"}, {"queue", "list", "--state", "lost"}, {"queue", "hold", job, "--network", "mail"},
           {"message", "send", "ann@example.test", "no address", "--file", "-"}}) {
    EXPECT_EQ(run(bad, kQueueMail).exit_code, 65) << bad.back();
  }
  for (const std::vector<std::string>& unknown : std::vector<std::vector<std::string>>{
           {"queue", "show", "99"}, {"queue", "show", "x"}, {"queue", "hold", "99"}, {"queue", "delete", "99"},
           {"queue", "list", "--account", "zed@example.test"}, {"queue", "show", "m0000000000000-1"},
           {"message", "send", "zed@example.test", "carol@example.net", "--file", "-"}}) {
    const Finished finished = run(unknown, kQueueMail);
    EXPECT_EQ(finished.exit_code, 67) << unknown.back();
    EXPECT_TRUE(finished.err.starts_with("telepost: no ")) << finished.err;
  }
  EXPECT_EQ(ask({"queue", "list"}).size(), 1u);
  EXPECT_EQ(ask({"queue", "list", "--after", "99"}).size(), 1u) << "behind a job that is long gone";
}

TEST_F(QueueCli, AnswersThroughARunningServerWhichCountsItsQueue) {
  ask({"account", "create", "ann@example.test"});
  const std::string id = send({"carol@example.net"});
  ask({"queue", "hold", job_for("example.net")});
  const auto stopped = ask({"queue", "list"});
  {
    ServeProcess server(settings());
    ASSERT_TRUE(server.ready());
    EXPECT_EQ(ask({"queue", "list"}), stopped) << "what is held is not sent";
    const std::string other = send({"eve@example.org"});
    EXPECT_EQ(ask({"queue", "show", other})[0]["open"], 1);
    EXPECT_EQ(ask({"queue", "delete", "--all", "--state", "held"})[0]["jobs"], 1);
    EXPECT_EQ(ask({"queue", "show", id})[0]["open"], 0);
    std::string metrics;
    for (int tries = 0; tries < 500'000 && metrics.find("telepost_queue_oldest_seconds{network=\"mail\"} ") == std::string::npos; ++tries) {
      metrics = http_get(server.endpoint("admin"), "/metrics");
    }
    EXPECT_NE(metrics.find("telepost_queue_jobs{network=\"mail\",state=\"ready\"} "), std::string::npos) << metrics;
    EXPECT_NE(metrics.find("telepost_queue_jobs{network=\"sms\",state=\"sending\"} 0"), std::string::npos) << metrics;
    server.signal(15);
    EXPECT_EQ(server.wait(), 0);
  }
  EXPECT_EQ(ask({"verify"})[0]["damage"], 0);
}

}  // namespace
}  // namespace telepost
