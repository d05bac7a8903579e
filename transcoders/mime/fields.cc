#include "transcoders/mime/fields.h"

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxPlainWord = 900;  // a longer one fits no line of RFC 5322
constexpr std::string_view kSpecials = "()<>[]:;@\\,.\"";

struct EncodedWord {
  std::string_view charset;
  bool base64 = false;
  std::string_view text;
  std::size_t size = 0;  // of the whole word
};

// The encoded-word at the front of value, which begins with "=?". Spaces inside the text are tolerated: some
// senders leave them, and no other reading makes sense.
bool take_word(std::string_view value, EncodedWord& word) {
  const std::size_t charset_end = value.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end == 2 || charset_end > 80) return false;
  if (charset_end + 2 >= value.size() || value[charset_end + 2] != '?') return false;
  const char encoding = value[charset_end + 1];
  if (encoding != 'B' && encoding != 'b' && encoding != 'Q' && encoding != 'q') return false;
  const std::size_t begin = charset_end + 3;
  const std::size_t end = value.find('?', begin);
  if (end == std::string_view::npos || end + 1 >= value.size() || value[end + 1] != '=') return false;
  word.charset = value.substr(2, charset_end - 2);
  word.charset = word.charset.substr(0, word.charset.find('*'));  // RFC 2231 section 5: the language
  word.base64 = encoding == 'B' || encoding == 'b';
  word.text = value.substr(begin, end - begin);
  word.size = end + 2;
  return true;
}

void append_phrase(std::string& out, std::string_view decoded, bool quoted) {
  if (decoded.find_first_of(kSpecials) == std::string_view::npos) {
    out.append(decoded);
    return;
  }
  if (!quoted) out.push_back('"');
  for (const char c : decoded) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  if (!quoted) out.push_back('"');
}

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\r' || c == '\n') c = ' ';
  }
  return text;
}

// The encoded-words from position on, neighbours taken together: their bytes are joined before the charset is
// decoded, since many senders cut inside a character. position moves behind the last one.
std::string decode_run(std::string_view value, std::size_t& position, EncodedWord word, std::size_t& words_left) {
  std::string text;
  for (;;) {
    const std::string_view charset = word.charset;
    std::string bytes;
    bool same_charset = true;
    bool more = true;
    while (same_charset && more) {
      bytes += word.base64 ? decode_base64(word.text) : decode_q(word.text);
      position += word.size;
      --words_left;
      const std::size_t next = value.find_first_not_of(" \t\r\n", position);
      more = words_left > 0 && next != std::string_view::npos && value.substr(next, 2) == "=?" &&
             take_word(value.substr(next), word);
      if (more) {
        position = next;
        same_charset = equals_ignoring_case(word.charset, charset);
      }
    }
    text += decode_text(bytes, charset);
    if (!more) return one_line(std::move(text));
  }
}

}  // namespace

std::string unfold(std::string_view raw) {
  raw = trim(raw);
  if (raw.find('\n') == std::string_view::npos) return std::string(raw);
  std::string value;
  value.reserve(raw.size());
  while (!raw.empty()) {
    const std::size_t line_end = raw.find('\n');
    std::string_view line = raw.substr(0, line_end);
    raw.remove_prefix(line_end == std::string_view::npos ? raw.size() : line_end + 1);
    if (line_end != std::string_view::npos && !line.empty() && line.back() == '\r') line.remove_suffix(1);
    value.append(line);
  }
  return value;
}

std::string clean_text(std::string_view bytes) {
  while (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);  // a signature, which decoders of words take off too
  return is_printable_ascii(bytes) ? std::string(bytes) : one_line(to_utf8(bytes, "utf-8"));
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xc0u) == 0x80u) --max_bytes;
  return text.substr(0, max_bytes);
}

std::string decode_words(std::string_view value, WordContext context) {
  std::size_t words_left = kMaxWords;
  return decode_words(value, context, words_left);
}

std::string decode_words(std::string_view value, WordContext context, std::size_t& words_left) {
  std::size_t found = value.find("=?");
  if (found == std::string_view::npos) {
    return is_printable_ascii(value) ? std::string(value) : one_line(to_utf8(value, ""));
  }
  std::string text;
  std::size_t done = 0;
  bool quoted = false;  // inside a quoted-string, which matters for phrases only
  while (found != std::string_view::npos && words_left > 0) {
    EncodedWord word;
    if (!take_word(value.substr(found), word)) {
      found = value.find("=?", found + 2);
      continue;
    }
    const std::string_view before = value.substr(done, found - done);
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] == '\\') ++i;
      else if (before[i] == '"') quoted = !quoted;
    }
    text += one_line(to_utf8(before, ""));
    const std::string decoded = decode_run(value, found, word, words_left);
    if (context == WordContext::phrase) append_phrase(text, decoded, quoted);
    else text += decoded;
    done = found;
    found = value.find("=?", done);
  }
  return text + one_line(to_utf8(value.substr(done), ""));
}

std::string encode_words(std::string_view text) {
  bool plain = text.find("=?") == std::string_view::npos;
  std::size_t word_bytes = 0;
  for (const char c : text) {
    word_bytes = c == ' ' ? 0 : word_bytes + 1;
    plain = plain && c >= 0x20 && c < 0x7f && word_bytes <= kMaxPlainWord;
  }
  if (plain) return std::string(text);
  const std::string clean = clean_text(text);
  std::string words;
  for (std::string_view rest = clean; !rest.empty();) {
    // 75 bytes less "=?utf-8?B?" and "?=" leave 63: 15 groups of base64, 45 bytes.
    const std::string_view part = truncate_utf8(rest, 45);
    rest.remove_prefix(part.size());
    if (!words.empty()) words += "\r\n ";
    words += "=?utf-8?B?" + to_base64(part) + "?=";
  }
  return words;
}

std::string parse_message_id(std::string_view value) {
  value = trim(value);
  const std::size_t begin = value.find('<');
  const std::size_t end = begin == std::string_view::npos ? begin : value.find('>', begin);
  if (end != std::string_view::npos) value = value.substr(begin + 1, end - begin - 1);
  return clean_text(trim(value));
}

std::vector<std::string> parse_message_ids(std::string_view value, std::size_t max_ids) {
  std::vector<std::string> ids;
  while (ids.size() < max_ids) {
    const std::size_t begin = value.find('<');
    const std::size_t end = begin == std::string_view::npos ? begin : value.find('>', begin);
    if (end == std::string_view::npos) break;
    ids.push_back(clean_text(trim(value.substr(begin + 1, end - begin - 1))));
    value.remove_prefix(end + 1);
  }
  return ids;
}

}  // namespace telepost::transcoders::mime
