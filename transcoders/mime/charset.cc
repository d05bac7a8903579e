#include "transcoders/mime/charset.h"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_plain(std::string_view bytes) {
  if (is_printable_ascii(bytes)) return true;
  for (const char c : bytes) {
    if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
      return false;  // char is signed: 8-bit too
  }
  return true;
}

// Length of the valid UTF-8 character at the front (RFC 3629 section 4), 0 if there is none.
std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const bool second = tail(1) && (lead != 0xe0 || at(1) >= 0xa0) && (lead != 0xed || at(1) <= 0x9f);
    return second && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool second = tail(1) && (lead != 0xf0 || at(1) >= 0x90) && (lead != 0xf4 || at(1) <= 0x8f);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string from_utf8(std::string_view bytes) {
  if (is_plain(bytes)) return std::string(bytes);
  std::string text;
  text.reserve(bytes.size() + 16);
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const auto lead = static_cast<unsigned char>(bytes[0]);
    if (length == 1) {
      const bool control = (lead < 0x20 && lead != '\t' && lead != '\r' && lead != '\n') || lead == 0x7f;
      text.push_back(control ? ' ' : bytes[0]);
    } else if (length == 2 && lead == 0xc2 && static_cast<unsigned char>(bytes[1]) < 0xa0) {
      text.push_back(' ');  // C1
    } else if (length == 0 || bytes.substr(0, 3) == "\xEF\xBF\xBE" || bytes.substr(0, 3) == "\xEF\xBF\xBF") {
      text.append(kReplacement);
    } else {
      text.append(bytes.substr(0, length));
    }
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

// 0x80 to 0x9f of windows-1252; 0 is undefined.
constexpr std::array<std::uint16_t, 32> kWindows1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178};

std::string from_windows1252(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 4);
  for (const char c : bytes) {
    unsigned code = static_cast<unsigned char>(c);
    if (code >= 0x80 && code < 0xa0) code = kWindows1252[code - 0x80];
    if (code == 0 && c != '\0') {
      text.append(kReplacement);
    } else if (code < 0x80) {
      text.push_back(c);
    } else if (code < 0x800) {
      text.push_back(static_cast<char>(0xc0 | (code >> 6)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    } else {
      text.push_back(static_cast<char>(0xe0 | (code >> 12)));
      text.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    }
  }
  return from_utf8(text);
}

// What mail calls a charset (its letters and digits, lower case), and what iconv does; the supersets that senders mean
// (WHATWG Encoding).
constexpr std::array<std::pair<std::string_view, const char*>, 78> kCharsets = {{
    {"iso88592", "ISO-8859-2"}, {"latin2", "ISO-8859-2"}, {"iso88593", "ISO-8859-3"},
    {"iso88594", "ISO-8859-4"}, {"iso88595", "ISO-8859-5"}, {"iso88596", "ISO-8859-6"},
    {"iso88597", "ISO-8859-7"}, {"iso88598", "ISO-8859-8"}, {"iso88598i", "ISO-8859-8"},
    {"iso88598e", "ISO-8859-8"}, {"iso88599", "CP1254"}, {"latin5", "CP1254"}, {"iso885910", "ISO-8859-10"},
    {"iso885911", "CP874"}, {"iso885913", "ISO-8859-13"}, {"iso885914", "ISO-8859-14"},
    {"iso885915", "ISO-8859-15"}, {"latin9", "ISO-8859-15"}, {"iso885916", "ISO-8859-16"},
    {"windows1250", "CP1250"}, {"cp1250", "CP1250"}, {"windows1251", "CP1251"}, {"cp1251", "CP1251"},
    {"win1251", "CP1251"}, {"windows1253", "CP1253"}, {"windows1254", "CP1254"}, {"windows1255", "CP1255"},
    {"windows1256", "CP1256"}, {"windows1257", "CP1257"}, {"windows1258", "CP1258"}, {"windows874", "CP874"},
    {"tis620", "CP874"}, {"koi8r", "KOI8-R"}, {"koi8", "KOI8-R"}, {"koi8u", "KOI8-U"}, {"ibm866", "IBM866"},
    {"cp866", "IBM866"}, {"ibm437", "IBM437"}, {"cp437", "IBM437"}, {"ibm850", "IBM850"}, {"cp850", "IBM850"},
    {"ibm852", "IBM852"}, {"cp852", "IBM852"}, {"macintosh", "MACINTOSH"}, {"gb2312", "GB18030"},
    {"xgb2312", "GB18030"}, {"cngb", "GB18030"}, {"gbk", "GB18030"}, {"cp936", "GB18030"},
    {"windows936", "GB18030"}, {"gb18030", "GB18030"}, {"euccn", "GB18030"}, {"big5", "BIG5-HKSCS"},
    {"xbig5", "BIG5-HKSCS"}, {"cnbig5", "BIG5-HKSCS"}, {"big5hkscs", "BIG5-HKSCS"}, {"cp950", "BIG5-HKSCS"},
    {"shiftjis", "CP932"}, {"xsjis", "CP932"}, {"sjis", "CP932"}, {"windows31j", "CP932"}, {"cp932", "CP932"},
    {"ms932", "CP932"}, {"eucjp", "EUC-JP"}, {"xeucjp", "EUC-JP"}, {"iso2022jp", "ISO-2022-JP"},
    {"iso2022jp1", "ISO-2022-JP-1"}, {"iso2022jp2", "ISO-2022-JP-2"}, {"euckr", "CP949"},
    {"ksc56011987", "CP949"}, {"ksc5601", "CP949"}, {"windows949", "CP949"}, {"cp949", "CP949"},
    {"uhc", "CP949"}, {"utf7", "UTF-7"}, {"unicode11utf7", "UTF-7"}, {"utf16le", "UTF-16LE"},
    {"utf16be", "UTF-16BE"},
}};

// "ISO_8859-1:1987", "Windows 1252" and "x-sjis" as kCharsets has them.
std::string key_of(std::string_view label) {
  std::string key;
  for (const char c : label.substr(0, std::min(label.find(':'), std::size_t{64}))) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) key.push_back(c);
    if (c >= 'A' && c <= 'Z') key.push_back(static_cast<char>(c - 'A' + 'a'));
  }
  return key;
}

bool is_utf8_key(std::string_view key) { return key == "utf8" || key == "unicode11utf8"; }
bool is_latin_key(std::string_view key) {
  for (const std::string_view latin : {"iso88591", "windows1252", "latin1", "cp1252", "l1", "ibm819"}) {
    if (key == latin) return true;
  }
  return false;
}
bool is_seven_bit_key(std::string_view key) { return key.starts_with("iso2022") || key == "utf7" || key == "unicode11utf7"; }

// The converters of one thread, each opened once: opening one costs a hundred times what a word's conversion costs, and a
// header may change its charset at every word.
class Converters {
 public:
  Converters() = default;
  Converters(const Converters&) = delete;
  Converters& operator=(const Converters&) = delete;
  ~Converters() {
    for (const iconv_t converter : open_) {
      if (converter != nullptr && converter != missing()) iconv_close(converter);
    }
  }
  // In its initial state; nullptr on a system without this module.
  iconv_t take(std::size_t index) {
    iconv_t& converter = open_[index];
    if (converter == nullptr) converter = iconv_open("UTF-8", kCharsets[index].second);
    if (converter == missing()) return nullptr;
    iconv(converter, nullptr, nullptr, nullptr, nullptr);
    return converter;
  }

 private:
  static iconv_t missing() { return reinterpret_cast<iconv_t>(-1); }
  std::array<iconv_t, kCharsets.size()> open_{};
};

std::string from_iconv(std::string_view bytes, std::size_t index) {
  thread_local Converters converters;
  const iconv_t converter = converters.take(index);
  if (converter == nullptr) return from_utf8(bytes);
  std::string text;
  std::array<char, 2048> buffer{};
  char* input = const_cast<char*>(bytes.data());  // iconv(3) does not write there
  std::size_t left = bytes.size();
  bool flushed = false;
  while (!flushed) {
    char* output = buffer.data();
    std::size_t room = buffer.size();
    const bool flush = left == 0;
    const std::size_t result = iconv(converter, flush ? nullptr : &input, &left, &output, &room);
    const int error = result == static_cast<std::size_t>(-1) ? errno : 0;
    text.append(buffer.data(), buffer.size() - room);
    if (error == EILSEQ || error == EINVAL) {
      text.append(kReplacement);
      const std::size_t skip = error == EINVAL || left == 0 ? left : 1;
      input += skip;
      left -= skip;
    }
    flushed = flush && error != E2BIG;
  }
  return from_utf8(text);
}

// So many characters of UTF-8 do not come about by chance in another charset: each pair of bytes of Cyrillic, Greek or
// Chinese text is one with a probability under one in five.
constexpr std::size_t kSurelyUtf8 = 4;

struct Census {
  std::size_t high = 0;        // bytes over 0x7f
  std::size_t characters = 0;  // of several bytes, valid UTF-8
  std::size_t broken = 0;      // other high bytes; a last character that is cut does not count
};

// Whether a character begins at the front and lacks its end.
bool is_cut_character(std::string_view tail) {
  const auto lead = static_cast<unsigned char>(tail[0]);
  const std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  return tail.size() < length && std::all_of(tail.begin() + 1, tail.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xc0u) == 0x80u;
         });
}

Census census(std::string_view bytes) {
  Census found;
  for (std::size_t i = 0; i < bytes.size();) {
    if (static_cast<unsigned char>(bytes[i]) < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = utf8_length(bytes.substr(i, 4));
    found.high += std::max<std::size_t>(length, 1);
    if (length > 0) ++found.characters;
    else if (found.characters > 0 && is_cut_character(bytes.substr(i))) break;
    else ++found.broken;
    i += std::max<std::size_t>(length, 1);
  }
  return found;
}

bool is_known(std::string_view key) {
  return is_utf8_key(key) || is_latin_key(key) || key == "utf16" ||
         std::any_of(kCharsets.begin(), kCharsets.end(), [&](const auto& charset) { return charset.first == key; });
}

// The shifts of RFC 1468 and RFC 2237.
bool has_japanese_escape(std::string_view bytes) {
  for (std::size_t at = bytes.find("\x1b$"); at != std::string_view::npos; at = bytes.find("\x1b$", at + 2)) {
    if (at + 2 < bytes.size() && std::string_view("@B(").find(bytes[at + 2]) != std::string_view::npos) return true;
  }
  return false;
}

// Of the two 8-bit charsets of Japanese: the other one has no bytes but these below 0xa1.
bool is_shift_jis(std::string_view bytes) {
  return std::any_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 && byte <= 0xa0 && byte != 0x8e && byte != 0x8f;
  });
}

}  // namespace

bool is_printable_ascii(std::string_view bytes) {
  // Eight at a time: a byte is below 0x20 if the subtraction borrows, above 0x7e if the addition carries into
  // its top bit.
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  std::uint64_t odd = 0;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    odd |= (word - kOnes * 0x20) | ((word & kOnes * 0x7f) + kOnes) | word;
  }
  bool good = (odd & kOnes * 0x80) == 0;
  for (; i < bytes.size(); ++i) good = good && bytes[i] >= 0x20 && bytes[i] < 0x7f;
  return good;
}

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  if (equals_ignoring_case(charset, "utf-8") || equals_ignoring_case(charset, "utf8")) return from_utf8(bytes);
  std::string key = key_of(charset);
  if (is_utf8_key(key)) return from_utf8(bytes);
  if (is_latin_key(key)) return is_plain(bytes) ? std::string(bytes) : from_windows1252(bytes);
  // The byte order of a mark would outlive iconv(3)'s reset.
  if (key == "utf16") {
    key = bytes.starts_with("\xFE\xFF") ? "utf16be" : "utf16le";
    if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) bytes.remove_prefix(2);
  }
  for (std::size_t i = 0; i < kCharsets.size(); ++i) {
    if (key == kCharsets[i].first) return from_iconv(bytes, i);
  }
  return is_plain(bytes) || is_valid_utf8(bytes) ? from_utf8(bytes) : from_windows1252(bytes);
}

std::string_view detect_charset(std::string_view bytes, std::string_view label) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return "utf-8";
  if (bytes.starts_with("\xFE\xFF")) return "utf-16be";
  if (bytes.starts_with("\xFF\xFE")) return "utf-16le";
  if (is_printable_ascii(bytes) && bytes.find('+') == std::string_view::npos && !starts_with_ignoring_case(label, "utf-16")) {
    return "utf-8";  // the same in every charset but UTF-7, UTF-16
  }
  const std::string key = key_of(label);
  const Census found = census(bytes);
  const bool known = is_known(key);
  const bool vague = !known || is_utf8_key(key) || is_latin_key(key);  // labels that stand there for want of thought
  if (found.high == 0) {
    if (vague && has_japanese_escape(bytes)) return "iso-2022-jp";
    if (key.starts_with("utf16") && bytes.size() >= 4 && bytes.find('\0') == std::string_view::npos) return "utf-8";
    return known ? label : "utf-8";
  }
  if (found.broken == 0 && found.characters > 0 &&
      (vague || is_seven_bit_key(key) || found.characters >= kSurelyUtf8)) {
    return key.starts_with("utf16") && bytes.find('\0') != std::string_view::npos ? label : "utf-8";
  }
  if (key.starts_with("iso2022jp")) return is_shift_jis(bytes) ? "shift_jis" : "euc-jp";
  if (known && !is_utf8_key(key)) return label;
  return found.characters >= found.broken ? "utf-8" : "windows-1252";
}

bool is_known_charset(std::string_view label) { return !label.empty() && is_known(key_of(label)); }

std::string decode_text(std::string_view bytes, std::string_view label) {
  const std::string_view charset = detect_charset(bytes, label);
  if (bytes.starts_with("\xEF\xBB\xBF") && charset == "utf-8") bytes.remove_prefix(3);
  if ((bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) && charset.starts_with("utf-16")) bytes.remove_prefix(2);
  return to_utf8(bytes, charset);
}

}  // namespace telepost::transcoders::mime
