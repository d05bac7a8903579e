#include "transcoders/mime/decoder.h"

#include <array>

#include "base/bytes.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::uint8_t kNoDigit = 0xff;
constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    digits[static_cast<unsigned char>(kLetters[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

std::uint8_t digit_of(char c) { return kDigits[static_cast<unsigned char>(c)]; }

void append_group(std::uint32_t group, std::size_t size, std::string& bytes) {
  const std::array<char, 3> three = {static_cast<char>(group >> 16 & 0xff), static_cast<char>(group >> 8 & 0xff),
                                     static_cast<char>(group & 0xff)};
  bytes.append(three.data(), size);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_literal(char c) { return c != '=' && !is_blank(c) && c != '\r'; }

}  // namespace

Decoder::Decoder(std::string_view encoding) {
  if (equals_ignoring_case(encoding, "base64")) encoding_ = Encoding::base64;
  if (equals_ignoring_case(encoding, "quoted-printable")) encoding_ = Encoding::quoted_printable;
}

void Decoder::feed(std::string_view encoded, std::string& bytes) {
  switch (encoding_) {
    case Encoding::identity: bytes.append(encoded); return;
    case Encoding::base64: feed_base64(encoded, bytes); return;
    case Encoding::quoted_printable: feed_quoted(encoded, bytes); return;
  }
}

void Decoder::feed_base64(std::string_view encoded, std::string& bytes) {
  for (std::size_t i = 0; i < encoded.size() && !ended_;) {
    while (digits_ == 0 && i + 4 <= encoded.size()) {  // whole groups
      const std::uint8_t a = digit_of(encoded[i]), b = digit_of(encoded[i + 1]), c = digit_of(encoded[i + 2]),
                         d = digit_of(encoded[i + 3]);
      if ((a | b | c | d) & 0x80) break;
      append_group(static_cast<std::uint32_t>(a) << 18 | static_cast<std::uint32_t>(b) << 12 |
                       static_cast<std::uint32_t>(c) << 6 | d, 3, bytes);
      i += 4;
    }
    if (i == encoded.size()) return;
    const char letter = encoded[i++];
    const std::uint8_t digit = digit_of(letter);
    ended_ = letter == '=' && digits_ >= 2;
    if (digit == kNoDigit) continue;
    group_ = group_ << 6 | digit;
    if (++digits_ < 4) continue;
    append_group(group_, 3, bytes);
    group_ = 0;
    digits_ = 0;
  }
}

// Whether c belongs to what waits; if not, that was no escape, soft line break or line end, and stays as it stands.
bool Decoder::goes_on(char c, std::string& bytes) {
  const bool equals = pending_.front() == '=';
  const char last = pending_.back();
  if (c == '\n') {
    const bool digit_waits = equals && pending_.size() == 2 && hex_value(last) >= 0;
    if (digit_waits) return false;
    if (!equals) bytes.append(last == '\r' ? "\r\n" : "\n");  // RFC 2045 section 6.7 rules 3 and 4; else rule 5
    pending_.clear();
    return true;
  }
  if (last == '\r' || pending_.size() >= kMaxPendingBytes) return false;
  if (equals && pending_.size() == 2 && hex_value(last) >= 0) {
    if (hex_value(c) < 0) return false;
    bytes.push_back(static_cast<char>(hex_value(last) * 16 + hex_value(c)));
    pending_.clear();
    return true;
  }
  if (!is_blank(c) && c != '\r' && !(pending_ == "=" && hex_value(c) >= 0)) return false;
  pending_.push_back(c);
  return true;
}

void Decoder::feed_quoted(std::string_view encoded, std::string& bytes) {
  for (std::size_t i = 0; i < encoded.size();) {
    if (!pending_.empty()) {
      if (goes_on(encoded[i], bytes)) {
        ++i;
        continue;
      }
      bytes.append(pending_);
      pending_.clear();
    }
    const std::size_t begin = i;
    while (i < encoded.size() && is_literal(encoded[i])) ++i;
    bytes.append(encoded.substr(begin, i - begin));
    if (i < encoded.size()) pending_.push_back(encoded[i++]);
  }
}

void Decoder::finish(std::string& bytes) {
  if (digits_ >= 2) append_group(group_ << (digits_ == 2 ? 12 : 6), digits_ - 1, bytes);
  digits_ = 0;
  if (pending_.empty()) return;
  const bool soft = pending_.front() == '=' && (pending_.size() == 1 || hex_value(pending_[1]) < 0);
  if (!soft && !is_blank(pending_.back())) bytes.append(pending_);  // "=4", or a CR that ends no line
  pending_.clear();
}

}  // namespace telepost::transcoders::mime
