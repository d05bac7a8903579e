#include "adapters/net/sasl_codec.h"

#include <gtest/gtest.h>

#include "adapters/net/scram_client_codec.h"
#include "base/bytes.h"
#include "base/hmac.h"

namespace telepost::adapters::net {
namespace {

using Kind = SaslStep::Kind;

// RFC 7677 section 3: user "user", password "pencil".
const std::string kSalt = from_base64("W22ZaJ0SNY7soEsUEjb6gQ==").value();
ScramCredentials pencil() { return {kSalt, 4096, {scram_keys("pencil", kSalt, 4096)}}; }
const std::string kServerNonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string kClientFirst = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const std::string kClientFinal = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

SaslExchange scram(SaslChannel channel = {}) { return {SaslMechanism::scram_sha_256, std::move(channel), kServerNonce}; }

TEST(SaslScram, SpeaksTheDialogueOfRfc7677) {
  SaslExchange exchange = scram();
  ASSERT_EQ(exchange.begin(kClientFirst).kind, Kind::look_up);
  EXPECT_EQ(exchange.name(), "user");
  const SaslStep challenge = exchange.resume(pencil());
  ASSERT_EQ(challenge.kind, Kind::challenge);
  EXPECT_EQ(challenge.text, "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  const SaslStep final = exchange.respond(kClientFinal);
  ASSERT_EQ(final.kind, Kind::challenge);
  EXPECT_EQ(final.text, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(exchange.respond("").kind, Kind::proved);
}

TEST(SaslScram, KnowsWhichOfSeveralKeysWasProved) {
  SaslExchange exchange = scram();
  ASSERT_EQ(exchange.begin(kClientFirst).kind, Kind::look_up);
  ScramCredentials several{kSalt, 4096, {scram_keys("pen", kSalt, 4096), scram_keys("pencil", kSalt, 4096)}};
  exchange.resume(several);
  ASSERT_EQ(exchange.respond(kClientFinal).text, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  EXPECT_EQ(exchange.respond("").kind, Kind::proved);
  EXPECT_EQ(exchange.proved(), 1u);
}

TEST(SaslScram, RefusesAnotherPasswordNonceOrHeader) {
  const auto outcome = [](const std::string& password, const std::string& final) {
    SaslExchange exchange = scram();
    exchange.begin(kClientFirst);
    exchange.resume({kSalt, 4096, {scram_keys(password, kSalt, 4096)}});
    return exchange.respond(final);
  };
  EXPECT_EQ(outcome("pen", kClientFinal).failure, Errc::denied);
  std::string final = kClientFinal;
  EXPECT_EQ(outcome("pencil", final.replace(final.find("k0,p="), 2, "k1")).failure, Errc::denied);
  final = kClientFinal;
  EXPECT_EQ(outcome("pencil", final.replace(0, 6, "c=eSws")).failure, Errc::denied);  // "y,,": not what it said first
  for (const std::string_view broken : {"", "p=", "c=biws,p=AAAA", "c=biws,r=x", "r=x,c=biws,p=AAAA", "c=biws,r=x,p=AAAA", "c=?,r=x,p=?"}) {
    EXPECT_EQ(outcome("pencil", std::string(broken)).failure, Errc::invalid) << broken;
  }
}

TEST(SaslScram, RefusesBrokenFirstMessages) {
  for (const std::string_view broken : {"", "n", "n,", "n,,", "n,,n=user", "n,,r=abc", "x,,n=user,r=abc", "n,x,n=user,r=abc", "n,,n=us=er,r=abc",
                                        "n,,n=user,r=", "n,,n=user,r=a b", "n,,n=us\xff,r=abc", "p=,,n=user,r=abc", "p=tls-exporter,,n=user,r=abc"}) {
    EXPECT_EQ(scram().begin(std::string(broken)).failure, Errc::invalid) << broken;
  }
  EXPECT_EQ(scram().begin("n,,m=x,n=user,r=abc").failure, Errc::unsupported);   // RFC 5802 section 5.1
  EXPECT_EQ(scram().begin("n,a=boss,n=user,r=abc").failure, Errc::unsupported);
  SaslExchange named = scram();
  ASSERT_EQ(named.begin("n,a=us=2Cer,n=us=2Cer,r=abc").kind, Kind::look_up);
  EXPECT_EQ(named.name(), "us,er");
}

// RFC 5802 section 6: who could bind and believes that we cannot was lied to.
TEST(SaslScram, SeesWhenTheOfferOfBindingWasTakenAway) {
  EXPECT_EQ(scram({true, "b", {}, {}}).begin("y,,n=user,r=abc").failure, Errc::denied);
  EXPECT_EQ(scram({true, "b", {}, {}}).begin("n,,n=user,r=abc").kind, Kind::look_up);
  EXPECT_EQ(scram({false, {}, {}, {}}).begin("y,,n=user,r=abc").kind, Kind::look_up);
}

// The proof by the formulas of RFC 5802 section 3, once more.
std::string proof(std::string_view password, std::string_view auth_message) {
  const Digest salted = pbkdf2_sha256(password, kSalt, 4096);
  const Digest client_key = hmac_sha256(salted.view(), "Client Key");
  const Digest signature = hmac_sha256(sha256(client_key.view()).view(), auth_message);
  std::string mixed;
  for (std::size_t i = 0; i < 32; ++i) mixed += static_cast<char>(client_key.bytes[i] ^ signature.bytes[i]);
  return to_base64(mixed);
}

SaslStep bound_log_in(std::string_view type, const std::string& ours, const SaslChannel& channel) {
  SaslExchange exchange(SaslMechanism::scram_sha_256_plus, channel, "SERVER");
  const std::string header = "p=" + std::string(type) + ",,";
  const SaslStep begun = exchange.begin(header + "n=user,r=CLIENT");
  if (begun.kind != Kind::look_up) return begun;
  const SaslStep challenge = exchange.resume(pencil());
  const std::string bare = "c=" + to_base64(header + ours) + ",r=CLIENTSERVER";
  return exchange.respond(bare + ",p=" + proof("pencil", "n=user,r=CLIENT," + challenge.text + "," + bare));
}

// RFC 9266, RFC 5929
TEST(SaslScramPlus, BindsToTheChannelInEachWay) {
  const SaslChannel channel{true, "exported", "finished", "hash of the certificate"};
  EXPECT_EQ(bound_log_in("tls-exporter", "exported", channel).kind, Kind::challenge);
  EXPECT_EQ(bound_log_in("tls-server-end-point", "hash of the certificate", channel).kind, Kind::challenge);
  EXPECT_EQ(bound_log_in("tls-exporter", "another channel", channel).failure, Errc::denied);
  EXPECT_EQ(bound_log_in("tls-unique", "finished", channel).kind, Kind::challenge);
  EXPECT_EQ(bound_log_in("tls-unique", "exported", channel).failure, Errc::denied);
  EXPECT_EQ(bound_log_in("tls-other", "exported", channel).failure, Errc::unsupported);
  EXPECT_EQ(bound_log_in("tls-exporter", "", {true, {}, "y", "x"}).failure, Errc::unsupported);
  EXPECT_EQ(bound_log_in("tls-unique", "", {true, "x", {}, "y"}).failure, Errc::unsupported);
}

TEST(SaslScram, UnderstandsOurOwnClient) {
  ScramClient client("a,b=c@example.test", "pencil", "nonce");
  SaslExchange exchange = scram();
  ASSERT_EQ(exchange.begin(client.first()).kind, Kind::look_up);
  EXPECT_EQ(exchange.name(), "a,b=c@example.test");
  const SaslStep challenge = exchange.resume(pencil());
  const auto answer = client.answer(challenge.text);
  ASSERT_TRUE(answer.ok());
  const SaslStep final = exchange.respond(*answer);
  ASSERT_EQ(final.kind, Kind::challenge);
  EXPECT_TRUE(client.check(final.text).ok());
}

SaslStep plain(std::string_view message, SaslExchange& exchange) {
  const SaslStep step = exchange.begin(std::string(message));
  return step.kind == Kind::look_up ? exchange.resume(pencil()) : step;
}

// RFC 4616 section 4
TEST(SaslPlain, TakesNameAndPassword) {
  const auto outcome = [](std::string_view message) {
    SaslExchange exchange(SaslMechanism::plain, {}, "n");
    return plain(message, exchange);
  };
  using namespace std::string_view_literals;
  EXPECT_EQ(outcome("\0user\0pencil"sv).kind, Kind::proved);
  EXPECT_EQ(outcome("user\0user\0pencil"sv).kind, Kind::proved);
  EXPECT_EQ(outcome("\0user\0pen"sv).failure, Errc::denied);
  EXPECT_EQ(outcome("boss\0user\0pencil"sv).failure, Errc::unsupported);
  for (const std::string_view broken : {""sv, "user"sv, "\0user"sv, "\0\0pencil"sv, "\0user\0"sv, "\0user\0pen\0cil"sv, "\0us\xff\0pencil"sv}) {
    EXPECT_EQ(outcome(broken).failure, Errc::invalid) << broken;
  }
}

TEST(SaslLogin, AsksForNameAndPassword) {
  SaslExchange exchange(SaslMechanism::login, {}, "n");
  EXPECT_EQ(exchange.begin({}).text, "Username:");
  EXPECT_EQ(exchange.respond("user").text, "Password:");
  ASSERT_EQ(exchange.respond("pencil").kind, Kind::look_up);
  EXPECT_EQ(exchange.name(), "user");
  EXPECT_EQ(exchange.resume(pencil()).kind, Kind::proved);
  EXPECT_EQ(exchange.respond("again").kind, Kind::failed);
}

}  // namespace
}  // namespace telepost::adapters::net
