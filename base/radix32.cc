#include "base/radix32.h"

#include <cstdint>

namespace telepost {
namespace {

constexpr std::string_view kLettersOfBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kGroupOfBytes = 8;  // letters, for 5 bytes

}  // namespace

std::string base32_of_bytes(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;  // bits that no letter stands for yet are the lowest
  unsigned bits = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 5; bits -= 5) text.push_back(kLettersOfBytes[held >> (bits - 5) & 31]);
  }
  if (bits > 0) text.push_back(kLettersOfBytes[held << (5 - bits) & 31]);
  text.append((kGroupOfBytes - text.size() % kGroupOfBytes) % kGroupOfBytes, '=');
  return text;
}

Result<std::string> bytes_of_base32(std::string_view text) {
  const bool is_padded = text.ends_with('=');
  if (is_padded && text.size() % kGroupOfBytes != 0) return {Errc::invalid, "base32 with padding of another length"};
  const std::string_view letters = text.substr(0, text.find('='));
  if (text.size() - letters.size() >= kGroupOfBytes || text.find_first_not_of('=', letters.size()) != std::string_view::npos) {
    return {Errc::invalid, "padding inside base32"};
  }
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char letter : letters) {
    const char upper = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    const std::size_t value = kLettersOfBytes.find(upper);
    if (value == std::string_view::npos) return {Errc::invalid, "a letter that base32 has not"};
    held = held << 5 | static_cast<std::uint32_t>(value);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<char>(held >> bits));
  }
  if (bits >= 5 || (held & ((1u << bits) - 1)) != 0) return {Errc::invalid, "base32 that ends amid a byte"};
  return bytes;
}

}  // namespace telepost
