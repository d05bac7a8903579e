#include "adapters/smtp/trace_block.h"

namespace telepost::adapters::smtp {

std::string_view with_protocol(Mode mode, bool extended, bool utf8) {
  if (mode == Mode::lmtp) return utf8 ? "UTF8LMTP" : "LMTP";
  if (!extended) return "SMTP";
  return utf8 ? "UTF8SMTP" : "ESMTP";
}

std::string address_literal(std::string_view address) {
  std::string literal = address.find(':') == std::string_view::npos ? "[" : "[IPv6:";
  return literal.append(address) + "]";
}

std::string trace_block(const TraceFacts& facts) {
  std::string block;
  block.reserve(512);
  block.append("Return-Path: <").append(facts.from).append(">\r\nReceived: from ").append(facts.hello);
  if (facts.peer.uid) {
    block.append(" (Unix socket, uid ").append(std::to_string(*facts.peer.uid)).append(")");
  } else {
    block.append(" (").append(address_literal(facts.peer.address)).append(")");
  }
  block.append("\r\n\tby ").append(facts.hostname);
  block.append(" with ").append(with_protocol(facts.mode, facts.extended, facts.utf8));
  block.append(" id ").append(facts.trace);
  if (!facts.only_recipient.empty()) block.append("\r\n\tfor <").append(facts.only_recipient).append(">");
  return block.append("; ").append(to_rfc5322_date(facts.now)).append("\r\n");
}

}  // namespace telepost::adapters::smtp
