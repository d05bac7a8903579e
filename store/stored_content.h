// Document and inline segments of one message, as they lie in the account: each under a key of its own, or packed together,
// the document first, under one (transcoders/codec/coded.h). Together they are worth much more: a document repeats the
// fields of its source. MessageRecord::codec says which; a document that is asked for in the moment in which a sweep packs or unpacks it
// is found too. A segment that a sweep archives in that moment is missing here: who asks reads the message's record again.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/message_records.h"
#include "store/dictionaries.h"
#include "store/engine/engine.h"

namespace telepost::store {

class StoredContent {
 public:
  // Both outlive it.
  StoredContent(const PartitionReader& reader, Dictionaries& dictionaries, schema::LocalId local)
      : reader_(reader), dictionaries_(dictionaries), local_(local) {}

  // Nothing: there is none. Errors: corrupt, io.
  Result<std::optional<std::string>> document();
  // The inline segment at that index of the record, which has the segment's size. Errors: corrupt (missing, another size), io.
  Result<std::string> segment(const schema::MessageRecord& record, std::uint32_t index);
  Result<std::vector<std::string>> segments(const schema::MessageRecord& record);  // all of them

 private:
  Result<bool> unpack();  // false: nothing is packed
  const PartitionReader& reader_;
  Dictionaries& dictionaries_;
  const schema::LocalId local_;
  std::string text_;  // what was packed: the size of the document as a varint, the document, the segments
  std::optional<std::size_t> document_begin_, document_end_;  // in the text, once it is unpacked
};

// What is packed as one: the document and, in their order, the inline segments.
std::string joined_content(std::string_view document, const std::vector<std::string>& inline_bytes);

// Every key of Space::large under which they lie: what goes when the message goes.
std::vector<std::string> content_keys(schema::LocalId local, const schema::MessageRecord& record);

}  // namespace telepost::store
