// The trace fields that we put before what arrives (RFC 5321 section 4.4).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/net/peer.h"
#include "adapters/smtp/codec.h"
#include "base/clock.h"

namespace telepost::adapters::smtp {

struct TraceFacts {
  Mode mode = Mode::smtp;
  std::string_view hello;     // what the peer called itself
  bool extended = true;       // EHLO, not HELO
  bool utf8 = false;          // SMTPUTF8 was asked for (RFC 6531 section 4.3)
  const net::Peer& peer;
  std::string_view peer_name = {};    // what a front knows it as
  std::string_view tls_version = {};  // "" in plain text
  std::string_view tls_cipher = {};
  bool logged_in = false;
  std::string_view hostname;  // ours
  std::string_view trace;
  std::string_view from;      // the reverse path without brackets
  std::string_view only_recipient;  // without brackets; "" unless there is exactly one (section 7.2: others stay blind)
  std::string_view examined;  // whole fields that go between Return-Path and Received, as RFC 8601 section 5 wants them above it
  Time now;
};
// "Return-Path: <…>\r\n" examined "Received: from … by … with … id … for … tls …; …\r\n"
std::string trace_block(const TraceFacts& facts);

// Of the IANA registry "WITH protocol types" (RFC 3848, RFC 6531): SMTP, ESMTP, ESMTPSA, UTF8SMTPS, LMTP, UTF8LMTPSA …
std::string with_protocol(const TraceFacts& facts);

// "[192.0.2.1]", "[IPv6:2001:db8::1]"; RFC 5321 section 4.1.3.
std::string address_literal(std::string_view address);

}  // namespace telepost::adapters::smtp
