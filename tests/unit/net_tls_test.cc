// TLS with OpenSSL at both ends of a socket pair, and what the openssl command says of the same certificates.
#include "adapters/net/tls.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "adapters/net/line_stream.h"
#include "adapters/net/tls_identities.h"
#include "base/bytes.h"
#include "tests/support/certificates.h"
#include "tests/support/manual_clock.h"
#include "tests/support/on_loop.h"

namespace telepost::adapters::net {
namespace {

using Trust = TlsExpectation::Trust;
using Binding = TlsChannel::Binding;
constexpr Duration kPatience = std::chrono::seconds(10);

// What one end saw.
struct Seen {
  Result<void> handshake;
  std::string version, cipher, sni, heard;
  std::optional<TlsPeerCertificate> peer;
  std::optional<std::string> exporter, unique, end_point;
  bool resumed = false;
};

Awaitable<Seen> talk(LineStream& stream, Result<void> handshake, std::string says) {
  Seen seen;
  seen.handshake = handshake;
  if (!handshake.ok()) co_return seen;
  const TlsChannel& tls = *stream.tls();
  seen.version = tls.version();
  seen.cipher = tls.cipher();
  seen.sni = tls.sni();
  seen.peer = tls.peer_certificate();
  seen.exporter = tls.binding(Binding::exporter);
  seen.unique = tls.binding(Binding::unique);
  seen.end_point = tls.binding(Binding::server_end_point);
  stream.out() = says;
  const Result<void> sent = co_await stream.flush(kPatience);
  EXPECT_TRUE(sent.ok());
  while (!stream.buffered().ends_with("\n")) {
    const Result<void> filled = co_await stream.fill(kPatience);
    if (!filled.ok()) break;
    seen.heard += stream.buffered();
    const bool ended = stream.buffered().ends_with("\n");
    stream.consume(stream.buffered().size());
    if (ended) break;
  }
  co_return seen;
}

Awaitable<Seen> accept_side(Loop& loop, int fd, const TlsIdentities& identities, std::string says) {
  LineStream stream(loop, fd);
  Result<void> done = co_await stream.start_tls(identities, kPatience);
  Seen seen = co_await talk(stream, done, says);
  co_await stream.finish();
  co_return seen;
}

Awaitable<Seen> connect_side(Loop& loop, int fd, const TlsAuthorities& authorities, TlsExpectation expected, std::string says) {
  LineStream stream(loop, fd);
  Result<void> done = co_await stream.start_tls(authorities, expected, kPatience);
  Seen seen = co_await talk(stream, done, says);
  co_await stream.finish();
  co_return seen;
}

// Plain bytes come before the handshake.
Awaitable<Result<void>> accept_after_text(Loop& loop, int fd, const TlsIdentities& identities, std::string& buffered) {
  LineStream stream(loop, fd);
  const Result<void> filled = co_await stream.fill(kPatience);
  EXPECT_TRUE(filled.ok());
  stream.consume(std::string_view("STARTTLS\r\n").size());
  buffered = stream.buffered();
  Result<void> done = co_await stream.start_tls(identities, kPatience);
  co_return done;
}

Awaitable<Result<void>> accept_nobody(Loop& loop, int fd, const TlsIdentities& identities) {
  LineStream stream(loop, fd);
  Result<void> done = co_await stream.start_tls(identities, kPatience);
  stream.out() = "220 plain text after a failed handshake would be wrong\r\n";
  const Result<void> sent = co_await stream.flush(kPatience);
  EXPECT_FALSE(sent.ok());
  co_await stream.finish();
  co_return done;
}

class Tls : public testing::Test {
 protected:
  std::unique_ptr<TlsIdentities> identities(std::vector<schema::TlsCertificate> certificates) {
    auto made = TlsIdentities::open({{std::move(certificates), ""}, folder_.path(), {"mx.example.test", "example.test"}}, clock_);
    EXPECT_TRUE(made.ok()) << to_string(made.error());
    return std::move(made).value();
  }
  std::pair<Seen, Seen> meet(const TlsIdentities& shown, TlsExpectation expected, std::string server_says = "hello\n",
                             std::string client_says = "hi\n") {
    const auto [a, b] = pair();
    auto accepted = test::begin_on(threads_.next(), accept_side(loop(0), a, shown, std::move(server_says)));
    auto connected = test::begin_on(threads_.next(), connect_side(loop(1), b, *authorities_, std::move(expected), std::move(client_says)));
    return {accepted.get(), connected.get()};
  }
  // Each coroutine runs on the loop that its stream belongs to.
  Loop& loop(int) { return threads_.first(); }
  static std::pair<int, int> pair() {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    return {ends[0], ends[1]};
  }

  test::TempFolder folder_;
  test::ManualClock clock_{std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now())};
  test::Authority authority_;
  IoThreads threads_{1, clock_};
  std::shared_ptr<const TlsAuthorities> authorities_ = TlsAuthorities::open(authority_.file()).value();
};

TEST_F(Tls, SpeaksToAPeerWhoseNameIsProved) {
  const auto shown = identities({authority_.issue("mx", "mx.example.test")});
  const auto [server, client] = meet(*shown, {"mx.example.test"});
  ASSERT_TRUE(server.handshake.ok() && client.handshake.ok()) << to_string(client.handshake.error());
  EXPECT_EQ(server.heard, "hi\n");
  EXPECT_EQ(client.heard, "hello\n");
  EXPECT_EQ(client.version, "TLSv1.3");
  EXPECT_EQ(server.cipher, client.cipher);
  EXPECT_EQ(server.sni, "mx.example.test");
  ASSERT_TRUE(client.peer);
  EXPECT_TRUE(client.peer->is_verified);
  EXPECT_EQ(client.peer->subject, "CN=mx.example.test");
  EXPECT_FALSE(server.peer);
}

TEST_F(Tls, CarriesMegabytesEachWayAtOneTime) {
  const auto shown = identities({authority_.issue("mx", "mx.example.test")});
  const std::string large = std::string(3 << 20, 'x') + "\n", small = std::string(100'000, 'y') + "\n";
  const auto [server, client] = meet(*shown, {"mx.example.test"}, small, large);
  EXPECT_TRUE(server.heard == large);
  EXPECT_TRUE(client.heard == small);
}

TEST_F(Tls, BindsBothEndsToTheSameChannel) {
  const schema::TlsCertificate certificate = authority_.issue("mx", "mx.example.test");
  const auto shown = identities({certificate});
  const auto [server, client] = meet(*shown, {"mx.example.test"});
  ASSERT_TRUE(server.exporter && client.exporter && server.end_point && client.end_point);
  EXPECT_EQ(server.exporter->size(), 32u);  // RFC 9266 section 2
  EXPECT_EQ(*server.exporter, *client.exporter);
  EXPECT_EQ(*server.end_point, *client.end_point);
  EXPECT_FALSE(server.unique || client.unique);  // TLS 1.3 has none (RFC 9266 section 1)
  // RFC 5929 section 4.1: a certificate signed with SHA-256 is hashed with it.
  std::string printed = authority_.print("x509 -noout -fingerprint -sha256 -in", certificate.chain);
  printed = printed.substr(printed.find('=') + 1);
  std::erase_if(printed, [](char c) { return c == ':' || c == '\n'; });
  EXPECT_EQ(to_hex(*server.end_point), to_lower(printed));
  const auto [again, unused] = meet(*shown, {"mx.example.test"});
  EXPECT_NE(*again.exporter, *server.exporter);
  EXPECT_EQ(*again.end_point, *server.end_point);
}

TEST_F(Tls, RefusesACertificateForAnotherName) {
  const auto shown = identities({authority_.issue("mx", "mx.example.test")});
  const auto [server, client] = meet(*shown, {"mail.example.test"});
  EXPECT_EQ(client.handshake.error().kind, Errc::denied);
  EXPECT_NE(client.handshake.error().detail.find("mismatch"), std::string::npos) << client.handshake.error().detail;
}

// To OpenSSL an empty name is any, and a dot in front any below it.
TEST_F(Tls, VerifiesNothingWithoutAName) {
  const auto shown = identities({authority_.issue("mx", "mx.example.test")});
  for (const std::string name : {"", ".example.test"}) {
    const auto [server, client] = meet(*shown, {name});
    EXPECT_FALSE(server.handshake.ok());
    ASSERT_FALSE(client.handshake.ok()) << name;
    EXPECT_EQ(client.handshake.error().kind, Errc::denied) << name;
  }
}

TEST_F(Tls, RefusesAnAuthorityItDoesNotKnow) {
  const test::Authority other;
  const auto shown = identities({other.issue("mx", "mx.example.test")});
  const auto [server, client] = meet(*shown, {"mx.example.test"});
  EXPECT_EQ(client.handshake.error().kind, Errc::denied);
}

TEST_F(Tls, TakesAnybodyWhereEncryptionIsBetterThanNone) {
  const test::Authority other;
  const auto shown = identities({other.issue("mx", "mx.example.test")});
  const auto [server, client] = meet(*shown, {"elsewhere.test", Trust::anybody});
  ASSERT_TRUE(client.handshake.ok()) << to_string(client.handshake.error());
  EXPECT_EQ(client.heard, "hello\n");
  EXPECT_FALSE(client.peer->is_verified);
  EXPECT_NE(client.peer->reason, "");
}

TEST_F(Tls, TakesAWildcardForOneLabelAlone) {  // RFC 6125 section 6.4.3
  const auto shown = identities({authority_.issue("wild", "*.example.test")});
  EXPECT_TRUE(meet(*shown, {"mx.example.test"}).second.handshake.ok());
  EXPECT_FALSE(meet(*shown, {"a.mx.example.test"}).second.handshake.ok());
  EXPECT_FALSE(meet(*shown, {"example.test"}).second.handshake.ok());
}

TEST_F(Tls, ChoosesTheCertificateByTheNameThatIsAskedFor) {
  const auto shown = identities({authority_.issue("first", "mx.example.test"), authority_.issue("second", "mx.other.test", "rsa:2048"),
                                 authority_.issue("third", "*.wild.test")});
  EXPECT_EQ(meet(*shown, {"mx.other.test"}).second.peer->subject, "CN=mx.other.test");
  EXPECT_EQ(meet(*shown, {"a.wild.test"}).second.peer->subject, "CN=*.wild.test");
  EXPECT_EQ(meet(*shown, {"mx.example.test"}).second.peer->subject, "CN=mx.example.test");
  EXPECT_EQ(meet(*shown, {"unknown.test", Trust::anybody}).second.peer->subject, "CN=mx.example.test");
  EXPECT_EQ(meet(*shown, {"", Trust::anybody}).second.peer->subject, "CN=mx.example.test");
}

TEST_F(Tls, MakesACertificateItselfAndUsesItAgain) {
  std::string fingerprint;
  {
    const auto shown = identities({});
    const auto [server, client] = meet(*shown, {"mx.example.test", Trust::anybody});
    ASSERT_TRUE(client.handshake.ok());
    fingerprint = client.peer->fingerprint;
  }
  struct stat status {};
  ASSERT_EQ(stat((folder_ / "tls.pem").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string printed = authority_.print("x509 -noout -text -in", folder_ / "tls.pem");
  EXPECT_NE(printed.find("DNS:mx.example.test, DNS:example.test"), std::string::npos) << printed;
  EXPECT_NE(printed.find("ASN1 OID: prime256v1"), std::string::npos);
  EXPECT_NE(printed.find("CA:FALSE"), std::string::npos);
  EXPECT_NE(authority_.print("verify -CAfile " + (folder_ / "tls.pem"), folder_ / "tls.pem").find("OK"), std::string::npos);
  const auto again = identities({});
  EXPECT_EQ(meet(*again, {"", Trust::anybody}).second.peer->fingerprint, fingerprint);
  clock_.advance(std::chrono::days(336));  // less than a month is left of the year
  ASSERT_TRUE(again->reload().ok());
  EXPECT_NE(meet(*again, {"", Trust::anybody}).second.peer->fingerprint, fingerprint);
}

TEST_F(Tls, KeepsTheOldCertificatesWhenTheNewOnesAreBroken) {
  const schema::TlsCertificate certificate = authority_.issue("mx", "mx.example.test");
  const auto shown = identities({certificate});
  std::filesystem::copy_file(authority_.issue("other", "other.test").key, certificate.key,
                             std::filesystem::copy_options::overwrite_existing);
  const Result<void> mismatch = shown->reload();
  EXPECT_EQ(mismatch.error().kind, Errc::invalid);
  EXPECT_NE(mismatch.error().detail.find(certificate.key), std::string::npos) << mismatch.error().detail;
  EXPECT_TRUE(meet(*shown, {"mx.example.test"}).second.handshake.ok());
  std::ofstream(certificate.chain) << "no PEM";
  EXPECT_EQ(shown->reload().error().kind, Errc::invalid);
  std::filesystem::remove(certificate.chain);
  EXPECT_EQ(shown->reload().error().kind, Errc::not_found);
  EXPECT_TRUE(meet(*shown, {"mx.example.test"}).second.handshake.ok());
}

TEST_F(Tls, ShowsNewCertificatesAfterAReload) {
  const schema::TlsCertificate certificate = authority_.issue("mx", "mx.example.test");
  const auto shown = identities({certificate});
  const std::string before = meet(*shown, {"mx.example.test"}).second.peer->fingerprint;
  authority_.issue("mx", "mx.example.test");
  ASSERT_TRUE(shown->reload().ok());
  EXPECT_NE(meet(*shown, {"mx.example.test"}).second.peer->fingerprint, before);
}

TEST_F(Tls, RefusesTextThatCameBeforeTheHandshake) {  // CVE-2011-0411
  const auto shown = identities({});
  const auto [a, b] = pair();
  const std::string_view group = "STARTTLS\r\nMAIL FROM:<evil@example.test>\r\n";
  ASSERT_EQ(::write(b, group.data(), group.size()), static_cast<ssize_t>(group.size()));
  std::string buffered;
  const Result<void> done = test::run_on(threads_.first(), accept_after_text(threads_.first(), a, *shown, buffered));
  EXPECT_EQ(buffered, "MAIL FROM:<evil@example.test>\r\n");
  EXPECT_EQ(done.error().kind, Errc::invalid);
  ::close(b);
}

TEST_F(Tls, EndsAHandshakeThatDoesNotComeToAnEnd) {
  const auto shown = identities({});
  const auto [a, b] = pair();
  auto done = test::begin_on(threads_.first(), accept_nobody(threads_.first(), a, *shown));
  ASSERT_EQ(::write(b, "\x16\x03\x01", 3), 3);  // the first bytes of a ClientHello, dripping
  while (done.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(done.get().error().kind, Errc::timeout);
  ::close(b);
}

TEST_F(Tls, TellsWhyAHandshakeFailed) {
  const auto shown = identities({});
  for (const std::string_view bytes : {"GET / HTTP/1.1\r\n\r\n", "EHLO example.test\r\n"}) {
    const auto [a, b] = pair();
    auto done = test::begin_on(threads_.first(), accept_nobody(threads_.first(), a, *shown));
    ASSERT_EQ(::write(b, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::shutdown(b, SHUT_WR);
    const Error error = done.get().error();
    EXPECT_EQ(error.kind, Errc::unavailable);
    EXPECT_NE(error.detail, "");
    ::close(b);
  }
}

}  // namespace
}  // namespace telepost::adapters::net
