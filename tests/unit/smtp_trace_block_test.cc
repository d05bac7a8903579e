#include "adapters/smtp/trace_block.h"

#include <gtest/gtest.h>

namespace telepost::adapters::smtp {
namespace {

const Time kNow = from_rfc3339("2026-11-20T16:25:30Z").value();

// RFC 5321 section 4.4
TEST(SmtpTraceBlock, TellsFromByWithIdForAndDate) {
  const net::Peer peer{"192.0.2.1", {}, false};
  EXPECT_EQ(trace_block({Mode::smtp, "client.test", true, false, peer, "mx.test", "7zk3", "ann@a.test", "bob@b.test", kNow}),
            "Return-Path: <ann@a.test>\r\n"
            "Received: from client.test ([192.0.2.1])\r\n"
            "\tby mx.test with ESMTP id 7zk3\r\n"
            "\tfor <bob@b.test>; Fri, 20 Nov 2026 16:25:30 +0000\r\n");
}

TEST(SmtpTraceBlock, KeepsSeveralRecipientsToItself) {
  const net::Peer peer{"2001:db8::1", {}, false};
  EXPECT_EQ(trace_block({Mode::lmtp, "relay", true, true, peer, "mx.test", "7zk3", "", "", kNow}),
            "Return-Path: <>\r\n"
            "Received: from relay ([IPv6:2001:db8::1])\r\n"
            "\tby mx.test with UTF8LMTP id 7zk3; Fri, 20 Nov 2026 16:25:30 +0000\r\n");
}

TEST(SmtpTraceBlock, NamesTheProtocolAsRegistered) {
  EXPECT_EQ(with_protocol(Mode::smtp, false, false), "SMTP");
  EXPECT_EQ(with_protocol(Mode::smtp, true, true), "UTF8SMTP");
  EXPECT_EQ(with_protocol(Mode::lmtp, true, false), "LMTP");
}

}  // namespace
}  // namespace telepost::adapters::smtp
