#include <gtest/gtest.h>

#include "adapters/net/scram_client_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

// RFC 7677 section 3.
ScramClient client() { return ScramClient("user", "pencil", *from_base64("rOprNGfwEbeRWgbNEkqO")); }
constexpr std::string_view kChallenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

TEST(ScramClient, SpeaksTheExampleOfTheRfc) {
  ScramClient scram = client();
  EXPECT_EQ(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const auto answer = scram.answer(kChallenge);
  ASSERT_TRUE(answer.ok()) << to_string(answer.error());
  EXPECT_EQ(*answer, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  EXPECT_TRUE(scram.check("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").ok());
  EXPECT_EQ(scram.check("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").error().kind, Errc::denied);
  EXPECT_EQ(scram.check("e=other-error").error().kind, Errc::invalid);
}

TEST(ScramClient, BelievesNoForeignNonceAndNoCheapHash) {
  EXPECT_EQ(client().answer("r=someoneelse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").error().kind, Errc::denied);
  EXPECT_EQ(client().answer("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").error().kind, Errc::denied);
  EXPECT_EQ(client().answer("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1").error().kind, Errc::denied);
  EXPECT_EQ(client().answer("r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000").error().kind, Errc::denied);
}

TEST(ScramClient, RefusesWhatIsNoChallenge) {
  for (const std::string_view text : {"", "r=", "s=x", "r=rOprNGfwEbeRWgbNEkqOx,s=%,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=eA==,i=x"}) {
    EXPECT_EQ(client().answer(text).error().kind, Errc::invalid) << text;
  }
}

TEST(ScramClient, EscapesTheUser) {
  EXPECT_EQ(ScramClient("a=b,c", "x", "n").first(), "n,,n=a=3Db=2Cc,r=bg==");
}

}  // namespace
}  // namespace telepost::adapters::net
