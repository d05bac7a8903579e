#include <algorithm>

#include "tests/support/certificates.h"
#include "tests/unit/smtp_client_fixture.h"

namespace telepost::adapters::net {
namespace {

class SmtpClientTls : public SmtpClientTest {
 protected:
  std::unique_ptr<SmtpSink> secure_sink(const std::string& name) {
    TlsIdentities::Options options;
    options.settings.certificates = {authority_.issue("mx", name)};
    auto opened = TlsIdentities::open(std::move(options), clock_);
    EXPECT_TRUE(opened.ok()) << to_string(opened.error());
    SmtpSink::Options sink;
    sink.identities = std::move(*opened);
    return std::make_unique<SmtpSink>(sink);
  }
  Result<void> secure(const SmtpSink& sink, TlsExpectation expected, bool send_one = false) {
    Result<void> secured;
    const auto work = [&](SmtpClient& client, LineStream&) -> Awaitable<void> {
      Awaitable<Result<void>> securing = client.start_tls(**authorities_, expected);
      secured = co_await std::move(securing);
      if (!secured.ok() || !send_one) co_return;
      EXPECT_TRUE(client.is_secure());
      SmtpEnvelope each = envelope();
      each.content = survey(kMessage);
      Text content{std::string(kMessage)};
      const SmtpOutcome outcome = co_await client.send(each, SmtpTransport::text, content);
      EXPECT_EQ(outcome.to[0].kind, Kind::delivered);
    };
    EXPECT_TRUE(talk(sink, work).ok());
    return secured;
  }
  test::Authority authority_;
  Result<std::shared_ptr<const TlsAuthorities>> authorities_ = TlsAuthorities::open(authority_.file());
};

TEST_F(SmtpClientTls, SendsBehindStartTls) {
  const auto sink = secure_sink("mx.remote.test");
  EXPECT_TRUE(secure(*sink, {"mx.remote.test", TlsExpectation::Trust::verified, TlsVersion::tls12}, true).ok());
  EXPECT_TRUE(sink->messages().at(0).secure);
  const auto said = sink->commands();
  EXPECT_EQ(std::count(said.begin(), said.end(), "EHLO client.test"), 2);  // RFC 3207 section 4.2
}

TEST_F(SmtpClientTls, ACertificateOfAnotherNameIsDeniedUnlessAnybodyWillDo) {
  const auto sink = secure_sink("other.test");
  EXPECT_EQ(secure(*sink, {"mx.remote.test", TlsExpectation::Trust::verified, TlsVersion::tls12}).error().kind, Errc::denied);
  EXPECT_TRUE(secure(*sink, {"mx.remote.test", TlsExpectation::Trust::anybody, TlsVersion::tls12}, true).ok());
}

TEST_F(SmtpClientTls, WhatIsNotOfferedIsNotStarted) {
  SmtpSink sink;
  EXPECT_EQ(secure(sink, {"x", TlsExpectation::Trust::anybody, TlsVersion::tls12}).error().kind, Errc::unsupported);
}

// CVE-2011-0411 the other way round: a reply that came in plain text behind the one to STARTTLS.
TEST_F(SmtpClientTls, RepliesInjectedBeforeTheHandshakeAreRefused) {
  const auto sink = secure_sink("mx.remote.test");
  sink->answer_once("STARTTLS", "220 Go\r\n250-evil\r\n250 AUTH PLAIN");
  EXPECT_EQ(secure(*sink, {"mx.remote.test", TlsExpectation::Trust::anybody, TlsVersion::tls12}).error().kind, Errc::invalid);
}

TEST_F(SmtpClientTest, LogsInByPlain) {
  SmtpSink::Options options;
  options.extensions = {"AUTH PLAIN"};
  SmtpSink sink(options);
  sink.answer_with([](const std::string& said, unsigned) -> std::optional<std::string> {
    if (said == "AUTH PLAIN AGFubgBzZWNyZXQ=") return "235 2.7.0 Welcome";  // RFC 4616: NUL ann NUL secret
    if (said.starts_with("AUTH")) return "535 5.7.8 No";
    return std::nullopt;
  });
  const auto work = [](SmtpClient& client, LineStream&) -> Awaitable<void> {
    Awaitable<Result<void>> good = client.authenticate("ann", "secret");
    const Result<void> known = co_await std::move(good);
    EXPECT_TRUE(known.ok());
    Awaitable<Result<void>> bad = client.authenticate("ann", "wrong");
    const Result<void> unknown = co_await std::move(bad);
    EXPECT_EQ(unknown.error().kind, Errc::denied);
  };
  ASSERT_TRUE(talk(sink, work).ok());
}

}  // namespace
}  // namespace telepost::adapters::net
