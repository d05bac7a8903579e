// The real program and kill -9: mail comes over several connections, the process ends at a random moment, and what was
// acknowledged is there, once and untorn, in accounts of which many are made by it. Senders with a delivery key send again what
// was not acknowledged, and nobody has it twice. TELEPOST_LONG=1: 200 rounds instead of 10.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "cli/open_store.h"
#include "store/cdr_export.h"
#include "store/message_reader.h"
#include "store/verify.h"
#include "tests/support/smtp_sender.h"
#include "tests/support/store_content.h"
#include "tests/support/telepost_program.h"
#include "tests/support/temp_folder.h"

namespace telepost {
namespace {

using test::SmtpSender;

constexpr std::size_t kPlainSenders = 4;   // LMTP, a few recipients, a reply for each
constexpr std::size_t kRelays = 2;         // SMTP, one reply for all
constexpr std::size_t kTrunks = 2;         // LMTP with a proved identity: delivery keys and 50 recipients
constexpr std::size_t kManyRecipients = 50;

struct SentLetter {
  std::string marker;  // subject, and delivery key of a trunk
  std::vector<std::string> to;
  std::string text;
  bool has_key = false;
  std::vector<std::optional<std::string>> replies;
  bool acknowledged() const { return std::all_of(replies.begin(), replies.end(), [](const auto& reply) { return reply.has_value(); }); }
};

class Crash : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(folder_ / "telepost.toml") << "[store]\npath = \"" << folder_ / "store" << "\"\nreserve = \"0\"\n"
        "[smtp]\nlisten = \"127.0.0.1:0\"\n[lmtp]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n"
        "[create]\nper_peer_hour = 100000000\n[log]\nlevel = \"error\"\n"
        "[[services]]\nname = \"trunk\"\nlisten = \"127.0.0.1:0\"\ntrusted = true\n"
        "[[domains]]\nname = \"example.test\"\ncreate = true\n";
  }
  std::vector<std::string> with_config(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--config", folder_ / "telepost.toml"});
    return arguments;
  }
  void round(int number);
  void send_until_killed(int number);
  void send_again();
  void check(int number);
  using Copies = std::map<std::pair<std::string, std::string>, std::string>;  // message id by address and marker
  void check_account(store::Store& store, const std::string& address, Copies& copies);
  void check_source(const std::string& address, const std::string& id, const std::string& source, Copies& copies);
  void take_cdrs(store::Store& store);
  SentLetter compose(std::mt19937_64& random, int round, std::size_t sender, std::size_t count);

  const test::TempFolder folder_;
  std::mt19937_64 random_{20261120};
  std::mutex mutex_;
  std::vector<SentLetter> letters_;  // of this round
  std::map<std::string, const SentLetter*> by_marker_;
  std::string cdr_cursor_;
  std::map<std::string, int> cdrs_;      // by message id
  std::set<std::string> acknowledged_;   // message ids
};

std::string address_of(int round, const std::string& name) { return "r" + std::to_string(round) + name + "@example.test"; }

SentLetter Crash::compose(std::mt19937_64& random, int round, std::size_t sender, std::size_t count) {
  SentLetter letter;
  letter.marker = std::to_string(round) + "-" + std::to_string(sender) + "-" + std::to_string(count);
  letter.has_key = sender >= kPlainSenders + kRelays;
  const std::size_t recipients = letter.has_key ? kManyRecipients : 1 + random() % 3;
  const std::size_t first = random() % 8;
  for (std::size_t i = 0; i < recipients; ++i) {
    letter.to.push_back(address_of(round, letter.has_key ? "k" + std::to_string(i) : "u" + std::to_string((first + i) % 8)));
  }
  letter.text = test::mail(letter.marker);
  if (random() % 5 == 0) letter.text = test::mail_with(letter.marker, {test::random_lines(random() % 7, 40'000), test::random_lines(random(), random() % 90'000)});
  letter.replies.resize(recipients);
  return letter;
}

void Crash::send_until_killed(int number) {
  test::ServeProcess server(with_config({}));
  ASSERT_TRUE(server.ready());
  const std::size_t enough = 5 + random_() % 150;
  std::atomic<std::size_t> answered{0};
  std::condition_variable wake;
  std::size_t running = kPlainSenders + kRelays + kTrunks;
  std::vector<std::thread> threads;
  for (std::size_t sender = 0; sender < kPlainSenders + kRelays + kTrunks; ++sender) {
    const bool smtp = sender >= kPlainSenders && sender < kPlainSenders + kRelays;
    const std::string listener = smtp ? "smtp" : sender < kPlainSenders ? "lmtp" : "trunk";
    threads.emplace_back([this, number, sender, smtp, &answered, &wake, &running, seed = random_(), endpoint = server.endpoint(listener)] {
      std::mt19937_64 random(seed);
      SmtpSender connection(endpoint, smtp ? SmtpSender::Mode::smtp : SmtpSender::Mode::lmtp);
      for (std::size_t count = 0; connection.open(); ++count) {
        SentLetter letter = compose(random, number, sender, count);
        letter.replies = connection.send(letter.to, letter.text, letter.has_key ? letter.marker : "");
        const std::lock_guard lock(mutex_);
        answered += letter.acknowledged() ? 1u : 0u;
        letters_.push_back(std::move(letter));
        wake.notify_one();
      }
      const std::lock_guard lock(mutex_);
      --running;
      wake.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex_);
    wake.wait(lock, [&] { return answered >= enough || running == 0; });
    EXPECT_GT(running, 0u) << "the server closed every connection by itself";
  }
  server.signal(SIGKILL);
  server.wait();
  for (std::thread& thread : threads) thread.join();
}

// What the sender with a key does when the server is back; and a kill in the middle of it, one time in three.
void Crash::send_again() {
  test::ServeProcess server(with_config({}));
  ASSERT_TRUE(server.ready());
  SmtpSender connection(server.endpoint("trunk"), SmtpSender::Mode::lmtp);
  for (SentLetter& letter : letters_) {
    if (!letter.has_key || letter.acknowledged()) continue;
    const auto replies = connection.send(letter.to, letter.text, letter.marker);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      EXPECT_TRUE(replies[i]) << letter.marker << " to " << letter.to[i];
      if (letter.replies[i] && replies[i]) {
        const auto id_in = [](const std::string& reply) { return reply.substr(0, reply.find(" trace")); };
        EXPECT_EQ(id_in(*replies[i]), id_in(*letter.replies[i])) << "one key, two messages";
      }
      letter.replies[i] = replies[i];
    }
  }
  if (random_() % 3 != 0) server.signal(SIGTERM);
  else server.signal(SIGKILL);
  server.wait();
}

void Crash::check_account(store::Store& store, const std::string& address, Copies& copies) {
  const auto account = store.accounts().find(address);
  if (!account.ok()) return;
  for (schema::Uid from{1};;) {
    const auto page = store.reader().list_by_uid(*account, store::kInbox, from, {~0u}, 1000);
    ASSERT_TRUE(page.ok()) << to_string(page.error());
    if (page->messages.empty()) return;
    for (const store::Listed& listed : page->messages) {
      const schema::MessageId id{*account, listed.summary.local};
      const auto source = store.reader().source_text(id);
      ASSERT_TRUE(source.ok()) << to_string(source.error());
      check_source(address, to_string(id), *source, copies);
    }
    from = {page->messages.back().uid.value + 1};
  }
}

void Crash::check_source(const std::string& address, const std::string& id, const std::string& source, Copies& copies) {
  const std::size_t subject = source.find("\r\nSubject: ");
  ASSERT_NE(subject, std::string::npos) << source.substr(0, 200);
  const std::string marker = source.substr(subject + 11, source.find("\r\n", subject + 2) - subject - 11);
  const auto letter = by_marker_.find(marker);
  ASSERT_TRUE(letter != by_marker_.end()) << "sent by nobody: " << marker;
  EXPECT_TRUE(source.starts_with("Return-Path:") && source.ends_with(letter->second->text)) << marker << " is torn";
  EXPECT_TRUE(copies.try_emplace({address, marker}, id).second) << marker << " is there twice for " << address;
}

void Crash::take_cdrs(store::Store& store) {
  const auto next = store.cdrs().run(cdr_cursor_, [&](schema::AccountId account, const schema::CdrRecord& cdr) {
    ++cdrs_[to_string(schema::MessageId{account, cdr.local})];
    return true;
  });
  ASSERT_TRUE(next.ok()) << to_string(next.error());
  cdr_cursor_ = *next;
}

void Crash::check(int number) {
  schema::ConfigurationSource from;
  from.file = folder_ / "telepost.toml";
  const auto loaded = schema::load_configuration(from);
  ASSERT_TRUE(loaded.ok());
  const auto opened = cli::open_store(loaded->configuration, {});
  ASSERT_TRUE(opened.ok()) << to_string(opened.error());
  store::Store& store = *(*opened)->store;
  by_marker_.clear();
  std::set<std::string> addresses;
  for (const SentLetter& letter : letters_) {
    by_marker_[letter.marker] = &letter;
    addresses.insert(letter.to.begin(), letter.to.end());
  }
  Copies copies;
  for (const std::string& address : addresses) check_account(store, address, copies);
  for (const SentLetter& letter : letters_) {
    for (std::size_t i = 0; i < letter.to.size(); ++i) {
      if (!letter.replies[i]) continue;
      const auto copy = copies.find({letter.to[i], letter.marker});
      EXPECT_TRUE(copy != copies.end()) << letter.marker << " was acknowledged to " << letter.to[i] << " and is gone";
      if (copy != copies.end()) acknowledged_.insert(copy->second);
    }
  }
  take_cdrs(store);
  if (number % 10 == 0 || std::getenv("TELEPOST_LONG") == nullptr) {
    const auto report = store::verify(store);
    ASSERT_TRUE(report.ok());
    for (const store::Finding& finding : report->findings) {
      EXPECT_TRUE(finding.as == store::Finding::Class::debris) << store::to_string(finding);
    }
  }
}

void Crash::round(int number) {
  letters_.clear();
  send_until_killed(number);
  if (HasFatalFailure()) return;
  check(number);
  if (HasFatalFailure()) return;
  send_again();
  if (HasFatalFailure()) return;
  check(number);
}

TEST_F(Crash, LosesAndDoublesNothingThatWasAcknowledged) {
  const int rounds = std::getenv("TELEPOST_LONG") != nullptr ? 200 : 10;
  std::size_t letters = 0;
  for (int number = 1; number <= rounds && !HasFailure(); ++number) {
    SCOPED_TRACE("round " + std::to_string(number));
    round(number);
    letters += letters_.size();
  }
  RecordProperty("letters", static_cast<int>(letters));
  EXPECT_GE(acknowledged_.size(), static_cast<std::size_t>(rounds) * 10);

  // Every acknowledged delivery has one CDR, and none has two; the export tells the same from the beginning.
  for (const std::string& id : acknowledged_) EXPECT_EQ(cdrs_[id], 1) << id;
  for (const auto& [id, count] : cdrs_) EXPECT_EQ(count, 1) << id;
  const test::Finished exported = test::run_telepost(with_config({"cdr", "export", "--json"}));
  EXPECT_EQ(exported.exit_code, 0) << exported.err;
  std::map<std::string, int> from_the_beginning;
  std::istringstream lines(exported.out);
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    if (object.contains("message")) ++from_the_beginning[object["message"]];
  }
  EXPECT_EQ(from_the_beginning, cdrs_);

  // A message as the program gives it is what was sent; only the trunk, which is known, is told ids.
  int exported_messages = 0;
  for (const SentLetter& letter : letters_) {
    if (!letter.has_key || !letter.replies[0] || ++exported_messages > 5) continue;
    const std::string reply = *letter.replies[0];
    const std::size_t id = reply.find(" m") + 1;
    const auto given = test::run_telepost(with_config({"message", "export", reply.substr(id, reply.find(' ', id) - id), "--eml", "--as-arrived"}));
    EXPECT_EQ(given.exit_code, 0) << given.err;
    EXPECT_TRUE(given.out == letter.text);
  }
}

}  // namespace
}  // namespace telepost
