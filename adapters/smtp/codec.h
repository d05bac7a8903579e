// SMTP and LMTP commands as typed values, and replies as text. No sockets and no store: this is what is fuzzed.
// RFC 5321 (SMTP), 2033 (LMTP), 6409 (submission), 1870 (SIZE), 6152 (8BITMIME), 3030 (BDAT), 6531 (SMTPUTF8), 3207 (STARTTLS),
// 4954 (AUTH), 3461 (DSN), 8689 (REQUIRETLS), 3463 (status codes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "schema/dsn.h"

namespace telepost::adapters::smtp {

enum class Mode : unsigned char { smtp, lmtp, submission };

// RFC 5321 section 4.5.3.1.4 wants 512 octets, and the parameters of our extensions add 26 (SIZE), 17 (BODY), 10
// (SMTPUTF8), up to 307 (ENVID, every one of its 100 characters encoded), 9 (RET), 11 (REQUIRETLS) and 500 (AUTH) to MAIL,
// 28 (NOTIFY) and 501 (ORCPT) to RCPT; with CRLF.
inline constexpr std::size_t kMaxCommandLine = 2048;
inline constexpr std::size_t kMaxAuthLine = 12288;  // RFC 4954 section 4, of what answers a challenge
inline constexpr std::size_t kMaxLocalPart = 64;  // RFC 5321 section 4.5.3.1.1
inline constexpr std::size_t kMaxDomain = 255;    // 4.5.3.1.2
inline constexpr std::size_t kMaxPath = 256;      // 4.5.3.1.3, brackets included

struct Reply {
  std::uint16_t code;
  std::string_view status;  // RFC 3463 "5.1.1", or "" (greetings and EHLO carry none, RFC 2034 section 4)
  std::string text;
};
// "550 5.1.1 No such mailbox\r\n"; control characters of the text become "?".
void append(std::string& out, const Reply& reply);

// A reverse or forward path without its brackets and source route (which RFC 5321 section 3.6.1 says to ignore).
struct Path {
  std::string local;     // unquoted: "ann+news", "o hara"; "" with an empty domain is the null path
  std::string domain;    // ASCII lower case, or an address literal in brackets; "" for <postmaster> and telephone numbers
  std::string text;      // the mailbox as it was written, for trace fields
  bool has_utf8 = false; // needs SMTPUTF8
  bool is_null() const { return local.empty() && domain.empty(); }
  bool operator==(const Path&) const = default;
};
// "mailto:ann+news@example.test", the local part quoted again where it must be; "" for the null path.
std::string mailto_of(const Path& path);
// A number in international form as a local part or a bare path: "+15550100" of <+15550100@example.test>,
// <+15550100> and <tel:+15550100>; nothing for any other path.
std::optional<std::string> number_of(const Path& path);

struct Hello {
  enum class Kind : unsigned char { helo, ehlo, lhlo } kind;
  std::string name;  // a domain or an address literal
};
enum class Body : unsigned char { seven_bit, eight_bit, binary };  // RFC 6152, RFC 3030 section 3
struct Mail {
  Path from;
  std::optional<std::uint64_t> size_bytes;  // RFC 1870
  Body body = Body::seven_bit;
  bool utf8 = false;                        // SMTPUTF8
  bool has_auth = false;                    // AUTH= (RFC 4954 section 5): well formed, and no more than hearsay
  std::optional<std::string> envid;         // decoded
  schema::MessageRequest request;
};
struct Rcpt {
  Path to;
  schema::RecipientRequest request;
  bool has_request = false;  // NOTIFY or ORCPT was given
};
struct DataCommand {};
// Without a size: what follows the line cannot be told from commands, and the session must end.
struct Bdat {
  std::optional<std::uint64_t> size_bytes;
  bool last = false;
};
struct StartTls {};
struct Auth {
  std::string mechanism;                // upper case
  std::optional<std::string> response;  // the initial one, still base64; "=" is an empty one
};
// Postfix's XCLIENT: what a front knows of its own client, in the order it was told.
struct Xclient {
  struct Attribute {
    enum class Name : unsigned char { name, address, port, protocol, hello, login, destination, destination_port } name;
    std::optional<std::string> value;  // none: [UNAVAILABLE] or [TEMPUNAVAIL]
  };
  std::vector<Attribute> attributes;
};
struct Rset {};
struct Noop {};
struct Vrfy {};
struct Expn {};
struct Help {};
struct Quit {};
// The line is no command that we can carry out: what to answer.
struct Refused {
  Reply reply;
};
using Command = std::variant<Hello, Mail, Rcpt, DataCommand, Bdat, StartTls, Auth, Xclient, Rset, Noop, Vrfy, Expn, Help,
                             Quit, Refused>;

// One line without its CRLF.
Command parse_command(std::string_view line);

// The reply that tells a peer of a failure, about a recipient (at RCPT, or after DATA in LMTP) or the message.
Reply reply_to(const Error& error);
// RFC 3463 section 3.4: nobody here takes a message of that size. Of a single mailbox (section 3.3) reply_to() tells.
Reply too_large_for_all();

}  // namespace telepost::adapters::smtp
