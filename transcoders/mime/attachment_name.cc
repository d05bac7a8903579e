// Names of attachments.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxExtensionBytes = 12;  // of one that is kept when the name is cut

constexpr auto kExtensions = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"application/gzip", "gz"}, {"application/json", "json"}, {"application/msword", "doc"},
    {"application/ms-tnef", "dat"}, {"application/octet-stream", "bin"}, {"application/pdf", "pdf"},
    {"application/pgp-encrypted", "asc"}, {"application/pgp-keys", "asc"}, {"application/pgp-signature", "asc"},
    {"application/pkcs7-mime", "p7m"}, {"application/pkcs7-signature", "p7s"}, {"application/rtf", "rtf"},
    {"application/smil", "smil"}, {"application/vnd.ms-excel", "xls"}, {"application/vnd.ms-powerpoint", "ppt"},
    {"application/vnd.oasis.opendocument.spreadsheet", "ods"}, {"application/vnd.oasis.opendocument.text", "odt"},
    {"application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"},
    {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"},
    {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"},
    {"application/x-pkcs7-signature", "p7s"}, {"application/xml", "xml"}, {"application/zip", "zip"},
    {"audio/32kadpcm", "726"}, {"audio/amr", "amr"}, {"audio/basic", "au"}, {"audio/mp4", "m4a"},
    {"audio/mpeg", "mp3"}, {"audio/ogg", "ogg"}, {"audio/wav", "wav"}, {"audio/x-wav", "wav"}, {"image/bmp", "bmp"},
    {"image/gif", "gif"}, {"image/heic", "heic"}, {"image/jpeg", "jpg"}, {"image/png", "png"},
    {"image/svg+xml", "svg"}, {"image/tiff", "tif"}, {"image/webp", "webp"}, {"message/delivery-status", "txt"},
    {"message/disposition-notification", "txt"}, {"message/global", "eml"}, {"message/partial", "txt"},
    {"message/rfc822", "eml"}, {"text/calendar", "ics"}, {"text/csv", "csv"}, {"text/css", "css"},
    {"text/html", "html"}, {"text/markdown", "md"}, {"text/plain", "txt"}, {"text/rfc822-headers", "txt"},
    {"text/vcard", "vcf"}, {"text/x-vcard", "vcf"}, {"text/xml", "xml"}, {"video/3gpp", "3gp"}, {"video/mp4", "mp4"},
    {"video/mpeg", "mpg"}, {"video/quicktime", "mov"}, {"video/webm", "webm"}});

std::string_view extension_of(std::string_view type) {
  for (const auto& [each, extension] : kExtensions) {
    if (each == type) return extension;
  }
  return {};
}

// A name for what has none.
std::string_view stem_of(std::string_view type) {
  if (type.starts_with("image/")) return "image";
  if (type.starts_with("audio/")) return "audio";
  if (type.starts_with("video/")) return "video";
  if (type.starts_with("message/")) return "message";
  if (type.starts_with("text/")) return "text";
  return "attachment";
}

// Marks and overrides that change how a name reads, joiners and spaces that nobody sees (Unicode TR 36 section 2.10), line
// and paragraph separators, private and specials.
bool is_invisible(std::uint32_t code) {
  return code == 0xad || code == 0x61c || code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code == 0xfeff ||
         (code >= 0xfff0 && code <= 0xffff) || (code >= 0xe0000 && code <= 0xe0fff) ||
         (code >= 0x115f && code <= 0x1160) || code == 0x3164;
}

// The character at the front of valid UTF-8, and its size.
std::pair<std::uint32_t, std::size_t> character_at(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  if (at(0) < 0x80) return {at(0), 1};
  if (at(0) < 0xe0) return {(at(0) & 0x1f) << 6 | (at(1) & 0x3f), 2};
  if (at(0) < 0xf0) return {(at(0) & 0x0f) << 12 | (at(1) & 0x3f) << 6 | (at(2) & 0x3f), 3};
  return {(at(0) & 0x07) << 18 | (at(1) & 0x3f) << 12 | (at(2) & 0x3f) << 6 | (at(3) & 0x3f), 4};
}

std::string visible(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto [code, size] = character_at(text);
    const bool blank = code <= 0x20 || code == 0x7f || code == 0xa0 || (code >= 0x2000 && code <= 0x200a) || code == 0x3000;
    if (blank) {
      if (!out.empty() && out.back() != ' ') out.push_back(' ');
    } else if (code < 0x80 && std::string_view("<>:\"|?*/\\").find(static_cast<char>(code)) != std::string_view::npos) {
      out.push_back('_');
    } else if (!is_invisible(code)) {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size);
  }
  return out;
}

std::string_view without_ends(std::string_view name) {
  const std::size_t begin = name.find_first_not_of(" .~");
  if (begin == std::string_view::npos) return {};
  return name.substr(begin, name.find_last_not_of(" .") + 1 - begin);
}

bool is_device(std::string_view name) {
  const std::string stem = to_lower(trim(name.substr(0, name.find('.'))));
  for (const std::string_view device : {"con", "prn", "aux", "nul", "conin$", "conout$"}) {
    if (stem == device) return true;
  }
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

// ".pdf" of "a.pdf", "" where it has none.
std::string_view extension_in(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) return {};
  const std::string_view extension = name.substr(dot);
  const bool word = std::all_of(extension.begin() + 1, extension.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return word && extension.size() <= kMaxExtensionBytes ? extension : std::string_view();
}

std::string cut(std::string_view name, std::size_t max_bytes) {
  if (name.size() <= max_bytes) return std::string(name);
  const std::string_view extension = extension_in(name);
  std::string_view stem = name.substr(0, name.size() - extension.size());
  stem = truncate_utf8(stem, max_bytes - extension.size());
  return std::string(stem.substr(0, stem.find_last_not_of(" .") + 1)) + std::string(extension);
}

std::string unlike(const std::string& name, std::set<std::string>& taken) {
  std::string candidate = name;
  for (unsigned number = 2; !taken.insert(to_lower(candidate)).second; ++number) {
    const std::string_view extension = extension_in(name);
    const std::string mark = fmt::format(" ({})", number);
    const std::string stem(truncate_utf8(std::string_view(name).substr(0, name.size() - extension.size()),
                                         kMaxNameBytes - extension.size() - mark.size()));
    candidate = stem + mark + std::string(extension);
  }
  return candidate;
}

}  // namespace

std::string safe_name(std::string_view filename, std::string_view type) {
  const std::string text = clean_text(filename);
  std::string_view step = without_ends(text);
  if (const std::size_t slash = step.find_last_of("/\\"); slash != std::string_view::npos) step.remove_prefix(slash + 1);
  const std::string clean = visible(step);
  std::string name(without_ends(clean));
  if (name.empty()) name = stem_of(type);
  if (is_device(name)) name.insert(0, "_");
  if (extension_in(name).empty()) {
    if (const std::string_view extension = extension_of(type); !extension.empty()) name += fmt::format(".{}", extension);
  }
  return cut(name, kMaxNameBytes);
}

std::vector<Attachment> attachments_of(const schema::Part& root) {
  const BodyStructure body = body_structure(root);
  std::vector<Attachment> attachments;
  const auto holds = [&](const schema::Part* part) {
    return std::any_of(attachments.begin(), attachments.end(), [&](const Attachment& each) { return each.part == part; });
  };
  for (const schema::Part* part : body.attachments) attachments.push_back({part, "", false});
  for (const auto* list : {&body.text, &body.html}) {
    for (const schema::Part* part : *list) {
      if (!part->type.starts_with("text/") && !holds(part)) attachments.push_back({part, "", true});
    }
  }
  std::stable_sort(attachments.begin(), attachments.end(), [](const Attachment& a, const Attachment& b) {
    return a.part->header.offset < b.part->header.offset;
  });
  std::set<std::string> taken;
  for (Attachment& each : attachments) each.name = unlike(safe_name(each.part->filename, each.part->type), taken);
  return attachments;
}

}  // namespace telepost::transcoders::mime
