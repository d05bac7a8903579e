#include "adapters/smtp/trace_block.h"

namespace telepost::adapters::smtp {

std::string with_protocol(const TraceFacts& facts) {
  const bool lmtp = facts.mode == Mode::lmtp;
  if (!lmtp && !facts.extended) return "SMTP";
  std::string name = facts.utf8 ? (lmtp ? "UTF8LMTP" : "UTF8SMTP") : (lmtp ? "LMTP" : "ESMTP");
  if (!facts.tls_version.empty()) name.push_back('S');
  if (facts.logged_in) name.push_back('A');
  return name;
}

std::string address_literal(std::string_view address) {
  std::string literal = address.find(':') == std::string_view::npos ? "[" : "[IPv6:";
  return literal.append(address) + "]";
}

std::string trace_block(const TraceFacts& facts) {
  std::string block;
  block.reserve(512);
  block.append("Return-Path: <").append(facts.from).append(">\r\n").append(facts.examined);
  block.append("Received: from ").append(facts.hello);
  if (facts.peer.uid) {
    block.append(" (Unix socket, uid ").append(std::to_string(*facts.peer.uid)).append(")");
  } else {
    block.append(" (").append(facts.peer_name).append(facts.peer_name.empty() ? "" : " ");
    block.append(address_literal(facts.peer.address)).append(")");
  }
  block.append("\r\n\tby ").append(facts.hostname).append(" with ").append(with_protocol(facts));
  if (!facts.tls_version.empty()) block.append(" (").append(facts.tls_version).append(")");
  block.append(" id ").append(facts.trace);
  if (!facts.only_recipient.empty()) block.append("\r\n\tfor <").append(facts.only_recipient).append(">");
  if (!facts.tls_cipher.empty()) block.append("\r\n\ttls ").append(facts.tls_cipher);  // RFC 8314 section 4.3
  return block.append("; ").append(to_rfc5322_date(facts.now)).append("\r\n");
}

}  // namespace telepost::adapters::smtp
