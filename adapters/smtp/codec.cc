#include "adapters/smtp/codec.h"

#include <array>
#include <charconv>

#include "adapters/smtp/path_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp {
namespace {

Refused syntax(std::string_view text) { return {{501, "5.5.4", std::string(text)}}; }

std::string_view trim_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t");
  return text.substr(0, last + 1);
}

// The words of a command are separated by SP (RFC 5321 section 4.1.1); more than one is let pass.
std::string_view take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return word;
}

std::optional<std::uint64_t> number_from(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || digits.size() > 20 || end != digits.data() + digits.size() || error != std::errc()) return {};
  return value;
}

Command hello(Hello::Kind kind, std::string_view argument) {
  if (argument.empty()) return syntax("Say who you are: a domain or an address literal");
  if (argument.size() > kMaxDomain || !(is_domain(argument) || is_address_literal(argument))) {
    return syntax("That is neither a domain nor an address literal");
  }
  return Hello{kind, std::string(argument)};
}

std::optional<Refused> apply_envid(Mail& mail, std::string_view value) {
  Result<std::string> envid = decode_xtext(value);
  if (!envid.ok() || envid->empty() || envid->size() > kMaxEnvid) return syntax("ENVID wants up to 100 characters of xtext");
  mail.envid = std::move(*envid);
  return {};
}

// One esmtp-param of MAIL (RFC 5321 section 4.1.2).
std::optional<Refused> apply_parameter(Mail& mail, std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  const bool has_value = equals != std::string_view::npos;
  const std::string_view value = has_value ? parameter.substr(equals + 1) : std::string_view();
  if (equals_ignoring_case(name, "SIZE")) {
    mail.size_bytes = number_from(value);
    if (!mail.size_bytes) return syntax("SIZE wants a number of octets");
    return {};
  }
  if (equals_ignoring_case(name, "BODY")) {
    mail.eight_bit = equals_ignoring_case(value, "8BITMIME");
    if (!mail.eight_bit && !equals_ignoring_case(value, "7BIT")) return syntax("BODY is 7BIT or 8BITMIME");
    return {};
  }
  if (equals_ignoring_case(name, "SMTPUTF8") && !has_value) {
    mail.utf8 = true;
    return {};
  }
  if (equals_ignoring_case(name, "ENVID")) return apply_envid(mail, value);
  return Refused{{555, "5.5.4", "This parameter of MAIL is not offered here"}};
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

Command mail(std::string_view rest) {
  std::optional<Path> from = take_path(rest, "FROM:");
  if (!from || (from->domain.empty() && !from->is_null() && !number_of(*from))) {
    return Refused{{501, "5.1.7", "Syntax: MAIL FROM:<local@domain>"}};
  }
  Mail mail{.from = std::move(*from), .size_bytes = {}, .envid = {}};
  while (!rest.empty()) {
    if (std::optional<Refused> refused = apply_parameter(mail, take_word(rest))) return std::move(*refused);
  }
  if (mail.from.has_utf8 && !mail.utf8) return Refused{{553, "5.6.7", "An address beyond ASCII needs SMTPUTF8"}};
  return mail;
}

Command rcpt(std::string_view rest) {
  std::optional<Path> to = take_path(rest, "TO:");
  const bool is_postmaster = to && to->domain.empty() && equals_ignoring_case(to->local, "postmaster");
  if (!to || (to->domain.empty() && !is_postmaster && !number_of(*to))) {
    return Refused{{501, "5.1.3", "Syntax: RCPT TO:<local@domain>"}};
  }
  if (!rest.empty()) return Refused{{555, "5.5.4", "Parameters of RCPT are not offered here"}};
  return Rcpt{std::move(*to)};
}

template <typename Verb>
Command bare(std::string_view argument) {
  if (!argument.empty()) return syntax("This command takes no argument");
  return Verb{};
}

template <typename Verb>
Command with_argument(std::string_view argument) {
  if (argument.empty()) return syntax("This command wants an argument");
  return Verb{};
}

template <typename Verb>
Command lenient(std::string_view) {
  return Verb{};
}

Command not_implemented(std::string_view) {
  return Refused{{502, "5.5.1", "This command is not implemented"}};
}

struct VerbEntry {
  std::string_view name;
  Command (*parse)(std::string_view argument);
};

constexpr std::array<VerbEntry, 19> kVerbs{{
    {"MAIL", mail},
    {"RCPT", rcpt},
    {"DATA", bare<DataCommand>},
    {"RSET", bare<Rset>},
    {"QUIT", bare<Quit>},
    {"LHLO", [](std::string_view name) { return hello(Hello::Kind::lhlo, name); }},
    {"EHLO", [](std::string_view name) { return hello(Hello::Kind::ehlo, name); }},
    {"HELO", [](std::string_view name) { return hello(Hello::Kind::helo, name); }},
    {"NOOP", lenient<Noop>},
    {"HELP", lenient<Help>},
    {"VRFY", with_argument<Vrfy>},
    {"EXPN", with_argument<Expn>},
    {"STARTTLS", not_implemented},
    {"AUTH", not_implemented},
    {"BDAT", not_implemented},
    {"ETRN", not_implemented},
    {"SEND", not_implemented},
    {"SOML", not_implemented},
    {"TURN", not_implemented},
}};

}  // namespace

Command parse_command(std::string_view line) {
  std::string_view rest = trim_end(line);
  if (rest.find('\0') != std::string_view::npos) return Refused{{500, "5.5.2", "A command holds no NUL"}};
  const std::string_view verb = take_word(rest);
  for (const VerbEntry& entry : kVerbs) {
    if (equals_ignoring_case(entry.name, verb)) return entry.parse(rest);
  }
  return Refused{{500, "5.5.1", "This command is not known"}};
}

Result<std::string> decode_xtext(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '!' || text[i] > '~' || text[i] == '=') return {Errc::invalid, "a character that xtext must encode"};
    if (text[i] != '+') {
      decoded.push_back(text[i]);
      continue;
    }
    const std::string_view digits = text.substr(i + 1, 2);
    if (digits.size() < 2 || digits.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) {
      return {Errc::invalid, "+ wants two upper-case hex digits"};
    }
    TELEPOST_ASSIGN(std::string byte, from_hex(digits));
    decoded += byte;
    i += 2;
  }
  return decoded;
}

void append(std::string& out, const Reply& reply) {
  out += std::to_string(reply.code);
  out.push_back(' ');
  if (!reply.status.empty()) out.append(reply.status).push_back(' ');
  for (const char c : reply.text) out.push_back(c >= ' ' && c != '\x7f' ? c : (c & 0x80) != 0 ? c : '?');
  out += "\r\n";
}

Reply reply_to(const Error& error) {
  switch (error.kind) {
    case Errc::invalid: return {554, "5.6.0", "The message cannot be kept: " + error.detail};
    case Errc::too_large: return {552, "5.3.4", "The message is larger than it may be here"};
    case Errc::too_many: return {451, "4.7.1", "Too many new mailboxes for now; try again later"};
    case Errc::not_found: return {550, "5.1.1", "No such mailbox"};
    case Errc::exists: return {451, "4.3.0", "The mailbox is being made; try again"};
    case Errc::refused: return {550, "5.2.1", "This mailbox takes no messages"};
    case Errc::denied: return {550, "5.7.1", "You may not deliver here"};
    case Errc::over_quota: return {452, "4.2.2", "The mailbox is full"};
    case Errc::busy: return {451, "4.3.2", "Busy; try again later"};
    case Errc::conflict: return {451, "4.3.0", "Somebody else wrote first; try again"};
    case Errc::disk_full: return {452, "4.3.1", "Not enough storage; try again later"};
    case Errc::io:
    case Errc::corrupt:
    case Errc::unavailable: return {451, "4.3.0", "Local trouble; try again later"};
    case Errc::timeout: return {451, "4.4.2", "That took too long; try again later"};
    case Errc::cancelled: return {451, "4.3.2", "The system is stopping; try again later"};
    case Errc::unsupported: return {554, "5.6.1", "This content is not taken here"};
  }
  return {451, "4.3.0", "Local trouble; try again later"};
}

}  // namespace telepost::adapters::smtp
