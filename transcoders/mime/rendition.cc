#include "transcoders/mime/rendition.h"

#include <algorithm>

#include "base/bytes.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/decoder.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/flowed.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::uint64_t kRangeBytes = 64u << 10;
constexpr std::uint64_t kMaxHeaderBytes = 64u << 10;
constexpr std::size_t kMaxDecodedBytes = kMaxHtmlBytes;

bool is_text(const schema::Part& part) { return part.type == "text/plain" || part.type == "text/html"; }

// A part's bytes without their transfer encoding, in its charset.
Result<PlainText> decoded_part(const schema::Part& part, const ReadRange& read) {
  Decoder decoder(part.encoding);
  PlainText decoded;
  std::uint64_t at = part.body.offset;
  while (at < part.body.end() && decoded.text.size() <= kMaxDecodedBytes) {
    const std::uint64_t size = std::min(kRangeBytes, part.body.end() - at);
    TELEPOST_ASSIGN(const std::string bytes, read({at, size}));
    decoder.feed(bytes, decoded.text);
    at += size;
  }
  decoder.finish(decoded.text);
  decoded.truncated = at < part.body.end() || decoded.text.size() > kMaxDecodedBytes;
  if (decoded.text.size() > kMaxDecodedBytes) decoded.text.resize(kMaxDecodedBytes);
  decoded.text = decode_text(decoded.text, part.charset);
  return decoded;
}

std::string with_lf(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') out.push_back(text[i]);
    else if (i + 1 == text.size() || text[i + 1] != '\n') out.push_back('\n');
  }
  return out;
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
