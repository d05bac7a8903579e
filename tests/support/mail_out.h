// A real store, outbox and sender, a name server and sinks on the loopback: what scenarios of mail out are played with.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/dns_resolver.h"
#include "adapters/smtp/sender/sender.h"
#include "store/submission.h"
#include "tests/support/certificates.h"
#include "tests/support/dns_server.h"
#include "tests/support/smtp_sink.h"
#include "tests/support/store_fixture.h"

namespace telepost::test {

namespace net = adapters::net;
using schema::SendState;

inline constexpr std::string_view kText = "From: ann@example.test\r\nSubject: hello\r\n\r\n.\r\n..dots\r\nlast line\r\n";

// Serves a store with a sender; time for the store stands still unless a test moves it.
class MailOut : public testing::Test {
 protected:
  // The sinks are on the loopback.
  static schema::Configuration settings_of_loopback() {
    schema::Configuration settings = StoreFixture::configuration();
    settings.relay.refuse_networks.clear();
    return settings;
  }
  void open(schema::Configuration settings = settings_of_loopback()) {
    settings.relay.mta_sts = https_port_ != 0;
    fixture_ = std::make_unique<StoreFixture>(std::move(settings));
    ann_ = fixture_->create("mailto:ann@example.test");
    auto resolver = net::Resolver::open(threads_.first(), dns_.settings(), clock_);
    ASSERT_TRUE(resolver.ok()) << to_string(resolver.error());
    resolver_ = std::move(*resolver);
  }
  // Everything goes to this server.
  void open_with_relay(const std::string& host) {
    schema::Configuration settings = StoreFixture::configuration();
    settings.relay.smart_host.host = host;
    open(std::move(settings));
  }
  void start(std::uint16_t mx_port = 25) {
    adapters::smtp::sender::Sender::Options options;
    options.hostname = "out.example.test";
    options.resolver = resolver_.get();
    options.port = mx_port;
    options.https_port = https_port_;
    options.last_words = last_words_;
    options.authorities = fixture_->store().configuration().tls.authorities;
    auto started = adapters::smtp::sender::Sender::start(threads_, fixture_->store(), fixture_->clock(), fixture_->random(), options);
    ASSERT_TRUE(started.ok()) << to_string(started.error());
    sender_ = std::move(*started);
  }
  void TearDown() override {
    sender_.reset();
    if (fixture_) {
      EXPECT_TRUE(fixture_->verify_clean());
    }
    resolver_.reset();
  }

  schema::MessageId submit(const std::vector<std::string>& to, std::string_view text = kText, const schema::MessageRequest& request = {}) {
    store::HandedIn mail;
    mail.account = ann_;
    mail.origin.network = "smtp";
    mail.origin.trace = "trace1";
    mail.from = "mailto:ann@example.test";
    mail.request = request;
    for (const std::string& address : to) mail.to.push_back({address, {}, {}});
    mail.trace_block = "Return-Path: <ann@example.test>\r\nReceived: by out.example.test; Fri, 15 Jan 2027 08:00:00 +0000\r\n";
    auto intake = fixture_->store().submission().begin(std::move(mail));
    intake->write(text);
    auto results = store::wait_for<std::vector<Result<store::Delivered>>>([&](auto done) { intake->finish(std::move(done)); });
    EXPECT_TRUE(results.ok() && results->size() == 1 && results->front().ok());
    return results->front()->id;
  }
  store::SubmissionState state_of(schema::MessageId id) {
    const auto shown = fixture_->store().submission().show(id);
    EXPECT_TRUE(shown.ok()) << to_string(shown.error());
    return *shown;
  }
  // What people would see after a while: looked at again after each change of the account.
  bool comes_true(const std::function<bool()>& is_so) {
    std::mutex mutex;
    std::condition_variable changed;
    const auto subscription = fixture_->store().changes().subscribe([&](schema::AccountId, schema::Modseq) { changed.notify_all(); });
    bool so = false;
    for (int round = 0; round < 300 && !so; ++round) {  // half a minute
      std::unique_lock lock(mutex);
      so = changed.wait_for(lock, std::chrono::milliseconds(100), is_so);
    }
    fixture_->store().changes().unsubscribe(subscription);
    return so;
  }
  testing::AssertionResult becomes(schema::MessageId id, std::size_t recipient, schema::SendState state) {
    if (comes_true([&] { return state_of(id).to.at(recipient).state == state; })) return testing::AssertionSuccess();
    return testing::AssertionFailure() << name_of(state_of(id).to.at(recipient).state) << " " << state_of(id).to.at(recipient).reply;
  }
  std::vector<std::string> inbox() {
    std::vector<std::string> texts;
    const auto page = fixture_->store().reader().list_by_uid(ann_, schema::MailboxId{1}, schema::Uid{1}, schema::Uid{1000}, 100);
    EXPECT_TRUE(page.ok());
    for (const store::Listed& listed : page->messages) texts.push_back(*fixture_->store().reader().source_text({ann_, listed.summary.local}));
    return texts;
  }

  SystemClock clock_;
  Duration last_words_ = std::chrono::seconds(5);
  std::uint16_t https_port_ = 0;  // where MTA-STS policies are; 0: none are asked for
  net::IoThreads threads_{2, clock_};
  DnsServer dns_;
  std::unique_ptr<StoreFixture> fixture_;
  schema::AccountId ann_{};
  std::unique_ptr<net::Resolver> resolver_;
  std::unique_ptr<adapters::smtp::sender::Sender> sender_;
};

class MailOutTls : public MailOut {
 protected:
  std::shared_ptr<const net::TlsIdentities> identities(const std::string& file, const std::string& name) {
    net::TlsIdentities::Options options;
    options.settings.certificates = {authority_.issue(file, name)};
    auto opened = net::TlsIdentities::open(std::move(options), clock_);
    EXPECT_TRUE(opened.ok()) << to_string(opened.error());
    return std::move(*opened);
  }
  std::unique_ptr<SmtpSink> secure_sink(const std::string& name) {
    SmtpSink::Options sink;
    sink.identities = identities("mx", name);
    return std::make_unique<SmtpSink>(sink);
  }
  void open_with(schema::RelayTls tls, const std::string& host) {
    schema::Configuration settings = StoreFixture::configuration();
    settings.tls.authorities = authority_.file();
    settings.relay.smart_host.host = host;
    settings.relay.smart_host.tls = tls;
    open(std::move(settings));
  }
  Authority authority_;
};

}  // namespace telepost::test
