// From the charsets of mail to UTF-8 text.
#pragma once

#include <string>
#include <string_view>

namespace telepost::transcoders::mime {

// bytes as text: valid UTF-8 of characters that XML 1.0 knows, where tab, CR and LF stay and other control
// characters, C1 too, become spaces. What the charset does not know becomes U+FFFD. An unknown or empty label means
// UTF-8, and windows-1252 where the bytes are not that. Labels are matched as mail writes them ("Latin1",
// "x-sjis", "ks_c_5601-1987"); iso-8859-1 is read as windows-1252 (WHATWG Encoding). Only charsets of a fixed
// list reach iconv(3): its rarer modules have had memory errors (CVE-2024-2961), and mail does not need them.
std::string to_utf8(std::string_view bytes, std::string_view charset);

// What the bytes are whatever their label says, bounded by one look at each: a byte order mark, else UTF-8 where that
// cannot be chance (one character of it under a label that says nothing, four under another), else the label, else
// windows-1252. Japanese escapes count without a label too. A last character that is cut off counts as whole.
std::string_view detect_charset(std::string_view bytes, std::string_view label);

// to_utf8() in the charset that detect_charset() finds, without byte order mark: bodies and encoded-words of mail, whose
// labels are often missing or wrong.
std::string decode_text(std::string_view bytes, std::string_view label);

// Whether to_utf8() knows the label; "" is none.
bool is_known_charset(std::string_view label);

// Nothing but printable ASCII.
bool is_printable_ascii(std::string_view bytes);

}  // namespace telepost::transcoders::mime
