#include "adapters/smtp/envelope_codec.h"

#include <algorithm>

#include "adapters/net/xtext_codec.h"
#include "adapters/smtp/path_codec.h"
#include "adapters/smtp/word_codec.h"
#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::adapters::smtp {
namespace {

using Fault = std::optional<Refused>;  // none: the parameter is taken

bool is_printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

Fault take_size(Mail& mail, std::string_view value) {
  mail.size_bytes = number_from(value);
  if (!mail.size_bytes) return syntax_error("SIZE wants a number of octets");
  return {};
}

Fault take_body(Mail& mail, std::string_view value) {
  if (equals_ignoring_case(value, "7BIT")) mail.body = Body::seven_bit;
  else if (equals_ignoring_case(value, "8BITMIME")) mail.body = Body::eight_bit;
  else if (equals_ignoring_case(value, "BINARYMIME")) mail.body = Body::binary;
  else return syntax_error("BODY is 7BIT, 8BITMIME or BINARYMIME");
  return {};
}

// RFC 3461 section 4.4: printable US-ASCII once decoded; it comes back in reports.
Fault take_envid(Mail& mail, std::string_view value) {
  Result<std::string> envid = net::decode_xtext(value);
  if (mail.envid || !envid.ok() || envid->empty() || envid->size() > schema::kMaxEnvid || !is_printable_ascii(*envid)) {
    return syntax_error("ENVID wants up to 100 printable characters of xtext, once");
  }
  mail.request.envid = *envid;
  mail.envid = std::move(*envid);
  return {};
}

Fault take_ret(Mail& mail, std::string_view value) {
  schema::ReportReturn& ret = mail.request.ret;
  const bool again = ret != schema::ReportReturn::unspecified;
  if (equals_ignoring_case(value, "FULL")) ret = schema::ReportReturn::full;
  else if (equals_ignoring_case(value, "HDRS")) ret = schema::ReportReturn::headers;
  else return syntax_error("RET is FULL or HDRS");
  if (again) return syntax_error("RET stands once");
  return {};
}

// RFC 4954 section 5: who is said to have submitted it. We believe nobody, and keep nothing of it.
Fault take_auth(Mail& mail, std::string_view value) {
  const Result<std::string> mailbox = net::decode_xtext(value);
  if (!mailbox.ok() || mailbox->empty() || value.size() > 500) return syntax_error("AUTH wants a mailbox in xtext, or <>");
  mail.has_auth = true;
  return {};
}

// One esmtp-param of MAIL (RFC 5321 section 4.1.2).
Fault take_parameter(Mail& mail, std::string_view word) {
  const Parameter parameter = parameter_from(word);
  struct Known {
    std::string_view name;
    Fault (*take)(Mail& mail, std::string_view value);
  };
  constexpr Known kKnown[] = {{"SIZE", take_size}, {"BODY", take_body}, {"ENVID", take_envid}, {"RET", take_ret}, {"AUTH", take_auth}};
  for (const Known& known : kKnown) {
    if (equals_ignoring_case(parameter.name, known.name)) return known.take(mail, parameter.value.value_or(""));
  }
  if (equals_ignoring_case(parameter.name, "SMTPUTF8") && !parameter.value) {
    mail.utf8 = true;
    return {};
  }
  if (equals_ignoring_case(parameter.name, "REQUIRETLS") && !parameter.value) {
    mail.request.require_tls = true;
    return {};
  }
  return Refused{{555, "5.5.4", "This parameter of MAIL is not offered here"}};
}

// RFC 3461 section 4.1: NEVER alone, or a list of the others.
Fault take_notify(Rcpt& rcpt, std::string_view value) {
  schema::Notify& notify = rcpt.request.notify;
  if (notify.asked()) return syntax_error("NOTIFY stands once");
  for (std::string_view rest = value;;) {
    const std::string_view word = rest.substr(0, rest.find(','));
    bool* const flag = equals_ignoring_case(word, "NEVER")     ? &notify.never
                       : equals_ignoring_case(word, "SUCCESS") ? &notify.success
                       : equals_ignoring_case(word, "FAILURE") ? &notify.failure
                       : equals_ignoring_case(word, "DELAY")   ? &notify.delay
                                                               : nullptr;
    if (flag == nullptr) return syntax_error("NOTIFY is NEVER, or a list of SUCCESS, FAILURE and DELAY");
    *flag = true;
    if (word.size() == rest.size()) break;
    rest.remove_prefix(word.size() + 1);
  }
  if (notify.never && (notify.success || notify.failure || notify.delay)) return syntax_error("NEVER stands alone");
  return {};
}

// Section 4.2: addr-type ";" xtext. What it decodes to comes back in a field of a report: no line may end in it.
Fault take_orcpt(Rcpt& rcpt, std::string_view value) {
  const std::size_t semicolon = value.find(';');
  const Refused refused = syntax_error("ORCPT wants a type, a semicolon and up to 500 characters of xtext, once");
  if (!rcpt.request.orcpt.empty() || value.size() > schema::kMaxOrcpt || semicolon == std::string_view::npos || semicolon == 0) return refused;
  const std::string_view type = value.substr(0, semicolon);
  const auto is_atom_character = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'; };
  const Result<std::string> address = net::decode_xtext(value.substr(semicolon + 1));
  if (!std::all_of(type.begin(), type.end(), is_atom_character) || !address.ok() || address->empty()) return refused;
  if (!is_harmless_text(*address)) return refused;
  rcpt.request.orcpt = std::string(type) + ';' + *address;
  return {};
}

Fault take_parameter(Rcpt& rcpt, std::string_view word) {
  const Parameter parameter = parameter_from(word);
  rcpt.has_request = true;
  if (equals_ignoring_case(parameter.name, "NOTIFY")) return take_notify(rcpt, parameter.value.value_or(""));
  if (equals_ignoring_case(parameter.name, "ORCPT")) return take_orcpt(rcpt, parameter.value.value_or(""));
  return Refused{{555, "5.5.4", "This parameter of RCPT is not offered here"}};
}

// Reads "FROM:" or "TO:" and the path behind it. Spaces after the colon break RFC 5321 section 3.3 but are common and harmless.
std::optional<Path> take_path(std::string_view& rest, std::string_view keyword) {
  if (!starts_with_ignoring_case(rest, keyword)) return {};
  rest.remove_prefix(keyword.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  std::optional<Path> path = parse_path(rest);
  if (path && !rest.empty() && rest.front() != ' ') return {};
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return path;
}

}  // namespace

Command parse_mail(std::string_view rest) {
  std::optional<Path> from = take_path(rest, "FROM:");
  if (!from || (from->domain.empty() && !from->is_null() && !number_of(*from))) {
    return Refused{{501, "5.1.7", "Syntax: MAIL FROM:<local@domain>"}};
  }
  Mail mail;
  mail.from = std::move(*from);
  while (!rest.empty()) {
    if (Fault fault = take_parameter(mail, take_word(rest))) return std::move(*fault);
  }
  if (mail.from.has_utf8 && !mail.utf8) return Refused{{553, "5.6.7", "An address beyond ASCII needs SMTPUTF8"}};
  return mail;
}

Command parse_rcpt(std::string_view rest) {
  std::optional<Path> to = take_path(rest, "TO:");
  const bool is_postmaster = to && to->domain.empty() && equals_ignoring_case(to->local, "postmaster");
  if (!to || (to->domain.empty() && !is_postmaster && !number_of(*to))) {
    return Refused{{501, "5.1.3", "Syntax: RCPT TO:<local@domain>"}};
  }
  Rcpt rcpt;
  rcpt.to = std::move(*to);
  while (!rest.empty()) {
    if (Fault fault = take_parameter(rcpt, take_word(rest))) return std::move(*fault);
  }
  return rcpt;
}

}  // namespace telepost::adapters::smtp
