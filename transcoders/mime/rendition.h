// What a person sees of a message: plain text and safe HTML, made here once so that JMAP, IMAP, the portal, the command
// line and an SMS reply show the same. The preview (describe.h) is made when the message arrives, by the same functions.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "schema/message.h"
#include "transcoders/mime/html_sanitizer.h"

namespace telepost::transcoders::mime {

// The bytes of a range of the message's source, all of them. Its errors come back unchanged.
using ReadRange = std::function<Result<std::string>(schema::ByteRange range)>;

inline constexpr std::size_t kMaxTextBytes = 1u << 20;  // of text in all, as UTF-8
inline constexpr std::size_t kMaxTextParts = 64;

struct PlainText {
  std::string text;        // UTF-8 that XML 1.0 can hold, lines ended by LF
  bool truncated = false;  // there is more than the limits allow
};

// Of one text/plain or text/html part: decoded, its charset found (decode_text), flowed lines joined (RFC 3676), HTML
// reduced to its text. Reads at most what kMaxTextBytes can come from. A part of any other type gives "".
Result<PlainText> text_of_part(const schema::Part& part, const ReadRange& read);

// The texts of textBody (RFC 8621 section 4.1.4) in order, each on lines of its own.
Result<PlainText> plain_text(const schema::Part& root, const ReadRange& read);

// The texts of htmlBody, those that are plain with their line ends. Joined they are a fragment like any of them.
Result<SanitizedHtml> safe_html(const schema::Part& root, const ReadRange& read,
                                RemoteImages images = RemoteImages::blocked);

}  // namespace telepost::transcoders::mime
