#include "schema/lease_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const LeaseRecord& r) {
  return Encoder().number(r.owner).number(r.epoch).number(r.renewal).number(r.length.count()).time(r.until).take();
}

Result<LeaseRecord> decode_LeaseRecord(std::string_view bytes) {
  LeaseRecord r;
  std::uint32_t length_ms = 0;
  Decoder in(bytes, "lease");
  in.number(r.owner).number(r.epoch).number(r.renewal).number(length_ms).time(r.until);
  r.length = Duration(length_ms);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
