#include "policies/authentication.h"

#include <gtest/gtest.h>

namespace telepost::policies {
namespace {

using Action = AuthenticationVerdict::Action;
using schema::AuthenticationRule;

schema::AuthenticationSettings rules(AuthenticationRule spf, AuthenticationRule dkim, AuthenticationRule dmarc, bool defer = false) {
  schema::AuthenticationSettings settings;
  settings.spf = spf;
  settings.dkim = dkim;
  settings.dmarc = dmarc;
  settings.defer = defer;
  return settings;
}
constexpr auto kNote = AuthenticationRule::note;
constexpr auto kJunk = AuthenticationRule::junk;
constexpr auto kRefuse = AuthenticationRule::refuse;

Action dmarc_action(DmarcRequest request, bool sampled, AuthenticationRule rule) {
  return decide_authentication({.dmarc = DmarcResult::fail, .request = request, .sampled = sampled}, rules(kNote, kNote, rule)).action;
}

// RFC 7489 sections 6.3 and 6.6.4.
TEST(AuthenticationPolicy, DoesAtMostWhatTheDomainsOwnerAsksFor) {
  EXPECT_EQ(dmarc_action(DmarcRequest::none, true, kRefuse), Action::accept);
  EXPECT_EQ(dmarc_action(DmarcRequest::quarantine, true, kRefuse), Action::junk);
  EXPECT_EQ(dmarc_action(DmarcRequest::reject, true, kRefuse), Action::refuse);
  EXPECT_EQ(dmarc_action(DmarcRequest::reject, false, kRefuse), Action::junk);
  EXPECT_EQ(dmarc_action(DmarcRequest::quarantine, false, kRefuse), Action::accept);
  EXPECT_EQ(dmarc_action(DmarcRequest::reject, true, kJunk), Action::junk);
  EXPECT_EQ(dmarc_action(DmarcRequest::reject, true, kNote), Action::accept);
  EXPECT_EQ(dmarc_action(DmarcRequest::reject, true, AuthenticationRule::off), Action::accept);
}

TEST(AuthenticationPolicy, RefusesAMessageWithoutOneAuthor) {
  const auto verdict = decide_authentication({.dmarc = DmarcResult::permerror}, rules(kNote, kNote, kRefuse));
  EXPECT_EQ(verdict.action, Action::refuse);
  EXPECT_EQ(verdict.status, "5.7.1");
}

// RFC 7372 section 3.
TEST(AuthenticationPolicy, SaysWhichMethodRefused) {
  EXPECT_EQ(decide_authentication({.spf = SpfResult::fail}, rules(kRefuse, kNote, kNote)).status, "5.7.23");
  EXPECT_EQ(decide_authentication({.dkim = DkimResult::fail}, rules(kNote, kRefuse, kNote)).status, "5.7.20");
  EXPECT_EQ(decide_authentication({.spf = SpfResult::softfail}, rules(kRefuse, kNote, kNote)).action, Action::accept);
  EXPECT_EQ(decide_authentication({.spf = SpfResult::permerror}, rules(kRefuse, kNote, kNote)).action, Action::accept);
  EXPECT_EQ(decide_authentication({.dkim = DkimResult::none}, rules(kNote, kRefuse, kNote)).action, Action::accept);
}

// RFC 5321 section 6.2: a report to a reverse path that its own domain disowns would be junk to a stranger.
TEST(AuthenticationPolicy, TellsWhoseReversePathIsForged) {
  EXPECT_TRUE(decide_authentication({.spf = SpfResult::fail}, rules(kNote, kNote, kNote)).forged);
  EXPECT_FALSE(decide_authentication({.spf = SpfResult::softfail}, rules(kNote, kNote, kNote)).forged);
  EXPECT_FALSE(decide_authentication({.spf = SpfResult::none, .dmarc = DmarcResult::fail}, rules(kNote, kNote, kNote)).forged);
  EXPECT_FALSE(decide_authentication({.spf = SpfResult::fail, .dmarc = DmarcResult::pass}, rules(kNote, kNote, kNote)).forged);
  EXPECT_FALSE(decide_authentication({.spf = SpfResult::fail, .sealed_by_trusted = true}, rules(kNote, kNote, kNote)).forged);
}

// A forwarder breaks SPF; the signature still vouches for the author (RFC 7489 section 6.7).
TEST(AuthenticationPolicy, LetsDmarcVouchForWhatAloneWouldFail) {
  AuthenticationFacts facts{.spf = SpfResult::fail, .dkim = DkimResult::pass, .dmarc = DmarcResult::pass};
  EXPECT_EQ(decide_authentication(facts, rules(kRefuse, kRefuse, kRefuse)).action, Action::accept);
  EXPECT_EQ(decide_authentication(facts, rules(kRefuse, kRefuse, AuthenticationRule::off)).action, Action::refuse);
}

TEST(AuthenticationPolicy, BelievesATrustedSealer) {
  AuthenticationFacts facts{.spf = SpfResult::fail, .dkim = DkimResult::fail, .dmarc = DmarcResult::fail, .request = DmarcRequest::reject};
  EXPECT_EQ(decide_authentication(facts, rules(kRefuse, kRefuse, kRefuse)).action, Action::refuse);
  facts.sealed_by_trusted = true;
  EXPECT_EQ(decide_authentication(facts, rules(kRefuse, kRefuse, kRefuse)).action, Action::accept);
}

TEST(AuthenticationPolicy, WaitsOnlyForWhatCouldActAndOnlyWhereItMay) {
  const AuthenticationFacts unknown{.spf = SpfResult::temperror, .dmarc = DmarcResult::temperror};
  EXPECT_EQ(decide_authentication(unknown, rules(kNote, kNote, kRefuse)).action, Action::accept);
  const auto verdict = decide_authentication(unknown, rules(kNote, kNote, kRefuse, true));
  EXPECT_EQ(verdict.action, Action::defer);
  EXPECT_EQ(verdict.status, "4.7.0");
  EXPECT_EQ(decide_authentication(unknown, rules(kJunk, kNote, kNote, true)).status, "4.7.24");  // RFC 7372 section 3.2
  EXPECT_EQ(decide_authentication(unknown, rules(kNote, kNote, kNote, true)).action, Action::accept);
  const AuthenticationFacts vouched{.spf = SpfResult::temperror, .dkim = DkimResult::pass, .dmarc = DmarcResult::pass};
  EXPECT_EQ(decide_authentication(vouched, rules(kRefuse, kNote, kRefuse, true)).action, Action::accept);
}

TEST(AuthenticationPolicy, TakesTheStrictestOfItsRules) {
  const AuthenticationFacts facts{.spf = SpfResult::fail, .dmarc = DmarcResult::fail, .request = DmarcRequest::quarantine};
  EXPECT_EQ(decide_authentication(facts, rules(kRefuse, kNote, kRefuse)).action, Action::refuse);
  EXPECT_EQ(decide_authentication(facts, rules(kJunk, kNote, kNote)).action, Action::junk);
}

}  // namespace
}  // namespace telepost::policies
