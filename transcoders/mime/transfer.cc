#include "transcoders/mime/transfer.h"

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::array<std::int8_t, 256> kBase64Digits = [] {
  std::array<std::int8_t, 256> digits{};
  digits.fill(-1);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    digits[static_cast<unsigned char>(kLetters[i])] = static_cast<std::int8_t>(i);
  }
  return digits;
}();

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The byte that "=XX" at the front stands for, -1 if it is none.
int escaped_byte(std::string_view text) {
  if (text.size() < 3) return -1;
  const int high = hex_value(text[1]);
  const int low = hex_value(text[2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

constexpr std::string_view kHex = "0123456789ABCDEF";

}  // namespace

std::string decode_base64(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t group = 0;
  int digits = 0;
  for (const char c : text) {
    const int digit = kBase64Digits[static_cast<unsigned char>(c)];
    if (c == '=' && digits >= 2) break;
    if (digit < 0) continue;
    group = group << 6 | static_cast<std::uint32_t>(digit);
    if (++digits < 4) continue;
    bytes.push_back(static_cast<char>(group >> 16 & 0xff));
    bytes.push_back(static_cast<char>(group >> 8 & 0xff));
    bytes.push_back(static_cast<char>(group & 0xff));
    group = 0;
    digits = 0;
  }
  if (digits >= 2) bytes.push_back(static_cast<char>((digits == 2 ? group >> 4 : group >> 10) & 0xff));
  if (digits == 3) bytes.push_back(static_cast<char>(group >> 2 & 0xff));
  return bytes;
}

std::string decode_quoted_printable(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    const bool last = newline == std::string_view::npos;
    text.remove_prefix(last ? text.size() : newline + 1);
    std::string_view line_end = last ? "" : "\n";
    if (!last && !line.empty() && line.back() == '\r') {
      line_end = "\r\n";
      line.remove_suffix(1);
    }
    const std::size_t content = line.find_last_not_of(" \t");  // the rest was added on the way (rule 3)
    line = line.substr(0, content == std::string_view::npos ? 0 : content + 1);
    const bool soft = !line.empty() && line.back() == '=';
    if (soft) line.remove_suffix(1);
    for (std::size_t i = 0; i < line.size(); ++i) {
      const int byte = line[i] == '=' ? escaped_byte(line.substr(i)) : -1;
      bytes.push_back(byte < 0 ? line[i] : static_cast<char>(byte));
      if (byte >= 0) i += 2;
    }
    if (!soft) bytes.append(line_end);
  }
  return bytes;
}

std::string decode_q(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int byte = text[i] == '=' ? escaped_byte(text.substr(i)) : -1;
    if (byte >= 0) {
      bytes.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      bytes.push_back(text[i] == '_' ? ' ' : text[i]);
    }
  }
  return bytes;
}

std::string decode_transfer(std::string_view body, std::string_view encoding) {
  if (equals_ignoring_case(encoding, "base64")) return decode_base64(body);
  if (equals_ignoring_case(encoding, "quoted-printable")) return decode_quoted_printable(body);
  return std::string(body);
}

std::string encode_base64_lines(std::string_view bytes) {
  std::string lines;
  lines.reserve(bytes.size() / 57 * 78 + 80);
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 57))) {
    lines += to_base64(bytes.substr(0, 57));
    lines += "\r\n";
  }
  return lines;
}

std::string encode_quoted_printable(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  const auto put = [&](std::string_view piece) {
    if (column + piece.size() > 75) {  // leaves room for the "=" of a soft line break
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool line_ends = i + 1 == text.size() || text[i + 1] == '\r' || text[i + 1] == '\n';
    const bool blank = c == ' ' || c == '\t';
    if ((c > 0x20 && c < 0x7f && c != '=') || (blank && !line_ends)) {
      put({&c, 1});
    } else {
      const auto byte = static_cast<unsigned char>(c);
      const std::array<char, 3> escape = {'=', kHex[byte >> 4], kHex[byte & 15]};
      put({escape.data(), escape.size()});
    }
  }
  return out;
}

}  // namespace telepost::transcoders::mime
