#include "base/bytes.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace telepost {
namespace {

constexpr std::string_view kBase32 = "0123456789abcdefghjkmnpqrstvwxyz";

template <typename Int>
void append_big_endian(std::string& out, Int value) {
  std::array<char, sizeof(Int)> bytes{};
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    bytes[i] = static_cast<char>(static_cast<unsigned char>(value >> (8 * (sizeof(Int) - 1 - i))));
  }
  out.append(bytes.data(), bytes.size());
}

template <typename Int>
Int read_big_endian(std::string_view bytes) {
  Int value = 0;
  for (const char byte : bytes) value = static_cast<Int>((value << 8) | static_cast<unsigned char>(byte));
  return value;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

ByteWriter& ByteWriter::u16(std::uint16_t value) {
  append_big_endian(out_, value);
  return *this;
}
ByteWriter& ByteWriter::u32(std::uint32_t value) {
  append_big_endian(out_, value);
  return *this;
}
ByteWriter& ByteWriter::u64(std::uint64_t value) {
  append_big_endian(out_, value);
  return *this;
}
ByteWriter& ByteWriter::varint(std::uint64_t value) {
  while (value >= 0x80) {
    out_.push_back(static_cast<char>(static_cast<unsigned char>(value | 0x80)));
    value >>= 7;
  }
  out_.push_back(static_cast<char>(value));
  return *this;
}

std::string_view ByteReader::raw(std::size_t size_bytes) {
  if (failed_ || size_bytes > rest_.size()) {
    failed_ = true;
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size_bytes);
  rest_.remove_prefix(size_bytes);
  return bytes;
}
std::uint8_t ByteReader::u8() { return read_big_endian<std::uint8_t>(raw(1)); }
std::uint16_t ByteReader::u16() { return read_big_endian<std::uint16_t>(raw(2)); }
std::uint32_t ByteReader::u32() { return read_big_endian<std::uint32_t>(raw(4)); }
std::uint64_t ByteReader::u64() { return read_big_endian<std::uint64_t>(raw(8)); }
std::uint64_t ByteReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = u8();
    if (failed_) return 0;
    if (shift == 63 && byte > 1) break;  // would not fit 64 bits
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  failed_ = true;
  return 0;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 15]);
  }
  return hex;
}

Result<std::string> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return {Errc::invalid, "hex text has an odd length"};
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = hex_digit(hex[i]);
    const int low = hex_digit(hex[i + 1]);
    if (high < 0 || low < 0) return {Errc::invalid, "hex text has a letter outside 0-9 and a-f"};
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(high << 4 | low)));
  }
  return bytes;
}

std::string to_base32(std::uint64_t value) {
  std::string text;
  do {
    text.insert(text.begin(), kBase32[value & 31]);
    value >>= 5;
  } while (value != 0);
  return text;
}

Result<std::uint64_t> from_base32(std::string_view text) {
  if (text.empty() || text.size() > 13) return {Errc::invalid, "a base32 number has 1 to 13 letters"};
  std::uint64_t value = 0;
  for (const char c : text) {
    const std::size_t digit = kBase32.find(lower(c));
    if (digit == std::string_view::npos) return {Errc::invalid, "not a base32 letter"};
    if (value >> 59 != 0) return {Errc::invalid, "a base32 number over 64 bits"};
    value = value << 5 | digit;
  }
  return value;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // EVP_EncodeBlock writes a closing zero, for which std::string has room behind its end.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  std::string packed;
  packed.reserve(text.size());
  for (const char c : text) {
    if (c != '\r' && c != '\n') packed.push_back(c);
  }
  if (packed.size() % 4 != 0) return {Errc::invalid, "base64 text is not a multiple of four letters"};
  std::string bytes(packed.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(packed.data()),
                                   static_cast<int>(packed.size()));
  if (size < 0) return {Errc::invalid, "not base64"};
  std::size_t padding = 0;
  while (padding < 2 && padding < packed.size() && packed[packed.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && starts_with_ignoring_case(a, b);
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  if (text.size() < prefix.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    if (lower(text[i]) != lower(prefix[i])) return false;
  }
  return true;
}

std::string to_lower(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = lower(c);
  return lowered;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_valid_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = p + text.size();
  while (p < end) {
    if (*p < 0x80) {
      ++p;
      continue;
    }
    const int more = *p >= 0xc2 && *p <= 0xdf ? 1 : (*p & 0xf0) == 0xe0 ? 2 : *p >= 0xf0 && *p <= 0xf4 ? 3 : 0;
    if (more == 0 || end - p <= more) return false;
    for (int i = 1; i <= more; ++i) {
      if ((p[i] & 0xc0) != 0x80) return false;
    }
    const bool overlong = (*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90);
    const bool outside = (*p == 0xed && p[1] > 0x9f) || (*p == 0xf4 && p[1] > 0x8f);  // surrogates, U+110000
    if (overlong || outside) return false;
    p += more + 1;
  }
  return true;
}

std::string end_of_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

}  // namespace telepost
