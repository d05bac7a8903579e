#include "store/message_texts.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/log.h"
#include "schema/annotation.h"
#include "schema/document.h"
#include "schema/keys.h"
#include "store/message_reader.h"
#include "store/rooms.h"
#include "store/stored_content.h"
#include "transcoders/mime/body_value.h"
#include "transcoders/mime/rendition.h"

namespace telepost::store {
namespace keys = schema::keys;
namespace mime = transcoders::mime;
using schema::SearchField;

namespace {

constexpr std::uint64_t kGap = 4;  // of numbers between two messages whose annotations are read together
constexpr std::uint64_t kReadWhole = std::uint64_t{256} << 10;

constexpr std::pair<std::string_view, SearchField> kFields[] = {{"subject", SearchField::subject}, {"from", SearchField::from}, {"to", SearchField::to},
                                                                {"cc", SearchField::cc}, {"bcc", SearchField::bcc}};

// Behind the scheme, as people write it.
std::string_view without_scheme(std::string_view address) {
  const std::size_t colon = address.find(':');
  return colon == std::string_view::npos ? address : address.substr(colon + 1);
}

void read_header(const schema::Document& document, const MessageTexts::Visit& visit) {
  for (const schema::HeaderField& field : document.fields) {
    for (const auto& [name, in] : kFields) {
      if (equals_ignoring_case(field.name, name)) visit(in, field.value);
    }
  }
}

// Of every text part, whether somebody attached it or shows it instead of another (RFC 8621 section 4.4.1 wants any text/*).
Result<void> read_parts(const schema::Part& part, const mime::ReadRange& read, std::size_t& left, const MessageTexts::Visit& visit) {
  if (!part.filename.empty()) visit(SearchField::attachment, part.filename);
  if (part.children.empty() && part.type.starts_with("text/") && left > 0) {
    std::string text;
    if (part.type == "text/plain" || part.type == "text/html") {
      TELEPOST_ASSIGN(mime::PlainText read_text, mime::text_of_part(part, read));
      text = std::move(read_text.text);
    } else {
      TELEPOST_ASSIGN(mime::BodyValue value, mime::body_value(part, read, left));
      text = std::move(value.text);
    }
    const std::string_view taken = std::string_view(text).substr(0, left);
    left -= taken.size();
    visit(SearchField::body, taken);
  }
  for (const schema::Part& child : part.children) TELEPOST_TRY(read_parts(child, read, left, visit));
  return {};
}

}  // namespace

// What came one behind the other is asked for by one scan.
Result<MessageTexts::Annotated> MessageTexts::annotated(std::vector<schema::LocalId> messages) const {
  std::sort(messages.begin(), messages.end());
  Annotated last;
  for (std::size_t begin = 0, end = 0; begin < messages.size(); begin = end) {
    while (++end < messages.size() && messages[end].value - messages[end - 1].value <= kGap) {}
    TELEPOST_TRY(snapshot_.scan(Space::large, keys::annotations(messages[begin]), keys::after(keys::annotations(messages[end - 1])),
                                [&](std::string_view key, std::string_view) {
                                  ByteReader read(key.substr(1));
                                  const schema::LocalId local{read.u64()};
                                  last[local] = {read.u64()};
                                  return true;
                                }));
  }
  return last;
}

Result<void> MessageTexts::read_annotations(schema::LocalId local, const Visit& visit) const {
  const std::string prefix = keys::annotations(local);
  std::vector<std::string> list;
  TELEPOST_TRY(snapshot_.scan(Space::large, prefix, keys::after(prefix), [&](std::string_view, std::string_view value) {
    list.emplace_back(value);
    return list.size() < 1000;
  }));
  for (const std::string& xml : list) {
    TELEPOST_ASSIGN(const auto annotation, schema::read_annotation(xml));
    visit(SearchField::annotation, annotation.text);
  }
  return {};
}

Result<void> MessageTexts::read_content(const schema::Summary& summary, const Visit& visit) const {
  const schema::MessageId id{account_, summary.local};
  TELEPOST_ASSIGN(const auto xml, StoredContent(snapshot_, rooms_.dictionaries, summary.local).document());
  if (!xml) return {Errc::corrupt, "no document"};
  TELEPOST_ASSIGN(const schema::Document document, schema::read_document(*xml));
  read_header(document, visit);
  MessageReader reader(rooms_);
  std::optional<std::string> whole;
  const mime::ReadRange read = [&](schema::ByteRange range) -> Result<std::string> {
    const bool is_small = summary.size_bytes <= kReadWhole;
    if (whole) return range.offset < whole->size() ? whole->substr(range.offset, range.size) : std::string();
    std::string bytes;
    TELEPOST_TRY(reader.source(id, is_small ? 0 : range.offset, is_small ? summary.size_bytes : range.size, {}, [&](std::string_view piece) {
      bytes += piece;
      return true;
    }));
    if (!is_small) return bytes;
    whole = std::move(bytes);
    return range.offset < whole->size() ? whole->substr(range.offset, range.size) : std::string();
  };
  std::size_t left = mime::kMaxTextBytes;
  return read_parts(document.root, read, left, visit);
}

// What a damaged header does not say, and who called, stands in the summary.
Result<void> MessageTexts::for_each(const schema::Summary& summary, bool is_annotated, const Visit& visit) const {
  std::uint8_t said = 0;
  const Visit noted = [&](SearchField field, std::string_view text) {
    said = static_cast<std::uint8_t>(said | schema::bit(field));
    visit(field, text);
  };
  for (const Result<void>& read : {read_content(summary, noted), is_annotated ? read_annotations(summary.local, noted) : Result<void>()}) {
    if (read.ok()) continue;
    if (read.error().kind == Errc::io || read.error().kind == Errc::cancelled) return read;
    log::warning("message_searched_in_part", {{"message", schema::to_string(schema::MessageId{account_, summary.local})}, {"reason", to_string(read.error())}});
  }
  if ((said & schema::bit(SearchField::subject)) == 0) visit(SearchField::subject, summary.subject);
  if ((said & schema::bit(SearchField::from)) != 0 && summary.kind == schema::Kind::email) return {};
  visit(SearchField::from, summary.from_name);
  visit(SearchField::from, without_scheme(summary.from));
  return {};
}

}  // namespace telepost::store
