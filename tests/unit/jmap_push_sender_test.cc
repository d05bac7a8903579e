// When subscriptions are looked at and pushed to (RFC 8620 section 7.2), against a push service on the loopback.
#include "adapters/jmap/push_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>

#include "adapters/net/dns_resolver.h"
#include "adapters/net/io_threads.h"
#include "store/accounts.h"
#include "store/app_passwords.h"
#include "tests/support/certificates.h"
#include "tests/support/dns_server.h"
#include "tests/support/https_server.h"
#include "tests/support/jmap_mail.h"
#include "tests/support/temp_folder.h"

namespace telepost::adapters::jmap {
namespace {

using namespace std::chrono_literals;

// A type of whose /get each round asks once: so rounds are counted.
std::atomic<int> tides{0};
MethodResult get_tide(Call& call) {
  (void)call.account();
  ++tides;
  return Json{{"accountId", "a"}, {"state", "high"}, {"list", Json::array()}, {"notFound", Json::array()}};
}

struct PushSenderFolder {
  schema::Configuration settings() const {
    schema::Configuration configuration = test::StoreFixture::configuration();
    configuration.store.path = folder.path();
    return configuration;
  }
  const test::TempFolder folder;
};

class JmapPushSender : private PushSenderFolder, public test::JmapMail {
 protected:
  static constexpr char kAnnsService[] = "push.example.test";
  static constexpr char kBobsService[] = "other.example.test";
  static constexpr std::string_view kText = "From: ben@example.test\r\nTo: ann@example.test\r\nSubject: hello\r\n\r\nhello\r\n";

  JmapPushSender() : JmapMail(settings()) {
    methods_.add("Tide/get", kCore, get_tide);
    methods_.add("Tide/changes", kCore, get_tide);
  }
  void SetUp() override {
    net::TlsIdentities::Options shown;
    shown.settings.certificates = {authority_.issue("push", std::string(kAnnsService) + "," + kBobsService)};
    web_ = std::make_unique<test::HttpsServer>(net::TlsIdentities::open(std::move(shown), clock_).value());
    for (const char* host : {kAnnsService, kBobsService}) {
      dns_.add_a(host, "127.0.0.1");
      web_->serve(host, "", {"", "201 Created", ""});
    }
    resolver_ = net::Resolver::open(threads_.first(), dns_.settings(), clock_).value();
    desk_ = PushDesk::open(context_, methods_, fixture_.clock(), fixture_.random()).value();
  }
  void TearDown() override {
    if (sender_) sender_->stop();
  }
  void start() {
    sender_ = PushSender::start(threads_, store(), feed_, *desk_, fixture_.clock(), {resolver_.get(), authority_.file(), {}}).value();
  }
  // One that is to be asked for its code.
  store::PushSubscription subscribe(schema::AccountId account, const std::string& name, const std::string& host) {
    const std::string password = store().app_passwords().add(account, "phone").value();
    const auto there = store().app_passwords().keys_of(name).value();
    const ScramKeys keys = scram_keys(password, there.salt, there.iterations);
    schema::PushSubscriptionRecord record;
    record.device = "d";
    const std::string url = "https://" + host + ":" + std::to_string(web_->port()) + "/";
    return desk_->subscriptions().add(account, record, {url, "", "", "code", name, keys}).value();
  }
  // Ann's, which gave its code back already.
  void subscribe_ann() {
    const store::PushSubscription made = subscribe(account_, "ann@example.test", kAnnsService);
    const std::vector<std::string> types = {"Email", "Tide"};
    const auto now = desk_->states_now({account_, "ann@example.test", made.secrets.keys}, types).value();
    const auto changed = desk_->subscriptions().change(account_, made.number, [&](schema::PushSubscriptionRecord& record) -> Result<void> {
      record.is_asked = record.is_verified = true;
      record.types = types;
      record.told = now;
      return {};
    });
    ASSERT_TRUE(changed.ok());
  }
  schema::Modseq told() { return desk_->subscriptions().list(account_)->at(0).record.told.modseq; }
  schema::Modseq head() { return store().accounts().show(account_)->head.modseq; }
  unsigned pushes() const { return web_->requests(kAnnsService); }
  // Lets time pass until it is so.
  void pass_until(const std::function<bool()>& is_so) {
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!is_so() && never_.wait_for(1ms) == std::future_status::timeout) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up);
      fixture_.clock().advance(10ms);
    }
  }

  SystemClock clock_;
  test::Authority authority_;
  test::DnsServer dns_;
  std::unique_ptr<test::HttpsServer> web_;
  net::IoThreads threads_{1, clock_};
  std::unique_ptr<net::Resolver> resolver_;
  PushFeed feed_{fixture_.store().changes()};
  std::unique_ptr<PushDesk> desk_;
  std::unique_ptr<PushSender> sender_;
  std::promise<void> nobody_;
  const std::future<void> never_ = nobody_.get_future();
};

TEST_F(JmapPushSender, APushThatWasTakenIsNotLookedAfter) {
  subscribe_ann();
  const schema::AccountId bob = fixture_.create("mailto:bob@example.test");
  subscribe(bob, "bob@example.test", kBobsService);
  const int before = tides;
  start();
  pass_until([&] { return tides == before + 1 && web_->requests(kBobsService) == 1; });
  deliver(std::string(kText));
  pass_until([&] { return pushes() == 1 && told() == head(); });
  EXPECT_EQ(tides, before + 2);
  // A round of another account, long after: one of this account's would begin before it.
  fixture_.clock().advance(1min);
  ASSERT_TRUE(desk_->subscriptions().add(bob, {}, {"https://other.example.test/", "", "", "code", "nobody@example.test", {}}).ok());
  desk_->changed(bob);
  pass_until([&] { return desk_->subscriptions().list(bob)->size() == 1; });  // its log-in is none: the round has ended it
  sender_->stop();
  EXPECT_EQ(tides, before + 2);
  EXPECT_EQ(pushes(), 1u);
}

TEST_F(JmapPushSender, WhatChangesRightBehindAPushIsPushedToo) {
  subscribe_ann();
  start();
  for (unsigned i = 1; i <= 3; ++i) {
    deliver(std::string(kText));
    pass_until([&] { return pushes() >= i; });
  }
  deliver(std::string(kText));
  deliver(std::string(kText));
  pass_until([&] { return told() == head(); });
  EXPECT_GE(pushes(), 4u);
}

}  // namespace
}  // namespace telepost::adapters::jmap
