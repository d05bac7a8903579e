// Plays tests/dialog/authentication/*.dialog: mail to a listener that asks a name server about its senders. The stage is a store in
// memory with the domain example.test, and a DNS of its own, which the dialogue fills.
//   set KEY=VALUE            configuration, before the first connect; nobody is exempt unless authentication.exempt is set
//   txt NAME TEXT, a NAME ADDRESS, mx NAME HOST      records
//   fail NAME                SERVFAIL for it; ignore NAME: no answer at all
//   asked NAME N             N questions came for it
//   flood NETWORK            mail from there has all its places for questions taken, by names that nobody answers for
//   account ADDRESS
//   holds ADDRESS MAILBOX N
//   junk ADDRESS N           N messages there have the keyword $junk
//   defect ADDRESS PATTERN   the newest message's document names it
//   source ADDRESS MAILBOX   its newest message's source must be, line by line, what the following "|" steps say
//   | pattern
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <thread>

#include "adapters/net/dns_resolver.h"
#include "adapters/net/io_threads.h"
#include "adapters/smtp/authenticator.h"
#include "adapters/smtp/server.h"
#include "base/random.h"
#include "schema/document.h"
#include "store/store.h"
#include "tests/dialog/dialog.h"
#include "tests/support/dns_server.h"
#include "tests/support/memory_engine.h"
#include "tests/support/on_loop.h"

namespace telepost::test {
namespace {

constexpr std::string_view kConfiguration = R"(
[smtp]
listen = ["127.0.0.1:0"]
hostname = "mx.example.test"
tarpit = false
[lmtp]
listen = ["127.0.0.1:0"]
hostname = "mx.example.test"
[authentication]
exempt = []
[[domains]]
name = "example.test"
)";

class AuthenticationStage final : public Stage {
 public:
  ~AuthenticationStage() override {
    server_.reset();
    resolver_.reset();
    for (auto& answer : flood_) answer.wait();
    threads_.reset();
    store_.reset();
  }

  Result<std::uint16_t> port_of(std::string_view listener) override {
    TELEPOST_TRY(start_server());
    for (const adapters::smtp::Server::Listening& listening : server_->listening()) {
      if (listening.name != listener) continue;
      return static_cast<std::uint16_t>(std::stoul(listening.endpoint.substr(listening.endpoint.rfind(':') + 1)));
    }
    return {Errc::not_found, "no listener " + std::string(listener)};
  }

  void advance(std::chrono::milliseconds) override {}

  Result<void> direct(const Step& step) override {
    std::istringstream words(step.text);
    std::string first, second, third;
    words >> first >> second >> third;
    if (step.word == "set") return overrides_.push_back(step.text), Result<void>();
    if (step.word == "txt") return dns_.add_txt(first, step.text.substr(first.size() + 1)), Result<void>();
    if (step.word == "a") return dns_.add_a(first, second), Result<void>();
    if (step.word == "mx") return dns_.add_mx(first, 10, second), Result<void>();
    if (step.word == "fail") return dns_.fail(first), Result<void>();
    if (step.word == "ignore") return dns_.ignore(first), Result<void>();
    if (step.word == "asked") return expect(dns_.questions(first), std::stoul(second));
    if (step.word == "|") return expect_source_line(step.text);
    if (step.word == "flood") return flood(first);
    TELEPOST_TRY(open_store());
    if (step.word == "account") return make_account(first);
    TELEPOST_ASSIGN(const schema::AccountId account, store_->accounts().find(first));
    if (step.word == "holds") return expect(list(account, second).size(), std::stoul(third));
    if (step.word == "junk") return expect_junk(account, std::stoul(second));
    if (step.word == "defect") return expect_defect(account, step.text.substr(first.size() + 1));
    if (step.word == "source") return take_source(account, second);
    return {Errc::invalid, "no such step"};
  }

 private:
  Result<void> open_store() {
    if (store_) return {};
    store::Store::Options options;
    TELEPOST_ASSIGN(options.configuration, schema::parse_configuration(kConfiguration, "dialog", overrides_));
    TELEPOST_ASSIGN(store_, store::Store::open(std::move(options), std::make_unique<MemoryEngine>(clock_), clock_, random_));
    return {};
  }

  Result<void> start_server() {
    if (server_) return {};
    TELEPOST_TRY(open_store());
    threads_ = std::make_unique<adapters::net::IoThreads>(2, clock_);
    schema::DnsSettings settings = dns_.settings();
    settings.timeout = std::chrono::seconds(20);  // a flood lasts as long as the dialogue; authentication.timeout is for the others
    TELEPOST_ASSIGN(resolver_, adapters::net::Resolver::open(threads_->first(), settings, clock_));
    adapters::smtp::Server::Options options;
    options.examiner = std::make_shared<adapters::smtp::Authenticator>(store_->configuration().authentication, *resolver_, clock_, random_);
    TELEPOST_ASSIGN(server_, adapters::smtp::Server::start(*threads_, *store_, clock_, random_, std::move(options)));
    return {};
  }

  Result<void> flood(const std::string& network) {
    TELEPOST_TRY(start_server());
    const auto name_of = [&network](std::size_t i) { return std::to_string(i) + "." + network + ".flood.test"; };
    for (std::size_t i = 0; i < adapters::net::kMostDnsQuestionsOfNetwork; ++i) {
      dns_.ignore(name_of(i));
      flood_.push_back(begin_on(threads_->next(), resolver_->look_up(name_of(i), adapters::net::DnsType::a, std::chrono::minutes(1),
                                                                     {adapters::net::DnsAsker::Purpose::arriving, network})));
    }
    for (std::size_t i = 0; i < adapters::net::kMostDnsQuestionsOfNetwork; ++i) {
      while (dns_.questions(name_of(i)) == 0) std::this_thread::yield();
    }
    return {};
  }

  Result<void> make_account(const std::string& address) {
    store::NewAccount account;
    account.addresses = {address};
    const Result<schema::AccountId> made = store_->accounts().create(account);
    return made.ok() ? Result<void>() : Result<void>(made.error());
  }

  static Result<void> expect(std::size_t found, std::size_t expected) {
    return found == expected ? Result<void>() : Result<void>(Errc::invalid, "there are " + std::to_string(found));
  }

  // Oldest first; empty where there is no such mailbox.
  std::vector<schema::Summary> list(schema::AccountId account, const std::string& mailbox) {
    std::vector<schema::Summary> summaries;
    const auto found = store_->mailboxes().find(account, mailbox);
    if (!found.ok()) return summaries;
    const auto page = store_->reader().list_by_uid(account, *found, schema::Uid{1}, schema::Uid{~0u}, 1000);
    EXPECT_TRUE(page.ok());
    for (const auto& message : page->messages) summaries.push_back(message.summary);
    return summaries;
  }

  Result<void> expect_junk(schema::AccountId account, std::size_t expected) {
    const std::vector<schema::Summary> summaries = list(account, "Junk");
    return expect(static_cast<std::size_t>(std::count_if(summaries.begin(), summaries.end(), [](const schema::Summary& summary) {
                    return summary.keywords == std::vector<std::string>{"$junk"};
                  })), expected);
  }

  Result<void> expect_defect(schema::AccountId account, std::string_view pattern) {
    const std::vector<schema::Summary> summaries = list(account, "INBOX");
    if (summaries.empty()) return {Errc::not_found, "it holds no message"};
    TELEPOST_ASSIGN(const std::string xml, store_->reader().document({account, summaries.back().local}));
    TELEPOST_ASSIGN(const schema::Document document, schema::read_document(xml));
    const bool found = std::any_of(document.defects.begin(), document.defects.end(),
                                   [pattern](const std::string& defect) { return matches(pattern, defect); });
    return found ? Result<void>() : Result<void>(Errc::not_found, "the document names no such defect");
  }

  Result<void> take_source(schema::AccountId account, const std::string& mailbox) {
    const std::vector<schema::Summary> summaries = list(account, mailbox);
    if (summaries.empty()) return {Errc::not_found, "it holds no message"};
    TELEPOST_ASSIGN(source_, store_->reader().source_text({account, summaries.back().local}));
    return {};
  }

  Result<void> expect_source_line(std::string_view pattern) {
    const std::size_t end = source_.find("\r\n");
    std::string line;
    for (const char c : source_.substr(0, end)) line += c == '\t' ? std::string("\\t") : std::string(1, c);
    source_.erase(0, end == std::string::npos ? end : end + 2);
    return matches(pattern, line) ? Result<void>() : Result<void>(Errc::invalid, "the source says: " + line);
  }

  SystemClock clock_;  // the resolver's deadlines are real ones
  SystemRandom random_;
  DnsServer dns_;
  std::vector<std::string> overrides_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<adapters::net::IoThreads> threads_;
  std::unique_ptr<adapters::net::Resolver> resolver_;
  std::unique_ptr<adapters::smtp::Server> server_;
  std::vector<std::future<Result<adapters::net::SharedDnsAnswer>>> flood_;
  std::string source_;
};

std::vector<std::string> dialogs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TELEPOST_SOURCE_DIR "/tests/dialog/authentication")) {
    if (entry.path().extension() == ".dialog") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class AuthenticationDialog : public testing::TestWithParam<std::string> {};

TEST_P(AuthenticationDialog, GoesAsWritten) {
  const auto steps = read_dialog(TELEPOST_SOURCE_DIR "/tests/dialog/authentication/" + GetParam() + ".dialog");
  ASSERT_TRUE(steps.ok()) << to_string(steps.error());
  AuthenticationStage stage;
  EXPECT_EQ(play(*steps, stage), "");
}

INSTANTIATE_TEST_SUITE_P(, AuthenticationDialog, testing::ValuesIn(dialogs()), [](const auto& dialog) { return dialog.param; });

}  // namespace
}  // namespace telepost::test
