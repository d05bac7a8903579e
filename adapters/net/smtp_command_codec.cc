#include "adapters/net/smtp_command_codec.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/net/xtext_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

// RFC 5321 section 4.5.3.1.3 counts the brackets; RFC 6531 lets UTF-8 be longer in octets than in letters.
constexpr std::size_t kMaxSentPath = 512;

SmtpVerdict failed(std::string_view status, std::string diagnostic) {
  return {SmtpVerdict::Kind::failed, std::string(status), std::move(diagnostic), false, false};
}

std::string notify_of(const schema::Notify& notify) {
  if (notify.never) return "NEVER";
  std::string words;
  const auto add = [&words](bool asked, std::string_view word) {
    if (asked) words += (words.empty() ? "" : ",") + std::string(word);
  };
  add(notify.success, "SUCCESS");
  add(notify.failure, "FAILURE");
  add(notify.delay, "DELAY");
  return words;
}

}  // namespace

SmtpVerdict verdict_of(const SmtpReply& reply) {
  SmtpVerdict verdict;
  verdict.kind = reply.positive() ? SmtpVerdict::Kind::delivered
                 : reply.permanent() ? SmtpVerdict::Kind::failed : SmtpVerdict::Kind::deferred;
  verdict.diagnostic = to_string(reply);
  verdict.by_peer = true;
  // An answer that fits nowhere (354 to RCPT) is the peer's confusion: it is tried again later.
  verdict.status = !reply.status.empty() && !reply.intermediate() ? reply.status
                   : reply.intermediate() ? "4.5.0" : fmt::format("{}.0.0", reply.code / 100);
  return verdict;
}

SmtpVerdict verdict_of(const Error& error) {
  const auto status = [&error] {
    switch (error.kind) {
      case Errc::timeout:
      case Errc::unavailable: return "4.4.2";
      case Errc::not_found: return "4.4.1";
      case Errc::denied: return "4.7.5";
      case Errc::invalid:
      case Errc::too_large: return "4.5.0";
      case Errc::cancelled:
      case Errc::busy: return "4.3.2";
      case Errc::too_many:
      case Errc::exists:
      case Errc::refused:
      case Errc::over_quota:
      case Errc::conflict:
      case Errc::disk_full:
      case Errc::io:
      case Errc::corrupt:
      case Errc::unsupported: return "4.3.0";
    }
    return "4.3.0";
  }();
  return {SmtpVerdict::Kind::deferred, status, error.detail, false, false};
}

SmtpTransport transport_of(const ContentTraits& content, const SmtpExtensions& offered) {
  if (content.nul || content.bare_line_end) return offered.binary ? SmtpTransport::binary : SmtpTransport::rewrite;
  if (content.longest_line > kMaxTextLine) {
    if (offered.binary) return SmtpTransport::binary;
    const bool carried = offered.chunking && (offered.eight_bit || !content.eight_bit);
    return carried ? SmtpTransport::chunks : SmtpTransport::rewrite;
  }
  return content.eight_bit && !offered.eight_bit ? SmtpTransport::rewrite : SmtpTransport::text;
}

SmtpVerdict verdict_without_rewriting(const ContentTraits& content) {
  if (content.nul || content.bare_line_end) return failed("5.6.1", "the next server takes no binary content");
  if (content.longest_line > kMaxTextLine) return failed("5.6.0", "a line is longer than the next server may be sent");
  return failed("5.6.3", "the next server takes 7-bit content alone, and this cannot be rewritten");
}

bool needs_utf8(const SmtpEnvelope& envelope) {
  const auto foreign = [](const SmtpRecipient& recipient) { return !is_ascii(recipient.path); };
  return !is_ascii(envelope.from) || std::any_of(envelope.to.begin(), envelope.to.end(), foreign) ||
         (envelope.utf8 && envelope.content.eight_bit_header);
}

bool is_sendable_path(std::string_view path) {
  const auto breaks = [](char c) { return static_cast<unsigned char>(c) <= 0x1f || c == 0x7f || c == '<' || c == '>'; };
  if (path.size() > kMaxSentPath) return false;
  if (path.front() == '"') {  // quoted: brackets are content
    return std::none_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x1f || c == 0x7f; });
  }
  return std::none_of(path.begin(), path.end(), breaks) && path.find(' ') == std::string_view::npos;
}

std::optional<SmtpVerdict> refusal_of(const SmtpEnvelope& envelope, const SmtpExtensions& offered, bool secure) {
  if (!envelope.from.empty() && !is_sendable_path(envelope.from)) return failed("5.1.7", "the sender's address cannot be sent");
  for (const SmtpRecipient& recipient : envelope.to) {
    if (recipient.path.empty() || !is_sendable_path(recipient.path)) return failed("5.1.3", "an address that cannot be sent");
  }
  if (offered.max_size_bytes != 0 && envelope.content.size_bytes > offered.max_size_bytes) {
    return failed("5.3.4", fmt::format("the next server takes {} bytes at most", offered.max_size_bytes));
  }
  if (needs_utf8(envelope) && !offered.utf8) return failed("5.6.7", "the next server takes no internationalized mail (SMTPUTF8)");
  // RFC 8689 section 4.2.1.
  if (envelope.request.require_tls && !(secure && offered.require_tls)) {
    return failed("5.7.30", "REQUIRETLS was asked for, and the next server does not promise it");
  }
  return std::nullopt;
}

std::string mail_command(const SmtpEnvelope& envelope, const SmtpExtensions& offered, SmtpTransport transport) {
  std::string line = "MAIL FROM:<" + envelope.from + ">";
  if (offered.size) line += fmt::format(" SIZE={}", envelope.content.size_bytes);
  if (transport == SmtpTransport::binary) line += " BODY=BINARYMIME";
  else if (envelope.content.eight_bit) line += " BODY=8BITMIME";
  if (needs_utf8(envelope)) line += " SMTPUTF8";
  if (envelope.request.require_tls) line += " REQUIRETLS";
  if (offered.dsn) {
    if (envelope.request.ret == schema::ReportReturn::full) line += " RET=FULL";
    if (envelope.request.ret == schema::ReportReturn::headers) line += " RET=HDRS";
    if (!envelope.request.envid.empty()) line += " ENVID=" + encode_xtext(envelope.request.envid);
  }
  return line + "\r\n";
}

std::string rcpt_command(const SmtpRecipient& recipient, const SmtpExtensions& offered) {
  std::string line = "RCPT TO:<" + recipient.path + ">";
  if (offered.dsn) {
    if (recipient.request.notify.asked()) line += " NOTIFY=" + notify_of(recipient.request.notify);
    if (!recipient.request.orcpt.empty()) {
      // The address type is no xtext, what follows it is (RFC 3461 section 4.2).
      const std::size_t type = recipient.request.orcpt.find(';') + 1;
      line += " ORCPT=" + recipient.request.orcpt.substr(0, type) + encode_xtext(std::string_view(recipient.request.orcpt).substr(type));
    }
  }
  return line + "\r\n";
}

}  // namespace telepost::adapters::net
