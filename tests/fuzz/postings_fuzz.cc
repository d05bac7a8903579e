// Blocks of postings and the other records of the full text: what decodes encodes to bytes that decode to the same, and what is read of a
// block lies within its bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "schema/search_records.h"
#include "tests/fuzz/round_trip.h"

namespace {

namespace schema = telepost::schema;
using telepost::fuzz::round_trip;

void block(std::string_view bytes, schema::SearchNumber last) {
  const auto postings = schema::decode_postings(bytes, last);
  if (!postings.ok()) return;
  schema::PostingBlock block;
  for (const schema::Posting& posting : *postings) {
    for (unsigned mask = 1; mask < 256; mask <<= 1) {
      if (schema::positions_in(posting, static_cast<schema::SearchField>(mask)).size() > posting.positions.size()) std::abort();
    }
    block.add(posting);
  }
  if (block.last() != last) std::abort();
  const std::string written = block.take();
  const auto again = schema::decode_postings(written, last);
  if (!again.ok() || *again != *postings) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  switch (data[0] % 5) {
    case 0: round_trip(schema::decode_SearchRecord, bytes); break;
    case 1: round_trip(schema::decode_SearchedMessageRecord, bytes); break;
    case 2: round_trip(schema::decode_SearchDocuments, bytes); break;
    case 3:
      if (const auto key = schema::keys::posting_key(bytes); key && schema::keys::postings(key->word, key->last) != bytes) std::abort();
      break;
    default: block(bytes, data[1]); break;
  }
  return 0;
}
