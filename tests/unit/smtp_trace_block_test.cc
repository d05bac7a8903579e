#include "adapters/smtp/trace_block.h"

#include <gtest/gtest.h>

namespace telepost::adapters::smtp {
namespace {

const Time kNow = from_rfc3339("2026-11-20T16:25:30Z").value();

TraceFacts facts(const net::Peer& peer) {
  return {.hello = "client.test", .peer = peer, .hostname = "mx.test", .trace = "7zk3", .from = "ann@a.test", .only_recipient = "bob@b.test", .examined = "", .now = kNow};
}

// RFC 5321 section 4.4
TEST(SmtpTraceBlock, TellsFromByWithIdForAndDate) {
  const net::Peer peer{"192.0.2.1", {}, false};
  EXPECT_EQ(trace_block(facts(peer)),
            "Return-Path: <ann@a.test>\r\n"
            "Received: from client.test ([192.0.2.1])\r\n"
            "\tby mx.test with ESMTP id 7zk3\r\n"
            "\tfor <bob@b.test>; Fri, 20 Nov 2026 16:25:30 +0000\r\n");
}

TEST(SmtpTraceBlock, KeepsSeveralRecipientsToItself) {
  const net::Peer peer{"2001:db8::1", {}, false};
  TraceFacts told = facts(peer);
  told.mode = Mode::lmtp;
  told.hello = "relay";
  told.utf8 = true;
  told.from = told.only_recipient = "";
  EXPECT_EQ(trace_block(told),
            "Return-Path: <>\r\n"
            "Received: from relay ([IPv6:2001:db8::1])\r\n"
            "\tby mx.test with UTF8LMTP id 7zk3; Fri, 20 Nov 2026 16:25:30 +0000\r\n");
}

// RFC 8314 section 4.3, RFC 8601 section 5
TEST(SmtpTraceBlock, TellsOfTlsAndOfWhatWasExamined) {
  const net::Peer peer{"192.0.2.1", {}, false};
  TraceFacts told = facts(peer);
  told.peer_name = "host.test";
  told.tls_version = "TLSv1.3";
  told.tls_cipher = "TLS_AES_256_GCM_SHA384";
  told.examined = "Authentication-Results: mx.test; none\r\n";
  EXPECT_EQ(trace_block(told),
            "Return-Path: <ann@a.test>\r\n"
            "Authentication-Results: mx.test; none\r\n"
            "Received: from client.test (host.test [192.0.2.1])\r\n"
            "\tby mx.test with ESMTPS (TLSv1.3) id 7zk3\r\n"
            "\tfor <bob@b.test>\r\n"
            "\ttls TLS_AES_256_GCM_SHA384; Fri, 20 Nov 2026 16:25:30 +0000\r\n");
}

// RFC 3848, RFC 6531 section 4.3
TEST(SmtpTraceBlock, NamesTheProtocolAsRegistered) {
  const net::Peer peer{"192.0.2.1", {}, false};
  const auto name = [&peer](Mode mode, bool extended, bool utf8, bool tls, bool logged_in) {
    TraceFacts told = facts(peer);
    told.mode = mode;
    told.extended = extended;
    told.utf8 = utf8;
    told.tls_version = tls ? "TLSv1.3" : "";
    told.logged_in = logged_in;
    return with_protocol(told);
  };
  EXPECT_EQ(name(Mode::smtp, false, false, false, false), "SMTP");
  EXPECT_EQ(name(Mode::smtp, true, false, false, false), "ESMTP");
  EXPECT_EQ(name(Mode::smtp, true, true, false, false), "UTF8SMTP");
  EXPECT_EQ(name(Mode::smtp, true, false, true, false), "ESMTPS");
  EXPECT_EQ(name(Mode::submission, true, false, false, true), "ESMTPA");
  EXPECT_EQ(name(Mode::submission, true, true, true, true), "UTF8SMTPSA");
  EXPECT_EQ(name(Mode::lmtp, true, false, false, false), "LMTP");
  EXPECT_EQ(name(Mode::lmtp, true, true, true, false), "UTF8LMTPS");
}

}  // namespace
}  // namespace telepost::adapters::smtp
