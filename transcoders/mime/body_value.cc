#include "transcoders/mime/body_value.h"

#include <algorithm>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/decoder.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::uint64_t kRangeBytes = 1u << 20;  // what the store reads of a part at once (store/pieces.h)
constexpr std::size_t kMaxTagBytes = 16u << 10;  // what looks longer is a quote that nobody closed
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_identity(std::string_view encoding) { return encoding != "base64" && encoding != "quoted-printable"; }

bool is_known_encoding(std::string_view encoding) {
  return !is_identity(encoding) || encoding == "7bit" || encoding == "8bit" || encoding == "binary";
}

std::size_t replacements_in(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(kReplacement); at != std::string_view::npos; at = text.find(kReplacement, at + 3)) ++count;
  return count;
}

// What a bound left of a last character is no fault of the message.
void drop_cut_character(std::string& bytes) {
  std::size_t at = bytes.size();
  while (at > 0 && bytes.size() - at < 3 && (static_cast<unsigned char>(bytes[at - 1]) & 0xc0u) == 0x80u) --at;
  const unsigned lead = at > 0 ? static_cast<unsigned char>(bytes[at - 1]) : 0u;
  const std::size_t whole = lead >= 0xf0u ? 4 : lead >= 0xe0u ? 3 : lead >= 0xc0u ? 2 : 1;
  if (at > 0 && bytes.size() - (at - 1) < whole) bytes.resize(at - 1);
}

// Where the ">" of a tag or a comment stands; the size where it does not.
std::size_t closing_bracket(std::string_view html, std::size_t at) {
  if (html.substr(at).starts_with("<!--")) return std::min(html.find("-->", at + 4), html.size() - 2) + 2;
  char quote = '\0';
  std::size_t end = at + 1;
  for (; end < html.size() && (quote != '\0' || html[end] != '>'); ++end) {
    if (quote != '\0') quote = html[end] == quote ? '\0' : quote;
    else if (html[end] == '"' || html[end] == '\'') quote = html[end];
  }
  return end;
}

// Where the tag that is open at the end begins; nothing where none is.
std::optional<std::size_t> open_tag(std::string_view html) {
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    const char next = at + 1 < html.size() ? to_lower(html.substr(at + 1, 1))[0] : 'a';
    if (!(next >= 'a' && next <= 'z') && next != '/' && next != '!' && next != '?') {
      ++at;  // no tag: "a < b"
      continue;
    }
    const std::size_t end = closing_bracket(html, at);
    if (end == html.size()) return html.size() - at <= kMaxTagBytes ? std::optional(at) : std::nullopt;
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace

std::string with_lf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') out.push_back(text[i]);
    else if (i + 1 == text.size() || text[i + 1] != '\n') out.push_back('\n');
  }
  return out;
}

Result<void> decode_part(const schema::Part& part, const ReadRange& read, const std::function<bool(std::string_view)>& sink) {
  Decoder decoder(part.encoding);
  for (std::uint64_t at = part.body.offset; at < part.body.end();) {
    const std::uint64_t size = std::min(kRangeBytes, part.body.end() - at);
    TELEPOST_ASSIGN(const std::string bytes, read({at, size}));
    std::string decoded;
    decoder.feed(bytes, decoded);
    if (!sink(decoded)) return {};
    at += size;
  }
  std::string last;
  decoder.finish(last);
  if (!last.empty()) sink(last);
  return {};
}

Result<std::uint64_t> decoded_size(const schema::Part& part, const ReadRange& read) {
  if (is_identity(part.encoding)) return part.body.size;
  std::uint64_t size = 0;
  TELEPOST_TRY(decode_part(part, read, [&](std::string_view bytes) {
    size += bytes.size();
    return true;
  }));
  return size;
}

Result<BodyValue> body_value(const schema::Part& part, const ReadRange& read, std::size_t max_bytes) {
  BodyValue value;
  std::string bytes;
  TELEPOST_TRY(decode_part(part, read, [&](std::string_view piece) {
    const std::size_t room = max_bytes - bytes.size();
    bytes += piece.substr(0, room);
    value.truncated = piece.size() > room;
    return !value.truncated;
  }));
  std::string whole = bytes;
  if (value.truncated) drop_cut_character(whole);
  const std::string_view charset = detect_charset(whole, part.charset);
  if (equals_ignoring_case(charset, "utf-8")) bytes = std::move(whole);
  const std::string text = decode_text(bytes, part.charset);
  value.text = with_lf(text);
  const std::size_t meant = equals_ignoring_case(charset, "utf-8") ? replacements_in(bytes) : value.truncated ? 1 : 0;
  const bool is_broken = replacements_in(value.text) > meant;
  value.has_encoding_problem = is_broken || !is_known_encoding(part.encoding) || (!part.charset.empty() && !is_known_charset(part.charset));
  return value;
}

void cut(BodyValue& value, std::size_t max_bytes, std::string_view type) {
  if (value.text.size() <= max_bytes) return;
  value.truncated = true;
  value.text.resize(truncate_utf8(value.text, max_bytes).size());
  if (type != "text/html") return;
  if (const auto tag = open_tag(value.text)) value.text.resize(*tag);
}

}  // namespace telepost::transcoders::mime
