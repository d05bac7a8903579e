// What we say to an SMTP or LMTP server, and whether it can be said to this one: MAIL and RCPT with the parameters that it
// offers. No sockets. RFC 1870 (SIZE), 3030 (BINARYMIME), 3461 (DSN), 6152 (8BITMIME), 6531 (SMTPUTF8), 8689 (REQUIRETLS).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/smtp_content_codec.h"
#include "adapters/net/smtp_reply_codec.h"
#include "schema/dsn.h"

namespace telepost::adapters::net {

// What became of one recipient, in the words that a report needs (RFC 3464 section 2.3).
struct SmtpVerdict {
  enum class Kind : std::uint8_t { delivered, deferred, failed } kind = Kind::deferred;
  std::string status;      // RFC 3463, always
  std::string diagnostic;  // the peer's reply, else our words
  bool by_peer = false;    // diagnostic is the peer's reply: "smtp; 550 5.1.1 …"
  bool again_now = false;  // too many recipients at one time: the same connection takes it with the next message
  bool operator==(const SmtpVerdict&) const = default;
};
// Of a final reply. A status that is missing comes from the code's class alone (RFC 3463 section 3.1: "2.0.0").
SmtpVerdict verdict_of(const SmtpReply& reply);
// Of a failure of the connection or the dialogue: deferred, whatever it was.
SmtpVerdict verdict_of(const Error& error);

struct SmtpRecipient {
  std::string path;  // without brackets: "ann@example.test", the local part quoted where it must be
  schema::RecipientRequest request;
};

struct SmtpEnvelope {
  std::string from;  // as SmtpRecipient::path; "" is the null path
  std::vector<SmtpRecipient> to;
  schema::MessageRequest request;
  bool utf8 = false;  // the message was given with SMTPUTF8
  ContentTraits content;
};

// How the content travels to a peer.
enum class SmtpTransport : std::uint8_t {
  text,     // DATA
  chunks,   // BDAT, for lines that DATA cannot carry
  binary,   // BDAT with BODY=BINARYMIME
  rewrite,  // not at all as it is: every body must become 7bit text with short lines first
};
SmtpTransport transport_of(const ContentTraits& content, const SmtpExtensions& offered);
// Why it cannot travel where it cannot be rewritten: 5.6.0, 5.6.1 or 5.6.3 (RFC 3463 section 3.7).
SmtpVerdict verdict_without_rewriting(const ContentTraits& content);

// Whether an address, its domain aside, or a header needs SMTPUTF8.
bool needs_utf8(const SmtpEnvelope& envelope);
// What keeps the whole message from this peer, before a word of it is said: size, SMTPUTF8, REQUIRETLS, an address that would
// break the dialogue. `secure`: TLS stands.
std::optional<SmtpVerdict> refusal_of(const SmtpEnvelope& envelope, const SmtpExtensions& offered, bool secure);
// A control character, a bracket or a length that no path may have (RFC 5321 section 4.5.3.1.3).
bool is_sendable_path(std::string_view path);

// With CRLF. Preconditions: refusal_of() found nothing; the transport is not rewrite.
std::string mail_command(const SmtpEnvelope& envelope, const SmtpExtensions& offered, SmtpTransport transport);
std::string rcpt_command(const SmtpRecipient& recipient, const SmtpExtensions& offered);

}  // namespace telepost::adapters::net
