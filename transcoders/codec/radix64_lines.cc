#include "transcoders/codec/radix64_lines.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::transcoders::codec {
namespace {

constexpr std::array<bool, 256> make_letters() {
  std::array<bool, 256> letters{};
  for (const char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")) {
    letters[static_cast<unsigned char>(c)] = true;
  }
  return letters;
}
constexpr std::array<bool, 256> kLetters = make_letters();

std::size_t letters_at(std::string_view text, std::size_t at, std::size_t most) {
  const std::size_t end = std::min(text.size(), at + most);
  std::size_t here = at;
  while (here < end && kLetters[static_cast<unsigned char>(text[here])]) ++here;
  return here - at;
}

bool is_line_end(std::string_view text, std::size_t at) { return text.substr(at, 2) == "\r\n"; }

// The longest stretch that begins exactly at `begin`; size 0: none.
Radix64Lines stretch_at(std::string_view text, std::size_t begin) {
  Radix64Lines lines{begin, 0, static_cast<std::uint32_t>(letters_at(text, begin, kMaxBase64Line)), 0};
  std::size_t at = begin + lines.first_line;
  if (lines.first_line == 0 || !is_line_end(text, at)) return lines;
  lines.line = static_cast<std::uint32_t>(letters_at(text, at + 2, kMaxBase64Line));
  // The first line may be the tail of one only where the text may have been cut: at its begin.
  if (lines.line == 0 || lines.first_line > lines.line || (begin > 0 && lines.first_line < lines.line)) return lines;
  while (is_line_end(text, at)) {
    const std::size_t letters = letters_at(text, at + 2, lines.line);
    if (letters == 0) break;
    at += 2 + letters;
    if (letters < lines.line) break;
  }
  while (at < text.size() && text[at] == '=') ++at;
  lines.size = at - begin;
  return lines;
}

std::string without_line_ends(std::string_view text) {
  std::string letters;
  letters.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\r', at), text.size());
    letters.append(text.substr(at, end - at));
    at = end + 2;
  }
  return letters;
}

std::uint64_t size_with_line_ends(std::uint64_t letters, const Radix64Lines& lines) {
  if (letters <= lines.first_line) return letters;
  return letters + 2 * ((letters - lines.first_line - 1) / lines.line + 1);
}

// Where a group of four letters begins: a text that was cut may begin inside one.
void begin_with_group(Radix64Lines& lines) {
  if (lines.line % 4 != 0 || lines.first_line == lines.line) return;
  const std::uint32_t before = lines.first_line % 4;
  lines.begin += before;
  lines.size -= before;
  lines.first_line -= before;
  if (lines.first_line > 0) return;
  lines.begin += 2;
  lines.size -= 2;
  lines.first_line = lines.line;
}

std::optional<FoundRadix64> looked_through(std::string_view text, Radix64Lines lines) {
  begin_with_group(lines);
  std::string letters = without_line_ends(text.substr(lines.begin, lines.size));
  letters.resize(letters.size() / 4 * 4);  // a text that was cut may end inside a group
  lines.size = size_with_line_ends(letters.size(), lines);
  Result<std::string> bytes = from_base64(letters);
  if (!bytes.ok() || write_base64(*bytes, lines) != text.substr(lines.begin, lines.size)) return std::nullopt;
  return FoundRadix64{lines, *std::move(bytes)};
}

}  // namespace

std::optional<FoundRadix64> find_base64(std::string_view text, std::size_t from) {
  for (std::size_t at = from; at < text.size();) {
    const Radix64Lines lines = stretch_at(text, at);
    if (lines.size >= kMinBase64Bytes) {
      if (auto found = looked_through(text, lines)) return found;
    }
    const std::size_t end = text.find('\n', at + lines.size);
    if (end == std::string_view::npos) return std::nullopt;
    at = end + 1;
  }
  return std::nullopt;
}

std::uint64_t base64_size(std::uint64_t bytes, const Radix64Lines& lines) {
  TELEPOST_ASSERT(lines.line > 0);
  return size_with_line_ends((bytes + 2) / 3 * 4, lines);
}

std::string write_base64(std::string_view bytes, const Radix64Lines& lines) {
  TELEPOST_ASSERT(lines.line > 0);
  const std::string letters = to_base64(bytes);
  std::string text;
  text.reserve(size_with_line_ends(letters.size(), lines));
  std::size_t at = std::min<std::size_t>(lines.first_line, letters.size());
  text.append(letters, 0, at);
  while (at < letters.size()) {
    text.append("\r\n").append(letters, at, lines.line);
    at += std::min<std::size_t>(lines.line, letters.size() - at);
  }
  return text;
}

}  // namespace telepost::transcoders::codec
