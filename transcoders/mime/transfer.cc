#include "transcoders/mime/transfer.h"

#include <array>

#include "base/bytes.h"
#include "transcoders/mime/decoder.h"

namespace telepost::transcoders::mime {
namespace {

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

namespace {

std::string decoded(std::string_view text, std::string_view encoding) {
  Decoder decoder(encoding);
  std::string bytes;
  bytes.reserve(encoding == "base64" ? text.size() / 4 * 3 + 3 : text.size());
  decoder.feed(text, bytes);
  decoder.finish(bytes);
  return bytes;
}

}  // namespace

std::string decode_base64(std::string_view text) { return decoded(text, "base64"); }
std::string decode_quoted_printable(std::string_view text) { return decoded(text, "quoted-printable"); }

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
