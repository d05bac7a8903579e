// Plays tests/dialog/smtp/*.dialog. The stage is a store in memory with the domains example.test (knows its accounts),
// open.test (makes them) and the numbers +1555…, behind the listeners smtp, lmtp, submission, submission-tls and ivr (a trusted
// service). Without `set smtp.tarpit=true` there is no tarpit. In C: steps {base64 TEXT} is TEXT in base64, {password NAME} the app
// password that was made under NAME, {plain ADDRESS NAME} the response of PLAIN with it.
//   set KEY=VALUE            configuration, before the first connect
//   account ADDRESS …        an account with these addresses
//   app-password ADDRESS NAME, revoke ADDRESS NAME
//   reading-password ADDRESS NAME  an app password that opens everything but sending
//   state ADDRESS STATE      active, disabled or closed
//   class XML                one <class> of service, before the first connect; `member ADDRESS CLASS` gives it to an account
//   holds ADDRESS N          its INBOX must hold N messages
//   source ADDRESS           the newest message's source must be, line by line, what the following "|" steps say
//   | pattern
//   |+ pattern               the same, but lines before it are passed over
//   sweep                    what is due now is done
//   disk full                the store refuses to take more
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>

#include "adapters/net/io_threads.h"
#include "adapters/net/tls_identities.h"
#include "adapters/smtp/server.h"
#include "base/bytes.h"
#include "base/random.h"
#include "store/app_passwords.h"
#include "store/rooms.h"
#include "store/store.h"
#include "tests/dialog/dialog.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_engine.h"
#include "tests/support/temp_folder.h"

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
[submission]
listen = ["127.0.0.1:0"]
listen_tls = ["127.0.0.1:0"]
hostname = "mx.example.test"
tarpit = false
[[services]]
name = "ivr"
listen = ["127.0.0.1:0"]
trusted = true
[[domains]]
name = "example.test"
[[domains]]
name = "open.test"
create = true
[[numbers]]
prefix = "+1555"
)";

class SmtpStage final : public Stage {
 public:
  ~SmtpStage() override {
    server_.reset();
    threads_.reset();
    store_.reset();
  }

  std::string expand(std::string_view words) override {
    const std::size_t space = std::min(words.find(' '), words.size() - 1);
    const std::string_view rest = words.substr(space + 1);
    if (words.starts_with("base64 ")) return to_base64(rest);
    if (words.starts_with("password ")) return passwords_[std::string(rest)];
    if (!words.starts_with("plain ")) return Stage::expand(words);
    const std::size_t end = rest.find(' ');
    const std::string nul(1, '\0');
    return to_base64(nul + std::string(rest.substr(0, end)) + nul + passwords_[std::string(rest.substr(end + 1))]);
  }

  Result<std::uint16_t> port_of(std::string_view listener) override {
    TELEPOST_TRY(start_server());
    for (const adapters::smtp::Server::Listening& listening : server_->listening()) {
      if (listening.name != listener) continue;
      return static_cast<std::uint16_t>(std::stoul(listening.endpoint.substr(listening.endpoint.rfind(':') + 1)));
    }
    return {Errc::not_found, "no listener " + std::string(listener)};
  }

  void advance(std::chrono::milliseconds time) override { clock_.advance(time); }

  Result<void> direct(const Step& step) override {
    const std::size_t space = step.text.find(' ');
    const std::string first = step.text.substr(0, space);
    const std::string second = space == std::string::npos ? "" : step.text.substr(space + 1);
    if (step.word == "set") return overrides_.push_back(step.text), Result<void>();
    if (step.word == "class") return schema::read_classes(step.text, "dialog", classes_);
    if (step.word == "|") return expect_source_line(step.text);
    if (step.word == "|+") return find_source_line(step.text);
    TELEPOST_TRY(open_store());
    if (step.word == "account") return make_account(step.text);
    if (step.word == "sweep") return sweep();
    if (step.word == "disk") return engine_->set_disk({1u << 30, 0}), wait_until_disk_is_full();
    if (step.word == "drain") return server_->stop(std::chrono::seconds(10)), Result<void>();
    TELEPOST_ASSIGN(const schema::AccountId account, store_->accounts().find(first));
    if (step.word == "state") return store_->accounts().set_state(account, state_from(second));
    if (step.word == "member") return store_->accounts().set_class(account, second);
    if (step.word == "revoke") return store_->app_passwords().revoke(account, second);
    if (step.word == "app-password") {
      TELEPOST_ASSIGN(passwords_[second], store_->app_passwords().add(account, second));
      return {};
    }
    if (step.word == "reading-password") {
      TELEPOST_ASSIGN(passwords_[second], store_->app_passwords().add(account, second, {schema::Scope::mail, schema::Scope::contacts}));
      return {};
    }
    if (step.word == "holds") return expect_count(account, std::stoul(second));
    if (step.word == "source") return take_source(account);
    return {Errc::invalid, "no such step"};
  }

 private:
  Result<void> open_store() {
    if (store_) return {};
    store::Store::Options options;
    TELEPOST_ASSIGN(options.configuration, schema::parse_configuration(kConfiguration, "dialog", overrides_));
    options.configuration.store.path = folder_.path();
    options.classes = classes_;
    auto engine = std::make_unique<MemoryEngine>(clock_);
    engine_ = engine.get();
    TELEPOST_ASSIGN(store_, store::Store::open(std::move(options), std::move(engine), clock_, random_));
    return {};
  }

  Result<void> start_server() {
    if (server_) return {};
    TELEPOST_TRY(open_store());
    threads_ = std::make_unique<adapters::net::IoThreads>(2, clock_);
    TELEPOST_ASSIGN(identities_, adapters::net::TlsIdentities::open({{}, folder_.path(), {"mx.example.test"}}, wall_));
    TELEPOST_ASSIGN(server_, adapters::smtp::Server::start(*threads_, *store_, clock_, random_, {.identities = identities_.get()}));
    return {};
  }

  Result<void> make_account(const std::string& text) {
    store::NewAccount account;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(' ', at), text.size());
      account.addresses.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    const Result<schema::AccountId> made = store_->accounts().create(account);
    return made.ok() ? Result<void>() : Result<void>(made.error());
  }

  static schema::AccountState state_from(std::string_view name) {
    return name == "closed"     ? schema::AccountState::closed
           : name == "disabled" ? schema::AccountState::disabled
                                : schema::AccountState::active;
  }

  // The store looks at its disk by itself, about once a second.
  Result<void> wait_until_disk_is_full() {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (store_->health().ok() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    return store_->health().ok() ? Result<void>(Errc::timeout, "the store does not notice") : Result<void>();
  }

  Result<store::ListPage> inbox_of(schema::AccountId account) {
    return store_->reader().list_by_uid(account, store::kInbox, schema::Uid{1}, schema::Uid{~0u}, 1000);
  }

  // What was handed in by submission is durable with its reply, and its copies follow.
  Result<store::ListPage> inbox_with(schema::AccountId account, std::size_t messages) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    Result<store::ListPage> page = inbox_of(account);
    while (page.ok() && page->messages.size() < messages && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
      page = inbox_of(account);
    }
    return page;
  }

  Result<void> expect_count(schema::AccountId account, std::size_t expected) {
    TELEPOST_ASSIGN(const store::ListPage page, inbox_with(account, expected));
    if (page.messages.size() == expected) return {};
    return {Errc::invalid, "it holds " + std::to_string(page.messages.size())};
  }

  Result<void> take_source(schema::AccountId account) {
    TELEPOST_ASSIGN(const store::ListPage page, inbox_with(account, 1));
    if (page.messages.empty()) return {Errc::not_found, "it holds no message"};
    TELEPOST_ASSIGN(source_, store_->reader().source_text({account, page.messages.back().summary.local}));
    return {};
  }

  Result<void> find_source_line(std::string_view pattern) {
    while (!source_.empty()) {
      if (expect_source_line(pattern).ok()) return {};
    }
    return {Errc::not_found, "the rest of the source has no such line"};
  }

  // What was answered may still leave work behind.
  Result<void> sweep() {
    store::rooms_of(*store_).workers.wait_until_idle();
    clock_.advance(std::chrono::milliseconds(1));  // what is due at this millisecond is swept in the next
    const auto swept = store_->sweep().run({});
    return swept.ok() ? Result<void>() : Result<void>(swept.error());
  }

  Result<void> expect_source_line(std::string_view pattern) {
    const std::size_t end = source_.find("\r\n");
    const std::string line = source_.substr(0, end);
    source_.erase(0, end == std::string::npos ? end : end + 2);
    std::string shown;  // as the file would write it
    for (const char c : line) shown += c == '\t' ? std::string("\\t") : c == '\0' ? std::string("\\0") : std::string(1, c);
    return matches(pattern, shown) ? Result<void>() : Result<void>(Errc::invalid, "the source says: " + shown);
  }

  TempFolder folder_;
  ManualClock clock_;
  SystemClock wall_;  // certificates are valid by the clock of who connects
  SystemRandom random_;
  std::vector<std::string> overrides_;
  schema::ClassSet classes_;
  MemoryEngine* engine_ = nullptr;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<adapters::net::IoThreads> threads_;
  std::unique_ptr<adapters::net::TlsIdentities> identities_;
  std::unique_ptr<adapters::smtp::Server> server_;
  std::map<std::string, std::string> passwords_;
  std::string source_;
};

std::vector<std::string> dialogs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(TELEPOST_SOURCE_DIR "/tests/dialog/smtp")) {
    if (entry.path().extension() == ".dialog") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class SmtpDialog : public testing::TestWithParam<std::string> {};

TEST_P(SmtpDialog, GoesAsWritten) {
  const auto steps = read_dialog(TELEPOST_SOURCE_DIR "/tests/dialog/smtp/" + GetParam() + ".dialog");
  ASSERT_TRUE(steps.ok()) << to_string(steps.error());
  SmtpStage stage;
  EXPECT_EQ(play(*steps, stage), "");
}

INSTANTIATE_TEST_SUITE_P(, SmtpDialog, testing::ValuesIn(dialogs()), [](const auto& dialog) { return dialog.param; });

}  // namespace
}  // namespace telepost::test
