// Bytes as they lie on disk and on the wire: a std::string holds them, a std::string_view shows them.
// Integers in keys and records are big-endian (so that keys sort by value) or LEB128 varints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost {

// Appends to a std::string that it does not own.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}
  ByteWriter& u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); return *this; }
  ByteWriter& u16(std::uint16_t value);
  ByteWriter& u32(std::uint32_t value);
  ByteWriter& u64(std::uint64_t value);
  ByteWriter& varint(std::uint64_t value);
  ByteWriter& raw(std::string_view bytes) { out_.append(bytes); return *this; }
  ByteWriter& text(std::string_view bytes) { varint(bytes.size()); return raw(bytes); }  // length-prefixed

 private:
  std::string& out_;
};

// Reads from a view that must outlive it. A read past the end yields zero or empty and latches failed(): decode
// everything, then ask once.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();                      // at most 10 bytes
  std::string_view raw(std::size_t size_bytes);
  std::string_view text() { return raw(static_cast<std::size_t>(varint())); }
  std::string_view rest() const { return rest_; }
  bool failed() const { return failed_; }
  bool done() const { return !failed_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string to_hex(std::string_view bytes);
Result<std::string> from_hex(std::string_view hex);  // invalid: odd length or not [0-9a-fA-F]

// Lower-case Crockford base32 of a number, without leading zeros; "0" for 0. At most 13 characters.
std::string to_base32(std::uint64_t value);
Result<std::uint64_t> from_base32(std::string_view text);  // invalid: empty, foreign letter, over 64 bits

// RFC 4648 section 4 base64, with padding; decoding skips CR LF only.
std::string to_base64(std::string_view bytes);
Result<std::string> from_base64(std::string_view text);

// ASCII only, as protocols want it: no locale.
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool starts_with_ignoring_case(std::string_view text, std::string_view prefix);
std::string to_lower(std::string_view text);
std::string_view trim(std::string_view text);  // spaces, tabs, CR and LF at both ends
bool is_ascii(std::string_view text);
bool is_valid_utf8(std::string_view text);

// The smallest string above every string that begins with the prefix; empty if there is none (all 0xff).
std::string end_of_prefix(std::string_view prefix);

}  // namespace telepost
