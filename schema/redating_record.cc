#include "schema/redating_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const RedatingRecord& r) {
  return Encoder().number(r.classes).number(r.after.value).number(r.done).take();
}
Result<RedatingRecord> decode_RedatingRecord(std::string_view bytes) {
  RedatingRecord r;
  Decoder in(bytes, "redating");
  in.number(r.classes).number(r.after.value).number(r.done);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
