#include "schema/reindex_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const ReindexRecord& r) {
  Encoder out;
  for (const auto* each : {&r.threads, &r.words}) out.number(each->is_due).number(each->range).text(each->after);
  return out.number(r.threads_since).take();
}
Result<ReindexRecord> decode_ReindexRecord(std::string_view bytes) {
  ReindexRecord r;
  Decoder in(bytes, "reindex record");
  for (auto* each : {&r.threads, &r.words}) in.number(each->is_due).number(each->range).text(each->after);
  in.number(r.threads_since);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
