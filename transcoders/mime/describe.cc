#include "transcoders/mime/describe.h"

#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/transfer.h"

namespace telepost::transcoders::mime {
namespace {

using schema::Importance;
using schema::Sensitivity;

// Names of the header's fields as they matter here; looked for in one walk over the header.
struct Wanted {
  const std::string* subject = nullptr;
  const std::string* importance = nullptr;
  const std::string* priority = nullptr;
  const std::string* x_priority = nullptr;
  const std::string* sensitivity = nullptr;
};

Wanted find_wanted(const std::vector<RawField>& header) {
  Wanted wanted;
  const auto take = [](const std::string*& place, const RawField& field, std::string_view name) {
    if (place == nullptr && equals_ignoring_case(field.name, name)) place = &field.value;
  };
  for (const RawField& field : header) {
    switch (field.name.size()) {
      case 7: take(wanted.subject, field, "subject"); break;
      case 8: take(wanted.priority, field, "priority"); break;
      case 10:
        take(wanted.importance, field, "importance");
        take(wanted.x_priority, field, "x-priority");
        break;
      case 11: take(wanted.sensitivity, field, "sensitivity"); break;
      default: break;
    }
  }
  return wanted;
}

Importance importance_of(const Wanted& wanted) {
  const auto is = [](const std::string* value, std::string_view word) {
    return equals_ignoring_case(*value, word);
  };
  if (const std::string* value = wanted.importance) {
    return is(value, "high") ? Importance::high : is(value, "low") ? Importance::low : Importance::normal;
  }
  if (const std::string* value = wanted.priority) {
    return is(value, "urgent")       ? Importance::high
           : is(value, "non-urgent") ? Importance::low
                                     : Importance::normal;
  }
  if (const std::string* value = wanted.x_priority; value != nullptr && !value->empty()) {
    return value->front() == '1' || value->front() == '2'   ? Importance::high
           : value->front() == '4' || value->front() == '5' ? Importance::low
                                                            : Importance::normal;
  }
  return Importance::normal;
}

// RFC 2156 section 5.3.4; VPIM's "Private" (RFC 3801 section 4.2.9) is kept as confidential.
Sensitivity sensitivity_of(const std::string* value) {
  if (value == nullptr) return Sensitivity::none;
  if (equals_ignoring_case(*value, "personal")) return Sensitivity::personal;
  if (equals_ignoring_case(*value, "private")) return Sensitivity::confidential;
  if (equals_ignoring_case(*value, "company-confidential")) return Sensitivity::company;
  return Sensitivity::none;
}

bool is_address_field(std::string_view name) {
  for (const std::string_view field :
       {"from", "to", "cc", "bcc", "reply-to", "sender", "resent-from", "resent-to", "resent-cc",
        "resent-sender", "disposition-notification-to"}) {
    if (equals_ignoring_case(name, field)) return true;
  }
  return false;
}

// Fields whose grammar has no place for encoded-words (RFC 2047 section 5): there one only looks like what it decodes to.
bool is_structured_field(std::string_view name) {
  for (const std::string_view field :
       {"return-path", "received", "received-spf", "delivered-to", "date", "resent-date", "message-id", "resent-message-id",
        "in-reply-to", "references", "authentication-results", "mime-version", "auto-submitted"}) {
    if (equals_ignoring_case(name, field)) return true;
  }
  for (const std::string_view family : {"dkim-", "arc-", "content-"}) {
    if (starts_with_ignoring_case(name, family)) return !equals_ignoring_case(name, "content-description");
  }
  return false;
}

schema::HeaderField decoded(RawField& field, std::size_t& words_left) {
  const bool words = field.value.find("=?") != std::string::npos;
  if (!words && is_printable_ascii(field.value)) return {std::move(field.name), std::move(field.value)};
  std::size_t no_words = 0;
  if (is_structured_field(field.name)) {
    return {std::move(field.name), decode_words(field.value, WordContext::text, no_words)};
  }
  const bool phrase = words && is_address_field(field.name);
  const WordContext context = phrase ? WordContext::phrase : WordContext::text;
  return {std::move(field.name), decode_words(field.value, context, words_left)};
}

// Runs of white space (U+00A0 too) become one space; nothing at the ends.
std::string collapsed(std::string_view text, std::size_t max_bytes) {
  std::string line;
  bool space = false;
  for (std::size_t i = 0; i < text.size() && line.size() <= max_bytes; ++i) {
    const bool no_break = text.substr(i, 2) == "\xC2\xA0";
    if (no_break || text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n') {
      space = !line.empty();
      if (no_break) ++i;
      continue;
    }
    if (std::exchange(space, false)) line.push_back(' ');
    line.push_back(text[i]);
  }
  line.resize(truncate_utf8(line, max_bytes).size());
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string preview_of(const TextSample& sample) {
  if (sample.bytes.empty()) return {};
  const bool encoded = sample.encoding == "base64" || sample.encoding == "quoted-printable";
  std::string_view bytes = sample.bytes;
  if (!sample.html && !encoded) bytes = bytes.substr(0, 4 * kMaxPreviewBytes);
  const std::string text =
      decode_text(encoded ? decode_transfer(bytes, sample.encoding) : std::string(bytes), sample.charset);
  return collapsed(sample.html ? text_of_html(text) : text, kMaxPreviewBytes);
}

void describe(Structure structure, schema::Document& document) {
  const Wanted wanted = find_wanted(structure.header);
  std::size_t words_left = kMaxWords;  // of the whole header; the subject goes first
  std::string subject;
  if (wanted.subject != nullptr) subject = decode_words(*wanted.subject, WordContext::text, words_left);
  document.subject = truncate_utf8(subject, kMaxSubjectBytes);
  document.importance = importance_of(wanted);
  document.sensitivity = sensitivity_of(wanted.sensitivity);
  document.preview = preview_of(structure.text);
  document.fields.clear();
  document.fields.reserve(structure.header.size());
  for (RawField& field : structure.header) {
    if (&field.value == wanted.subject) document.fields.push_back({std::move(field.name), std::move(subject)});
    else document.fields.push_back(decoded(field, words_left));
  }
  document.root = std::move(structure.root);
  document.defects = std::move(structure.defects);
}

const std::string* find_field(const std::vector<RawField>& header, std::string_view name) {
  for (const RawField& field : header) {
    if (equals_ignoring_case(field.name, name)) return &field.value;
  }
  return nullptr;
}

}  // namespace telepost::transcoders::mime
