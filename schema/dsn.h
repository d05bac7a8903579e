// What a sender asks to be told of its message's fate (RFC 3461), as every path that a message takes carries it on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace telepost::schema {

inline constexpr std::size_t kMaxEnvid = 100;  // RFC 3461 section 4.4, decoded
inline constexpr std::size_t kMaxOrcpt = 500;  // section 4.2, as it stands after "ORCPT="

// NOTIFY of one recipient (section 4.1): a set of flags. None: nothing was asked, and the system decides (failure, as a
// rule). never stands alone.
struct Notify {
  bool never = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  bool asked() const { return never || success || failure || delay; }
  bool operator==(const Notify&) const = default;
};

// RET (section 4.3): how much of the message a report of failure holds.
enum class ReportReturn : std::uint8_t { unspecified, full, headers };

// Of one recipient.
struct RecipientRequest {
  Notify notify;
  std::string orcpt;  // decoded: "rfc822;Ann@example.test"; "" where none was given
  bool operator==(const RecipientRequest&) const = default;
};

// Of the message.
struct MessageRequest {
  ReportReturn ret = ReportReturn::unspecified;
  std::string envid;         // decoded; "" where none was given
  bool require_tls = false;  // REQUIRETLS (RFC 8689 section 4): it may leave by verified TLS to REQUIRETLS peers alone
  bool tls_optional = false; // "TLS-Required: No" stands in its header (section 5): delivery goes before TLS policy
  bool operator==(const MessageRequest&) const = default;
};

}  // namespace telepost::schema
