#include "transcoders/mime/rendition.h"

#include <algorithm>

#include "base/bytes.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/body_value.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/flowed.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 64u << 10;
constexpr std::size_t kMaxDecodedBytes = kMaxHtmlBytes;

bool is_text(const schema::Part& part) { return part.type == "text/plain" || part.type == "text/html"; }

// A part's bytes without their transfer encoding, in its charset.
Result<PlainText> decoded_part(const schema::Part& part, const ReadRange& read) {
  PlainText decoded;
  TELEPOST_TRY(decode_part(part, read, [&](std::string_view bytes) {
    const std::size_t room = kMaxDecodedBytes - decoded.text.size();
    decoded.text += bytes.substr(0, room);
    decoded.truncated = bytes.size() > room;
    return !decoded.truncated;
  }));
  decoded.text = decode_text(decoded.text, part.charset);
  return decoded;
}

void bound(PlainText& text) {
  if (text.text.size() <= kMaxTextBytes) return;
  text.text.resize(truncate_utf8(text.text, kMaxTextBytes).size());
  text.truncated = true;
}

}  // namespace

Result<PlainText> text_of_part(const schema::Part& part, const ReadRange& read) {
  if (!is_text(part)) return PlainText{};
  TELEPOST_ASSIGN(PlainText text, decoded_part(part, read));
  if (part.type == "text/html") {
    text.text = plain_text_of_html(text.text);
  } else {
    TextFormat format;
    if (part.header.size > 0) {
      TELEPOST_ASSIGN(const std::string header,
                      read({part.header.offset, std::min(part.header.size, kMaxHeaderBytes)}));
      format = text_format_of(header);
    }
    text.text = unflow(with_lf(text.text), format);
  }
  bound(text);
  return text;
}

Result<PlainText> plain_text(const schema::Part& root, const ReadRange& read) {
  PlainText all;
  std::size_t parts = 0;
  for (const schema::Part* part : body_structure(root).text) {
    if (!is_text(*part)) continue;
    if (++parts > kMaxTextParts || all.text.size() >= kMaxTextBytes) {
      all.truncated = true;
      break;
    }
    TELEPOST_ASSIGN(const PlainText text, text_of_part(*part, read));
    if (!all.text.empty() && !all.text.ends_with('\n')) all.text.push_back('\n');
    all.text += text.text;
    all.truncated = all.truncated || text.truncated;
  }
  bound(all);
  return all;
}

Result<SanitizedHtml> safe_html(const schema::Part& root, const ReadRange& read, RemoteImages images) {
  SanitizedHtml all;
  const auto append = [](std::vector<std::string>& list, std::vector<std::string> more) {
    for (std::string& each : more) {
      if (std::find(list.begin(), list.end(), each) == list.end()) list.push_back(std::move(each));
    }
  };
  std::size_t parts = 0;
  for (const schema::Part* part : body_structure(root).html) {
    if (!is_text(*part)) continue;
    if (++parts > kMaxTextParts || all.html.size() >= kMaxHtmlBytes) {
      all.truncated = true;
      break;
    }
    if (!all.html.empty()) all.html += "<hr>";
    if (part->type == "text/plain") {
      TELEPOST_ASSIGN(const PlainText text, text_of_part(*part, read));
      all.html += "<div>" + html_of_text(text.text) + "</div>";
      all.truncated = all.truncated || text.truncated;
      continue;
    }
    TELEPOST_ASSIGN(const PlainText source, decoded_part(*part, read));
    SanitizedHtml one = sanitize_html(source.text, images);
    all.html += "<div>" + one.html + "</div>";
    all.truncated = all.truncated || one.truncated || source.truncated;
    append(all.remote_images, std::move(one.remote_images));
    append(all.content_ids, std::move(one.content_ids));
  }
  return all;
}

}  // namespace telepost::transcoders::mime
