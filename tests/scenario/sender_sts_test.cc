// MTA-STS (RFC 8461) and REQUIRETLS (RFC 8689) over the whole path: name server, policy by HTTPS, servers of mail with TLS.
#include <gtest/gtest.h>

#include "tests/support/https_server.h"
#include "tests/support/mail_out.h"

namespace telepost::adapters::smtp::sender {
namespace {

using test::HttpsServer;
using test::SmtpSink;
using schema::SendState;

constexpr char kPolicyPath[] = "/.well-known/mta-sts.txt";
constexpr char kEnforce[] = "version: STSv1\r\nmode: enforce\r\nmx: *.remote.test\r\nmax_age: 86400\r\n";

class MailOutSts : public test::MailOutTls {
 protected:
  void SetUp() override {
    web_ = std::make_unique<HttpsServer>(identities("web", "mta-sts.remote.test"));
    https_port_ = web_->port();
    dns_.add_mx("remote.test", 10, "mx.remote.test");
    dns_.add_a("mx.remote.test", "127.0.0.1");
    dns_.add_a("mta-sts.remote.test", "127.0.0.1");
  }
  void publish(const std::string& policy, const std::string& id = "1") {
    dns_.remove("_mta-sts.remote.test");
    dns_.add_txt("_mta-sts.remote.test", "v=STSv1; id=" + id + ";", 0);
    web_->serve("mta-sts.remote.test", kPolicyPath, {policy});
  }
  void begin(std::uint16_t mx_port, schema::Configuration settings = settings_of_loopback()) {
    settings.tls.authorities = authority_.file();
    settings.relay.messages_per_connection = 1;  // each asks for the policy
    open(std::move(settings));
    start(mx_port);
  }
  schema::MessageId send(const schema::MessageRequest& request = {}) { return submit({"ben@remote.test"}, test::kText, request); }
  std::string reply_of(schema::MessageId id) { return state_of(id).to.at(0).reply; }
  schema::MessageRequest require_tls() {
    schema::MessageRequest request;
    request.require_tls = true;
    return request;
  }
  std::unique_ptr<HttpsServer> web_;
};

TEST_F(MailOutSts, APolicyIsFetchedOnceAndKeptTo) {
  const auto sink = secure_sink("mx.remote.test");
  publish(kEnforce);
  begin(sink->port());
  EXPECT_TRUE(becomes(send(), 0, SendState::relayed));
  EXPECT_TRUE(becomes(send(), 0, SendState::relayed));
  ASSERT_EQ(sink->messages().size(), 2u);
  EXPECT_TRUE(sink->messages()[0].secure);
  EXPECT_EQ(web_->requests("mta-sts.remote.test"), 1u);
}

// Section 5: no other certificate, no plain text, whatever the server offers.
TEST_F(MailOutSts, AServerWithAnotherNamesCertificateGetsNothing) {
  const auto sink = secure_sink("mx.elsewhere.test");
  publish(kEnforce);
  begin(sink->port());
  const auto id = send();
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_NE(reply_of(id).find("4.7.5"), std::string::npos) << reply_of(id);
  EXPECT_TRUE(sink->messages().empty());
}

TEST_F(MailOutSts, AServerWithoutTlsGetsNothing) {
  SmtpSink sink;
  publish(kEnforce);
  begin(sink.port());
  const auto id = send();
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_TRUE(sink.messages().empty());
}

TEST_F(MailOutSts, AServerThatThePolicyDoesNotNameIsNotAsked) {
  const auto sink = secure_sink("mx.remote.test");
  publish("version: STSv1\nmode: enforce\nmx: other.remote.test\nmax_age: 86400\n");
  begin(sink->port());
  const auto id = send();
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_EQ(sink->connections(), 0u);
}

TEST_F(MailOutSts, APolicyThatTestsStopsNothing) {
  const auto sink = secure_sink("mx.elsewhere.test");
  publish("version: STSv1\nmode: testing\nmx: other.remote.test\nmax_age: 86400\n");
  begin(sink->port());
  EXPECT_TRUE(becomes(send(), 0, SendState::relayed));
}

// Section 3.3: a policy counts for as long as it says, though the next one cannot be fetched.
TEST_F(MailOutSts, APolicyStaysUntilTheNextOneIsThere) {
  SmtpSink plain;
  publish(kEnforce);
  begin(plain.port());
  EXPECT_TRUE(becomes(send(), 0, SendState::deferred));
  publish("", "2");
  web_->serve("mta-sts.remote.test", kPolicyPath, {"", "503 Service Unavailable", ""});
  fixture_->clock().advance(std::chrono::minutes(20));
  const auto second = send();
  EXPECT_TRUE(becomes(second, 0, SendState::deferred));
  EXPECT_TRUE(plain.messages().empty());
  publish("version: STSv1\nmode: none\nmax_age: 86400\n", "3");
  fixture_->clock().advance(std::chrono::hours(2));
  EXPECT_TRUE(becomes(second, 0, SendState::relayed));
  EXPECT_EQ(web_->requests("mta-sts.remote.test"), 3u);
}

// Section 3.3: no redirects, no other type, no other status; then the domain has no policy, and its mail goes as it would.
TEST_F(MailOutSts, WhatIsNoPolicyIsNone) {
  SmtpSink sink;
  begin(sink.port());
  const HttpsServer::File files[] = {{kEnforce, "302 Found", "Location: https://mta-sts.remote.test/policy\r\nContent-Type: text/plain\r\n"},
                                     {kEnforce, "200 OK", "Content-Type: text/html\r\n"},
                                     {kEnforce, "404 Not Found", "Content-Type: text/plain\r\n"},
                                     {std::string(70'000, 'x')}};
  unsigned asked = 0;
  for (const HttpsServer::File& file : files) {
    publish("", std::to_string(++asked));
    web_->serve("mta-sts.remote.test", kPolicyPath, file);
    EXPECT_TRUE(becomes(send(), 0, SendState::relayed)) << asked;
    EXPECT_EQ(web_->requests("mta-sts.remote.test"), asked);
    fixture_->clock().advance(std::chrono::hours(1));
  }
}

TEST_F(MailOutSts, APolicyFromAServerWithAnotherCertificateIsNone) {
  SmtpSink sink;
  web_ = std::make_unique<HttpsServer>(identities("other", "www.remote.test"));
  https_port_ = web_->port();
  publish(kEnforce);
  begin(sink.port());
  EXPECT_TRUE(becomes(send(), 0, SendState::relayed));
  EXPECT_EQ(web_->requests("mta-sts.remote.test"), 0u);
}

// The domain's owner writes its address: inside our own network nothing is fetched.
TEST_F(MailOutSts, APolicyIsNotFetchedFromANetworkThatIsRefused) {
  publish(kEnforce);
  dns_.remove("mx.remote.test");
  dns_.add_a("mx.remote.test", "127.0.0.9");
  schema::Configuration settings = settings_of_loopback();
  settings.relay.refuse_networks.push_back(*schema::network_from("127.0.0.1"));
  begin(9, std::move(settings));  // nobody listens there
  EXPECT_TRUE(becomes(send(), 0, SendState::deferred));
  EXPECT_EQ(web_->requests("mta-sts.remote.test"), 0u);
}

TEST_F(MailOutSts, RequireTlsGoesByServersThatThePolicyNamesAndThatOfferIt) {
  SmtpSink::Options options;
  options.identities = identities("mx", "mx.remote.test");
  options.extensions = {"REQUIRETLS"};
  SmtpSink sink(options);
  publish(kEnforce);
  begin(sink.port());
  EXPECT_TRUE(becomes(send(require_tls()), 0, SendState::relayed));
  ASSERT_EQ(sink.messages().size(), 1u);
  EXPECT_TRUE(sink.messages()[0].secure);
  EXPECT_NE(sink.messages()[0].mail.find(" REQUIRETLS"), std::string::npos) << sink.messages()[0].mail;
}

// RFC 8689 section 4.2.1: the last hop must know it too; 5.7.30 says that it does not.
TEST_F(MailOutSts, RequireTlsFailsWhereTheServerDoesNotKnowIt) {
  const auto sink = secure_sink("mx.remote.test");
  publish(kEnforce);
  begin(sink->port());
  const auto id = send(require_tls());
  EXPECT_TRUE(becomes(id, 0, SendState::failed));
  EXPECT_NE(reply_of(id).find("5.7.30"), std::string::npos) << reply_of(id);
  EXPECT_TRUE(sink->messages().empty());
}

TEST_F(MailOutSts, RequireTlsWaitsWhereNothingProvesTheServer) {
  SmtpSink::Options options;
  options.identities = identities("mx", "mx.remote.test");
  options.extensions = {"REQUIRETLS"};
  SmtpSink sink(options);
  begin(sink.port());
  const auto id = send(require_tls());
  EXPECT_TRUE(becomes(id, 0, SendState::deferred));
  EXPECT_NE(reply_of(id).find("REQUIRETLS"), std::string::npos) << reply_of(id);
  EXPECT_TRUE(sink.messages().empty());
}

// Section 5: the sender prefers delivery.
TEST_F(MailOutSts, TlsRequiredNoGoesBeforeThePolicy) {
  SmtpSink sink;
  publish(kEnforce);
  begin(sink.port());
  schema::MessageRequest request;
  request.tls_optional = true;
  EXPECT_TRUE(becomes(send(request), 0, SendState::relayed));
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
