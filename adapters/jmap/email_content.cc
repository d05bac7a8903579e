#include "adapters/jmap/email_content.h"

#include "schema/document.h"
#include "transcoders/mime/body.h"
#include "transcoders/mime/body_value.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/header.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

constexpr std::uint64_t kSmallBytes = std::uint64_t{256} << 10;

}  // namespace

StoredEmail::StoredEmail(store::Store& store, schema::MessageId id, const schema::Summary& summary, store::Purpose purpose)
    : store_(store), id_(id), summary_(summary), blob_{BlobId::Of::message, id.local.value, {}}, purpose_(purpose) {}

Result<std::string> StoredEmail::source(schema::ByteRange range) {
  std::string bytes;
  TELEPOST_TRY(store_.reader().source(id_, range.offset, range.size, {purpose_}, [&](std::string_view piece) {
    bytes += piece;
    return true;
  }));
  return bytes;
}

Result<std::string> StoredEmail::read(schema::ByteRange range) {
  if (!whole_ && summary_.size_bytes <= kSmallBytes) {
    TELEPOST_ASSIGN(whole_, source({0, summary_.size_bytes}));
  }
  if (whole_) return range.offset < whole_->size() ? whole_->substr(range.offset, range.size) : std::string();
  return source(range);
}

Result<std::string> StoredEmail::header_bytes() {
  std::string bytes;
  std::optional<std::size_t> size;
  TELEPOST_TRY(store_.reader().source(id_, 0, kMostHeaderBytes, {purpose_}, [&](std::string_view piece) {
    bytes += piece;
    size = mime::header_size(bytes);
    return !size;
  }));
  bytes.resize(size.value_or(bytes.size()));
  return bytes;
}

Result<const HeaderFields*> StoredEmail::header() {
  if (header_) return &*header_;
  TELEPOST_ASSIGN(std::string bytes, header_bytes());
  return &header_.emplace(std::move(bytes));
}

Result<const schema::Document*> StoredEmail::document() {
  if (document_) return &*document_;
  TELEPOST_ASSIGN(const std::string xml, store_.reader().document(id_));
  TELEPOST_ASSIGN(schema::Document document, schema::read_document(xml));
  return &document_.emplace(std::move(document));
}

Result<const schema::Part*> StoredEmail::root() {
  TELEPOST_ASSIGN(const schema::Document* const read, document());
  return &read->root;
}

Result<const HeaderFields*> BlobEmail::header() {
  if (header_) return &*header_;
  TELEPOST_ASSIGN(const schema::Part* const part, root());
  TELEPOST_ASSIGN(std::string bytes, read({part->header.offset, std::min(part->header.size, kMostHeaderBytes)}));
  return &header_.emplace(std::move(bytes));
}

Result<std::string> BlobEmail::preview() {
  TELEPOST_ASSIGN(const schema::Part* const part, root());
  for (const schema::Part* text : mime::body_structure(*part).text) {
    if (text->type != "text/plain" && text->type != "text/html") continue;
    const bool is_html = text->type == "text/html";
    const std::uint64_t most = is_html ? mime::kHtmlSampleBytes : mime::kPlainSampleBytes;
    TELEPOST_ASSIGN(std::string bytes, read({text->body.offset, std::min(text->body.size, most)}));
    return mime::preview_of({text->id, is_html, text->encoding, text->charset, std::move(bytes)});
  }
  return std::string();
}

Result<bool> BlobEmail::is_email() {
  TELEPOST_ASSIGN(const HeaderFields* const fields, header());
  return !fields->list().empty();
}

}  // namespace telepost::adapters::jmap
