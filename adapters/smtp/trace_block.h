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
  std::string_view hostname;  // ours
  std::string_view trace;
  std::string_view from;      // the reverse path without brackets
  std::string_view only_recipient;  // without brackets; "" unless there is exactly one (section 7.2: others stay blind)
  Time now;
};
// "Return-Path: <…>\r\nReceived: from … by … with … id … for …; …\r\n"
std::string trace_block(const TraceFacts& facts);

// "smtp" or "lmtp" of the IANA registry "WITH protocol types": SMTP, ESMTP, UTF8SMTP, LMTP, UTF8LMTP.
std::string_view with_protocol(Mode mode, bool extended, bool utf8);

// "[192.0.2.1]", "[IPv6:2001:db8::1]"; RFC 5321 section 4.1.3.
std::string address_literal(std::string_view address);

}  // namespace telepost::adapters::smtp
