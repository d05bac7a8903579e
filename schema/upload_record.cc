#include "schema/upload_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const UploadRecord& r) { return Encoder().number(r.size_bytes).text(r.type).time(r.created).time(r.expires).take(); }

Result<UploadRecord> decode_UploadRecord(std::string_view bytes) {
  UploadRecord r;
  Decoder in(bytes, "upload record");
  in.number(r.size_bytes).text(r.type).time(r.created).time(r.expires);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
