#include "store/stored_content.h"

#include "base/bytes.h"
#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<bool> StoredContent::unpack() {
  if (document_end_) return true;
  TELEPOST_ASSIGN(const auto packed, reader_.get(Space::large, keys::packed(local_)));
  if (!packed) return false;
  TELEPOST_ASSIGN(text_, transcoders::codec::decode(*packed, dictionaries_.finder()));
  ByteReader reader(text_);
  const std::uint64_t size = reader.varint();
  if (reader.failed() || size > reader.rest().size()) return {Errc::corrupt, "packed content without its document; run telepost verify"};
  document_begin_ = text_.size() - reader.rest().size();
  document_end_ = *document_begin_ + size;
  return true;
}

Result<std::optional<std::string>> StoredContent::document() {
  TELEPOST_ASSIGN(auto xml, reader_.get(Space::large, keys::document(local_)));
  if (xml) return xml;
  TELEPOST_ASSIGN(const bool packed, unpack());
  if (!packed) return reader_.get(Space::large, keys::document(local_));  // an archiving may have unpacked it meanwhile
  return std::optional<std::string>(text_.substr(*document_begin_, *document_end_ - *document_begin_));
}

Result<std::string> StoredContent::segment(const schema::MessageRecord& record, std::uint32_t index) {
  const std::uint64_t size = record.segments[index].size;
  if (!document_end_) {
    TELEPOST_ASSIGN(auto bytes, reader_.get(Space::large, keys::segment(local_, index)));
    if (bytes && bytes->size() != size) return {Errc::corrupt, "a segment of the message has another size; run telepost verify"};
    if (bytes) return *std::move(bytes);
  }
  TELEPOST_ASSIGN(const bool packed, unpack());
  if (!packed) return {Errc::corrupt, "a segment of the message is missing; run telepost verify"};
  std::uint64_t begin = *document_end_;
  for (std::uint32_t before = 0; before < index; ++before) begin += record.segments[before].piece ? 0 : record.segments[before].size;
  if (begin > text_.size() || size > text_.size() - begin) return {Errc::corrupt, "packed content is shorter than its segments; run telepost verify"};
  return text_.substr(begin, size);
}

Result<std::vector<std::string>> StoredContent::segments(const schema::MessageRecord& record) {
  std::vector<std::string> list;
  for (std::uint32_t index = 0; index < record.segments.size(); ++index) {
    if (record.segments[index].piece) continue;
    TELEPOST_ASSIGN(list.emplace_back(), segment(record, index));
  }
  return list;
}

std::string joined_content(std::string_view document, const std::vector<std::string>& inline_bytes) {
  std::string text;
  ByteWriter(text).text(document);
  for (const std::string& bytes : inline_bytes) text.append(bytes);
  return text;
}

std::vector<std::string> content_keys(schema::LocalId local, const schema::MessageRecord& record) {
  if (record.codec.kind != schema::ContentCodec::Kind::raw) return {keys::packed(local)};
  std::vector<std::string> list{keys::document(local)};
  if (record.tier == schema::Tier::archived) return list;
  for (std::uint32_t index = 0; index < record.segments.size(); ++index) {
    if (!record.segments[index].piece) list.push_back(keys::segment(local, index));
  }
  return list;
}

}  // namespace telepost::store
