#include "transcoders/mime/charset.h"

#include <iconv.h>

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

// What mail calls a charset, and what iconv does; the supersets that senders mean (WHATWG Encoding).
constexpr std::array<std::pair<std::string_view, const char*>, 45> kCharsets = {{
    {"iso-8859-2", "ISO-8859-2"},     {"iso-8859-3", "ISO-8859-3"},     {"iso-8859-4", "ISO-8859-4"},
    {"iso-8859-5", "ISO-8859-5"},     {"iso-8859-6", "ISO-8859-6"},     {"iso-8859-7", "ISO-8859-7"},
    {"iso-8859-8", "ISO-8859-8"},     {"iso-8859-8-i", "ISO-8859-8"},   {"iso-8859-9", "CP1254"},
    {"iso-8859-10", "ISO-8859-10"},   {"iso-8859-13", "ISO-8859-13"},   {"iso-8859-14", "ISO-8859-14"},
    {"iso-8859-15", "ISO-8859-15"},   {"iso-8859-16", "ISO-8859-16"},   {"windows-1250", "CP1250"},
    {"windows-1251", "CP1251"},       {"windows-1253", "CP1253"},       {"windows-1254", "CP1254"},
    {"windows-1255", "CP1255"},       {"windows-1256", "CP1256"},       {"windows-1257", "CP1257"},
    {"windows-1258", "CP1258"},       {"windows-874", "CP874"},         {"tis-620", "CP874"},
    {"koi8-r", "KOI8-R"},             {"koi8-u", "KOI8-U"},             {"ibm866", "IBM866"},
    {"cp866", "IBM866"},              {"macintosh", "MACINTOSH"},       {"gb2312", "GB18030"},
    {"gbk", "GB18030"},               {"gb18030", "GB18030"},           {"big5", "BIG5-HKSCS"},
    {"shift_jis", "CP932"},           {"x-sjis", "CP932"},              {"windows-31j", "CP932"},
    {"euc-jp", "EUC-JP"},             {"iso-2022-jp", "ISO-2022-JP"},   {"euc-kr", "CP949"},
    {"ks_c_5601-1987", "CP949"},      {"windows-949", "CP949"},         {"utf-7", "UTF-7"},
    {"utf-16le", "UTF-16LE"},         {"utf-16be", "UTF-16BE"},         {"iso-8859-11", "CP874"},
}};

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
  for (const std::string_view latin : {"iso-8859-1", "windows-1252", "latin1", "cp1252"}) {
    if (!equals_ignoring_case(charset, latin)) continue;
    return is_plain(bytes) ? std::string(bytes) : from_windows1252(bytes);
  }
  // The byte order of a mark would outlive iconv(3)'s reset.
  if (equals_ignoring_case(charset, "utf-16")) {
    charset = bytes.starts_with("\xFE\xFF") ? "utf-16be" : "utf-16le";
    if (bytes.starts_with("\xFE\xFF") || bytes.starts_with("\xFF\xFE")) bytes.remove_prefix(2);
  }
  for (std::size_t i = 0; i < kCharsets.size(); ++i) {
    if (equals_ignoring_case(charset, kCharsets[i].first)) return from_iconv(bytes, i);
  }
  return is_plain(bytes) || is_valid_utf8(bytes) ? from_utf8(bytes) : from_windows1252(bytes);
}

}  // namespace telepost::transcoders::mime
