#include "adapters/smtp/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace telepost::adapters::smtp {
namespace {

ListenerConfig service() {
  ListenerConfig listener;
  listener.service = "ivr";
  return listener;
}

// DESIGN section 7: where a peer connects proves who it is, or does not.
TEST(SmtpConfig, TakesOurOwnUidForProofOnAServiceSocketWithoutAList) {
  const net::Peer ours{"", geteuid(), false};
  const net::Peer other{"", geteuid() + 1, false};
  EXPECT_EQ(proof_of(service(), ours), Proof::proved);
  EXPECT_EQ(proof_of(service(), other), Proof::refused);
}

TEST(SmtpConfig, TakesOnlyListedUidsWhereThereIsAList) {
  ListenerConfig listener = service();
  listener.peer_uids = {4711};
  const net::Peer listed{"", 4711, false};
  const net::Peer ours{"", geteuid(), false};
  EXPECT_EQ(proof_of(listener, listed), Proof::proved);
  EXPECT_EQ(proof_of(listener, ours), Proof::refused);
}

TEST(SmtpConfig, TrustsTcpOnlyWhereMarkedAndOnlyFromLoopback) {
  ListenerConfig listener = service();
  const net::Peer local{"127.0.0.1", {}, true};
  const net::Peer remote{"192.0.2.1", {}, false};
  EXPECT_EQ(proof_of(listener, local), Proof::refused);
  listener.trusted = true;
  EXPECT_EQ(proof_of(listener, local), Proof::proved);
  EXPECT_EQ(proof_of(listener, remote), Proof::refused);
}

TEST(SmtpConfig, ProvesNothingOnAnOrdinaryListener) {
  const net::Peer ours{"", geteuid(), false};
  EXPECT_EQ(proof_of(ListenerConfig{}, ours), Proof::none);
}

}  // namespace
}  // namespace telepost::adapters::smtp
