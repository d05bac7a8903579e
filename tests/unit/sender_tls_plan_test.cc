#include <gtest/gtest.h>

#include "adapters/smtp/sender/tls_plan.h"

namespace telepost::adapters::smtp::sender {
namespace {

using Use = TlsPlan::Use;
using schema::RelayTls;

StsPolicy policy(StsPolicy::Mode mode) { return {mode, {"mx.example.net"}, std::chrono::hours(1)}; }

TEST(SenderTlsPlan, ByDefaultTlsIsTakenWhereItIsOffered) {
  EXPECT_EQ(tls_plan_of({{}, false, false, nullptr, "mx.example.net"}), TlsPlan{});
  EXPECT_EQ(TlsPlan{}.use, Use::offered);
}

TEST(SenderTlsPlan, ARelayIsAskedForWhatItsSettingSays) {
  EXPECT_EQ(tls_plan_of({RelayTls::none, false, false, nullptr, "r"}).use, Use::never);
  EXPECT_EQ(tls_plan_of({RelayTls::opportunistic, false, false, nullptr, "r"}).use, Use::offered);
  EXPECT_EQ(tls_plan_of({RelayTls::required, false, true, nullptr, "r"}).use, Use::verified);
  EXPECT_EQ(tls_plan_of({RelayTls::implicit, true, false, nullptr, "r"}).use, Use::implicit);
  EXPECT_EQ(tls_plan_of({RelayTls::none, true, false, nullptr, "r"}).use, Use::verified);
}

TEST(SenderTlsPlan, APasswordGoesToNobodyWhoseCertificateDoesNotHold) {
  EXPECT_EQ(tls_plan_of({RelayTls::opportunistic, false, false, nullptr, "r", true}).use, Use::verified);
  EXPECT_EQ(tls_plan_of({RelayTls::implicit, false, false, nullptr, "r", true}).use, Use::implicit);
  EXPECT_EQ(tls_plan_of({RelayTls::none, false, false, nullptr, "r", true}).use, Use::never);
}

// RFC 8461 section 5.
TEST(SenderTlsPlan, AnEnforcedPolicyWantsNamedServersWithCertificates) {
  const StsPolicy enforce = policy(StsPolicy::Mode::enforce);
  EXPECT_EQ(tls_plan_of({{}, false, false, &enforce, "mx.example.net"}), (TlsPlan{Use::verified, "", ""}));
  EXPECT_FALSE(tls_plan_of({{}, false, false, &enforce, "evil.test"}).refusal.empty());
}

TEST(SenderTlsPlan, ATestedPolicyHindersNothing) {
  const StsPolicy testing = policy(StsPolicy::Mode::testing);
  EXPECT_EQ(tls_plan_of({{}, false, false, &testing, "mx.example.net"}), TlsPlan{});
  const TlsPlan other = tls_plan_of({{}, false, false, &testing, "other.test"});
  EXPECT_EQ(other.use, Use::offered);
  EXPECT_TRUE(other.refusal.empty());
  EXPECT_FALSE(other.mismatch.empty());
  const StsPolicy none = policy(StsPolicy::Mode::none);
  EXPECT_EQ(tls_plan_of({{}, false, false, &none, "other.test"}), TlsPlan{});
}

// RFC 8689 section 5.
TEST(SenderTlsPlan, TlsRequiredNoGoesBeforeThePolicyOfTheDomain) {
  const StsPolicy enforce = policy(StsPolicy::Mode::enforce);
  EXPECT_EQ(tls_plan_of({{}, false, true, &enforce, "evil.test"}), TlsPlan{});
}

// RFC 8689 section 4.2.1.
TEST(SenderTlsPlan, RequireTlsWantsAServerThatIsProvedToBeTheDomains) {
  const StsPolicy testing = policy(StsPolicy::Mode::testing);
  EXPECT_EQ(tls_plan_of({{}, true, false, &testing, "mx.example.net"}), (TlsPlan{Use::verified, "", ""}));
  EXPECT_FALSE(tls_plan_of({{}, true, false, nullptr, "mx.example.net"}).refusal.empty());
}

}  // namespace
}  // namespace telepost::adapters::smtp::sender
