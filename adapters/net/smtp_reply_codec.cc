#include "adapters/net/smtp_reply_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "adapters/net/line_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

constexpr std::size_t kMaxShown = 500;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "5.1.1" at the front of `text` when its class is the reply's (RFC 3463 section 2); else nothing.
std::string_view status_at_front(std::string_view text, std::uint16_t code) {
  if (text.size() < 5 || text[0] != static_cast<char>('0' + code / 100) || text[1] != '.') return {};
  std::size_t at = 2;
  for (int part = 0; part < 2; ++part) {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    if (at == begin || at - begin > 3) return {};
    if (part == 0 && (at == text.size() || text[at++] != '.')) return {};
  }
  return at == text.size() || text[at] == ' ' ? text.substr(0, at) : std::string_view();
}

std::string shown(std::string_view text) {
  std::string out(text);
  const bool utf8 = is_valid_utf8(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\t') c = ' ';
    else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) c = '?';
  }
  return out;
}

// One line without its CRLF: "250-text", "250 text" or "250" (RFC 5321 section 4.2.1: the text may be missing).
struct Line {
  std::uint16_t code = 0;
  bool last = false;
  std::string_view text;
};

std::optional<Line> parse_line(std::string_view line) {
  if (line.size() < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return std::nullopt;
  if (line[0] < '2' || line[0] > '5') return std::nullopt;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return std::nullopt;
  const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
  return Line{static_cast<std::uint16_t>(code), line.size() == 3 || line[3] == ' ',
              line.size() > 4 ? line.substr(4) : std::string_view()};
}

void add(const Line& line, SmtpReply& reply) {
  std::string_view text = line.text;
  const std::string_view status = status_at_front(text, line.code);
  if (reply.lines.empty()) reply.status = status;
  // RFC 2034 section 4: every line repeats the status.
  if (!status.empty() && status == reply.status) text.remove_prefix(std::min(text.size(), status.size() + 1));
  reply.lines.push_back(shown(text));
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view rest = trim(text); !rest.empty(); rest = trim(rest)) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return words;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

}  // namespace

std::string to_string(const SmtpReply& reply) {
  std::string text = std::to_string(reply.code);
  if (!reply.status.empty()) text += " " + reply.status;
  for (const std::string& line : reply.lines) {
    if (!line.empty()) text += " " + line;
    if (text.size() > kMaxShown) break;
  }
  if (text.size() > kMaxShown) {
    std::size_t end = kMaxShown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // no half of a letter
    text.resize(end);
  }
  return text;
}

Result<std::optional<ScannedReply>> scan_smtp_reply(std::string_view buffered) {
  ScannedReply scanned;
  for (;;) {
    const LineScan scan = scan_line(buffered.substr(scanned.size_bytes), kMaxReplyLine);
    switch (scan.status) {
      case LineScan::Status::complete: break;
      case LineScan::Status::incomplete: return std::optional<ScannedReply>();
      case LineScan::Status::bare: return {Errc::invalid, "the reply has a bare CR or LF"};
      case LineScan::Status::too_long: return {Errc::too_large, "a line of the reply does not end"};
    }
    const std::string_view text = buffered.substr(scanned.size_bytes, scan.size_bytes - 2);
    const std::optional<Line> line = parse_line(text);
    if (!line) return {Errc::invalid, fmt::format("no SMTP reply: '{}'", shown(text.substr(0, 80)))};
    if (!scanned.reply.lines.empty() && line->code != scanned.reply.code) {
      return {Errc::invalid, fmt::format("one reply with the codes {} and {}", scanned.reply.code, line->code)};
    }
    scanned.reply.code = line->code;
    add(*line, scanned.reply);
    scanned.size_bytes += scan.size_bytes;
    if (line->last) return std::optional<ScannedReply>(std::move(scanned));
    if (scanned.reply.lines.size() >= kMaxReplyLines || scanned.size_bytes >= kMaxReply) {
      return {Errc::too_large, "the reply does not end"};
    }
  }
}

SmtpExtensions extensions_of(const SmtpReply& hello) {
  SmtpExtensions offered;
  for (std::size_t i = 1; i < hello.lines.size(); ++i) {
    const auto words = words_of(hello.lines[i]);
    if (words.empty()) continue;
    const std::string name = upper(words[0]);
    if (name == "PIPELINING") offered.pipelining = true;
    else if (name == "8BITMIME") offered.eight_bit = true;
    else if (name == "SMTPUTF8") offered.utf8 = true;
    else if (name == "CHUNKING") offered.chunking = true;
    else if (name == "BINARYMIME") offered.binary = true;
    else if (name == "DSN") offered.dsn = true;
    else if (name == "STARTTLS") offered.start_tls = true;
    else if (name == "REQUIRETLS") offered.require_tls = true;
    else if (name == "AUTH") {
      for (std::size_t k = 1; k < words.size(); ++k) offered.mechanisms.push_back(upper(words[k]));
    } else if (name == "SIZE") {
      offered.size = true;
      std::uint64_t most = 0;
      if (words.size() > 1) {
        const auto [end, error] = std::from_chars(words[1].data(), words[1].data() + words[1].size(), most);
        if (error == std::errc() && end == words[1].data() + words[1].size()) offered.max_size_bytes = most;
      }
    }
  }
  offered.binary = offered.binary && offered.chunking;
  return offered;
}

}  // namespace telepost::adapters::net
