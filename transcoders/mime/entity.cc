#include "transcoders/mime/entity.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/sha256.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/header.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kGoodLine = 78;  // RFC 5322 section 2.1.1
constexpr std::size_t kMaxLine = 998;
constexpr std::size_t kMaxValue = 32u << 10;

std::string with_crlf(std::string_view text) {
  std::string lines;
  lines.reserve(text.size() + text.size() / 32 + 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      lines.push_back(text[i]);
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    lines += "\r\n";
  }
  if (!lines.empty() && !lines.ends_with("\r\n")) lines += "\r\n";
  return lines;
}

bool fits_7bit(std::string_view lines) {
  std::size_t column = 0;
  for (const char c : lines) {
    if (c == '\n') column = 0;
    else if (c != '\r' && ++column > kGoodLine) return false;
    if (c != '\r' && c != '\n' && c != '\t' && (c < 0x20 || c == 0x7f)) return false;
  }
  return true;
}

bool is_phrase_of_atoms(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
           c == '-' || c == '_' || c == '\'' || c == '+';
  });
}

std::string phrase(std::string_view name) {
  if (is_phrase_of_atoms(name)) return std::string(name);
  if (!is_printable_ascii(name) || name.find("=?") != std::string_view::npos || name.size() > 200) {
    return encode_words(name);
  }
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + '"';
}

}  // namespace

// A parameter as a quoted-string, or by RFC 2231 in segments where it is not ASCII or long.
std::string file_parameter(std::string_view name, std::string_view value) {
  if (is_printable_ascii(value) && value.size() <= 60 && value.find("=?") == std::string_view::npos) {
    std::string quoted;
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted.push_back('\\');
      quoted.push_back(c);
    }
    return fmt::format("; {}=\"{}\"", name, quoted);
  }
  std::string parameters;
  std::string segment = "utf-8''";
  unsigned number = 0;
  const auto flush = [&] {
    parameters += fmt::format("; {}*{}*={}", name, number++, std::exchange(segment, ""));
  };
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' || byte == '_';
    segment += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    if (segment.size() >= 52) flush();
  }
  if (!segment.empty()) flush();
  return parameters;
}

Result<void> append_field(std::string& header, std::string_view name, std::string_view value) {
  if (!is_field_line(std::string(name) + ":") || name.size() > 70)
    return {Errc::invalid, "a header field's name is malformed"};
  const Error bad{Errc::invalid, fmt::format("the value of {} cannot stand in a header", name)};
  std::string line = std::string(name) + ":";
  std::string_view rest = trim(value);
  if (rest.size() > kMaxValue) return bad;
  line.push_back(' ');
  bool first = true;
  while (!rest.empty()) {  // a word at a time, with the white space before it
    const std::size_t word = rest.find_first_not_of(" \t");
    const std::size_t end = std::min(rest.find_first_of(" \t\r\n", word), rest.size());
    if (word == std::string_view::npos || end == word) return bad;  // a line end that is no fold
    const std::string_view piece = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!is_printable_ascii(piece.substr(word)) || piece.size() > kMaxLine - 2) return bad;
    const bool folds = !first && line.size() + piece.size() > kGoodLine;
    if (folds || (first && line.size() + piece.size() > kMaxLine)) {
      header += line + "\r\n";
      line = first ? " " : "";
    }
    line += piece;
    first = false;
    if (rest.starts_with("\r\n ")) {  // encode_words asked for it
      header += line + "\r\n";
      line.clear();
      rest.remove_prefix(2);
    }
  }
  header += line + "\r\n";
  return {};
}

Result<void> append_text_field(std::string& header, std::string_view name, std::string_view text) {
  return append_field(header, name, encode_words(text));
}

Result<void> append_mailboxes(std::string& header, std::string_view name,
                              const std::vector<Mailbox>& mailboxes) {
  std::string list;
  for (const Mailbox& mailbox : mailboxes) {
    const std::vector<Mailbox> parsed = parse_addresses("<" + mailbox.address + ">", 2);
    if (parsed.size() != 1 || parsed.front().address != mailbox.address ||
        !is_printable_ascii(mailbox.address)) {
      return {Errc::invalid,
              fmt::format("'{}' is no address for a header", clean_text(mailbox.address.substr(0, 100)))};
    }
    if (!list.empty()) list += ", ";
    const std::string display = phrase(clean_text(trim(mailbox.display_name)));
    list += display.empty() ? mailbox.address : display + " <" + mailbox.address + ">";
  }
  return append_field(header, name, list);
}

Entity text_entity(std::string_view subtype, std::string_view text) {
  const std::string lines = with_crlf(text);
  Entity entity{fmt::format("Content-Type: text/{}; charset=utf-8\r\n", subtype), {}};
  if (fits_7bit(lines)) {
    entity.fields += "Content-Transfer-Encoding: 7bit\r\n";
    entity.body = lines;
    return entity;
  }
  const auto odd =
      std::count_if(lines.begin(), lines.end(), [](char c) { return c >= 0x7f || c < 0 || c == '='; });
  const bool mostly_ascii = static_cast<std::size_t>(odd) * 6 < lines.size();
  entity.fields += mostly_ascii ? "Content-Transfer-Encoding: quoted-printable\r\n"
                                : "Content-Transfer-Encoding: base64\r\n";
  entity.body = mostly_ascii ? encode_quoted_printable(lines) : encode_base64_lines(lines);
  return entity;
}

Result<Entity> media_entity(const MediaPart& media, Disposition disposition,
                            std::string_view disposition_parameters, std::string_view type_parameters) {
  if (!is_media_type(media.type) || media.type.starts_with("multipart/")) {
    return {Errc::invalid,
            fmt::format("'{}' is no media type of a part", clean_text(media.type.substr(0, 80)))};
  }
  Entity entity;
  TELEPOST_TRY(append_field(entity.fields, "Content-Type", media.type + std::string(type_parameters)));
  const bool message = media.type == "message/rfc822";  // RFC 2046 section 5.2.1: never encoded
  const bool ascii = std::all_of(media.bytes.begin(), media.bytes.end(), [](char c) { return c >= 0; });
  TELEPOST_TRY(append_field(entity.fields, "Content-Transfer-Encoding",
                            !message ? "base64"
                            : ascii  ? "7bit"
                                     : "8bit"));
  if (disposition != Disposition::none) {
    std::string value = disposition == Disposition::inlined ? "inline" : "attachment";
    value += disposition_parameters;
    if (!media.filename.empty()) value += file_parameter("filename", clean_text(media.filename));
    TELEPOST_TRY(append_field(entity.fields, "Content-Disposition", value));
  }
  if (!media.content_id.empty())
    TELEPOST_TRY(append_field(entity.fields, "Content-ID", "<" + media.content_id + ">"));
  if (!media.description.empty())
    TELEPOST_TRY(append_text_field(entity.fields, "Content-Description", media.description));
  if (media.duration) {
    const auto seconds = std::max<std::int64_t>(0, (media.duration->count() + 999) / 1000);
    TELEPOST_TRY(append_field(entity.fields, "Content-Duration", std::to_string(seconds)));
  }
  entity.body = message ? media.bytes : encode_base64_lines(media.bytes);
  return entity;
}

Result<Entity> multipart_entity(std::string_view subtype, std::string_view parameters,
                                const std::vector<Entity>& children) {
  Sha256 hasher;
  for (const Entity& child : children) {
    hasher.update(child.fields);
    hasher.update(child.body);
  }
  // "=_" is neither in base64 nor in quoted-printable (RFC 2045 section 6.7); plain text and whole messages are
  // searched.
  std::string boundary = "=_" + to_hex(hasher.finish()).substr(0, 32);
  const auto occurs = [&](const Entity& child) { return child.body.find(boundary) != std::string::npos; };
  while (std::any_of(children.begin(), children.end(), occurs)) {
    boundary = "=_" + to_hex(sha256(boundary)).substr(0, 32);
  }
  Entity entity;
  TELEPOST_TRY(append_field(entity.fields, "Content-Type",
                            fmt::format("multipart/{}{}; boundary=\"{}\"", subtype, parameters, boundary)));
  for (const Entity& child : children) {
    entity.body += fmt::format("--{}\r\n{}\r\n", boundary, child.fields);
    entity.body += child.body;
    entity.body += "\r\n";
  }
  entity.body += fmt::format("--{}--\r\n", boundary);
  return entity;
}

}  // namespace telepost::transcoders::mime
