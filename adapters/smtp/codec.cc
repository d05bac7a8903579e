#include "adapters/smtp/codec.h"

#include <array>

#include "adapters/smtp/envelope_codec.h"
#include "adapters/smtp/path_codec.h"
#include "adapters/smtp/word_codec.h"
#include "adapters/smtp/xclient_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp {
namespace {

std::string_view trim_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t");
  return text.substr(0, last + 1);
}

Command hello(Hello::Kind kind, std::string_view argument) {
  if (argument.empty()) return syntax_error("Say who you are: a domain or an address literal");
  if (argument.size() > kMaxDomain || !(is_domain(argument) || is_address_literal(argument))) {
    return syntax_error("That is neither a domain nor an address literal");
  }
  return Hello{kind, std::string(argument)};
}

// RFC 3030 section 2: "BDAT" SP chunk-size [SP "LAST"].
Command bdat(std::string_view rest) {
  Bdat bdat{number_from(take_word(rest)), equals_ignoring_case(rest, "LAST")};
  if (!rest.empty() && !bdat.last) bdat.size_bytes.reset();
  return bdat;
}

// RFC 4954 section 4; a mechanism's name has 1 to 20 characters (RFC 4422 section 3.1).
Command auth(std::string_view rest) {
  const std::string_view mechanism = take_word(rest);
  if (mechanism.empty() || mechanism.size() > 20 || rest.find(' ') != std::string_view::npos) return syntax_error("Syntax: AUTH MECHANISM [response]");
  Auth auth{std::string(mechanism), {}};
  for (char& c : auth.mechanism) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  if (!rest.empty()) auth.response = std::string(rest);
  return auth;
}

template <typename Verb>
Command bare(std::string_view argument) {
  if (!argument.empty()) return syntax_error("This command takes no argument");
  return Verb{};
}

template <typename Verb>
Command with_argument(std::string_view argument) {
  if (argument.empty()) return syntax_error("This command wants an argument");
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

constexpr std::array<VerbEntry, 20> kVerbs{{
    {"MAIL", parse_mail},
    {"RCPT", parse_rcpt},
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
    {"STARTTLS", bare<StartTls>},
    {"AUTH", auth},
    {"BDAT", bdat},
    {"XCLIENT", parse_xclient},
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

void append(std::string& out, const Reply& reply) {
  out += std::to_string(reply.code);
  out.push_back(' ');
  if (!reply.status.empty()) out.append(reply.status).push_back(' ');
  for (const char c : reply.text) out.push_back(c >= ' ' && c != '\x7f' ? c : (c & 0x80) != 0 ? c : '?');
  out += "\r\n";
}

Reply too_large_for_all() { return {552, "5.3.4", "The message is larger than it may be here"}; }

Reply reply_to(const Error& error) {
  switch (error.kind) {
    case Errc::invalid: return {554, "5.6.0", "The message cannot be kept: " + error.detail};
    case Errc::too_large: return {552, "5.2.3", "The message is larger than this mailbox takes"};
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
