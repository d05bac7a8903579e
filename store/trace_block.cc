#include "store/trace_block.h"

#include <iterator>

#include "base/bytes.h"
#include "store/accounts.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header.h"
#include "transcoders/mime/scanner.h"

namespace telepost::store {
namespace mime = transcoders::mime;

namespace {

// The scanner saw what arrived; the document tells of the source, where our trace block comes first.
void shift(schema::Part& part, std::uint64_t by) {
  part.header.offset += by;
  part.body.offset += by;
  for (schema::Part& child : part.children) shift(child, by);
}

}  // namespace

// The trace block's fields are the first of the message's header. Peers chose words of them: an encoded-word would lie here.
void put_trace_block_first(std::string_view trace_block, schema::Document& document) {
  shift(document.root, trace_block.size());
  document.root.header.offset = 0;
  document.root.header.size += trace_block.size();
  std::vector<schema::HeaderField> fields;
  for (const mime::RawField& field : mime::scan(trace_block).header) {
    fields.push_back({field.name, mime::clean_text(field.value)});
  }
  document.fields.insert(document.fields.begin(), std::make_move_iterator(fields.begin()), std::make_move_iterator(fields.end()));
}

void extend_trace_block(std::string_view fields, schema::Document& document, Content& content) {
  put_trace_block_first(fields, document);
  document.trace_size_bytes += fields.size();
  document.size_bytes += fields.size();
  content.segments.insert(content.segments.begin(), schema::Segment{fields.size(), std::nullopt});
  content.inline_bytes.insert(content.inline_bytes.begin(), std::string(fields));
}

std::string front_of(const Content& content, std::uint64_t bytes) {
  std::string front;
  for (std::size_t i = 0; i < content.inline_bytes.size() && !content.segments[i].piece && front.size() < bytes; ++i) {
    front.append(content.inline_bytes[i], 0, bytes - front.size());
  }
  return front;
}

std::string delivered_to(std::string_view address) { return "Delivered-To: " + addr_spec(address) + "\r\n"; }

std::string leaving_header(std::string_view trace_block) {
  std::string header;
  std::size_t position = 0;
  for (mime::FieldView field; mime::next_field(trace_block, position, field);) {
    if (equals_ignoring_case(field.name, "Return-Path") || equals_ignoring_case(field.name, "Authentication-Results")) continue;
    header.append(trace_block.substr(field.begin, field.end - field.begin));
  }
  return header;
}

}  // namespace telepost::store
