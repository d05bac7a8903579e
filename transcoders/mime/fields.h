// Values of header fields (RFC 5322, 2045, 2047, 2183, 2231), as tolerant as mail needs: nothing here fails but
// a date.
//
// "Text" below is valid UTF-8 that XML 1.0 can hold: control characters become spaces, what is no character in
// its charset becomes U+FFFD. Our own parsers take ordinary shapes; mimetic takes address lists with groups and
// comments. It does not get parameters to see, since it ends a quoted string at its first ';'. Cost is linear
// in the value's size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace telepost::transcoders::mime {

// Without the line ends of folding (RFC 5322 section 2.2.3) and trimmed; the white space after them stays.
std::string unfold(std::string_view raw);

enum class WordContext : std::uint8_t {
  text,    // Subject and other unstructured values
  phrase,  // address fields: a decoded word that has specials (RFC 5322 section 3.2.3) is quoted, so that it
           // cannot turn into another address
};
// A value as text: encoded-words decoded (RFC 2047), neighbours joined even inside one character; raw 8-bit is
// UTF-8 (RFC 6532), or windows-1252 where it is not valid UTF-8. After kMaxWords encoded-words, or as many as words_left
// has, which is counted down, the rest stays as it stands: a word of 12 bytes costs as much as a kilobyte of text.
inline constexpr std::size_t kMaxWords = 1000;
std::string decode_words(std::string_view value, WordContext context = WordContext::text);
std::string decode_words(std::string_view value, WordContext context, std::size_t& words_left);

// Text for a Subject or a phrase as a header can carry it: itself if ASCII of words that fit a line, else
// encoded-words (RFC 2047, B, UTF-8), each at most 75 bytes, separated by CRLF SP.
std::string encode_words(std::string_view text);

// The text rules above alone, applied to bytes that should be UTF-8.
std::string clean_text(std::string_view bytes);

// Cut to at most max_bytes, never inside a UTF-8 character.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes);

struct Parameter {
  std::string name;   // lower case, without the "*" parts of RFC 2231
  std::string value;  // unquoted; RFC 2231: joined and decoded to text; else the bytes that stood there
  bool extended = false;
  bool operator==(const Parameter&) const = default;
};
inline constexpr std::size_t kMaxParameters = 64;  // segments of RFC 2231 count; the rest is ignored

// "text/plain; charset=utf-8", "attachment; filename=x": the value of Content-Type, Content-Disposition and
// their like.
struct ParameterizedValue {
  std::string value;  // lower case, without white space and comments; "" if none
  std::vector<Parameter> parameters;  // first of each name wins, but the extended form before the plain one
  const Parameter* find(std::string_view name) const;
  std::string text_of(std::string_view name) const;  // as text, encoded-words too (a common misuse); "" if absent
};
ParameterizedValue parse_parameterized(std::string_view value);

bool is_token(std::string_view text);       // RFC 2045 section 5.1, not empty
bool is_media_type(std::string_view text);  // token "/" token, at most 255 bytes

// Content-Transfer-Encoding: "base64", …; "7bit" where the value is none.
std::string parse_encoding(std::string_view value);

// What stands in the first <…>, or the whole trimmed value; text. For Message-ID and Content-ID.
std::string parse_message_id(std::string_view value);
// Every <…> of References or In-Reply-To, in order, at most max_ids.
std::vector<std::string> parse_message_ids(std::string_view value, std::size_t max_ids = 100);

struct Mailbox {
  std::string display_name;  // text, unquoted, words decoded; "" if none
  std::string address;       // addr-spec, "ann@example.test"; case as it stands; may be non-ASCII (RFC 6532)
  bool operator==(const Mailbox&) const = default;
};
// The mailboxes of an address list, those inside groups included; what has no addr-spec is left out. At most
// max_mailboxes.
std::vector<Mailbox> parse_addresses(std::string_view value, std::size_t max_mailboxes = 1000);

// The list as it is grouped (RFC 5322 section 3.4): mailboxes outside of a group that follow each other are one without a name. A group
// may be empty. At most max_mailboxes and as many groups.
struct AddressGroup {
  std::optional<std::string> name;  // text, unquoted, words decoded
  std::vector<Mailbox> mailboxes;
  bool operator==(const AddressGroup&) const = default;
};
std::vector<AddressGroup> parse_address_groups(std::string_view value, std::size_t max_mailboxes = 1000);

// RFC 5322 section 3.3 with the obsolete forms of section 4.3 (named zones, years of two or three digits,
// comments). invalid: anything else.
Result<Time> parse_date(std::string_view value);

}  // namespace telepost::transcoders::mime
