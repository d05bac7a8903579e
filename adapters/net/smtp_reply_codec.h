// What an SMTP or LMTP server answers, read as a client: replies and the extensions that a greeting offers. No sockets: this is
// what is fuzzed. RFC 5321 section 4.2 (replies), 2034 and 3463 (enhanced codes), and the extensions of RFC 1870, 2920, 3030,
// 3207, 3461, 4954, 6152, 6531, 8689.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace telepost::adapters::net {

// RFC 5321 section 4.5.3.1.5 says 512 octets a line; servers that explain themselves at length are read all the same.
inline constexpr std::size_t kMaxReplyLine = 4096;
inline constexpr std::size_t kMaxReplyLines = 200;
inline constexpr std::size_t kMaxReply = 32u << 10;

struct SmtpReply {
  std::uint16_t code = 0;
  std::string status;              // RFC 3463 "5.1.1", if the first line states one of the code's own class; else ""
  std::vector<std::string> lines;  // at least one; without code and status; what is no visible text became "?"

  bool positive() const { return code / 100 == 2; }
  bool intermediate() const { return code / 100 == 3; }
  bool transient() const { return code / 100 == 4; }
  bool permanent() const { return code / 100 == 5; }
  bool operator==(const SmtpReply&) const = default;
};
// "550 5.1.1 No such user", lines joined by a space, at most 500 bytes: for reports (RFC 3464 section 2.3.6) and logs.
std::string to_string(const SmtpReply& reply);

struct ScannedReply {
  SmtpReply reply;
  std::size_t size_bytes = 0;  // of what was read, line ends included
};
// The reply at the front of what is buffered; nothing while it is incomplete. Errors: invalid (no reply, lines of different
// codes, a bare CR or LF), too_large. After an error nothing that follows can be trusted.
Result<std::optional<ScannedReply>> scan_smtp_reply(std::string_view buffered);

struct SmtpExtensions {
  bool pipelining = false;
  bool eight_bit = false;    // 8BITMIME
  bool utf8 = false;         // SMTPUTF8
  bool chunking = false;     // CHUNKING
  bool binary = false;       // BINARYMIME, which means nothing without CHUNKING (RFC 3030 section 3)
  bool dsn = false;
  bool start_tls = false;
  bool require_tls = false;  // REQUIRETLS
  bool size = false;
  std::uint64_t max_size_bytes = 0;      // 0: not said
  std::vector<std::string> mechanisms;   // of AUTH, upper case
  bool operator==(const SmtpExtensions&) const = default;
};
// From the reply to EHLO or LHLO; the first line is the greeting.
SmtpExtensions extensions_of(const SmtpReply& hello);

}  // namespace telepost::adapters::net
