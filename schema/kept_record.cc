#include "schema/kept_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const KeptRecord& r) {
  Encoder out;
  out.number(r.departed.reason).time(r.departed.time);
  out.list(r.places, [](Encoder& each, const KeptRecord::Place& place) { each.number(place.mailbox).number(place.role).text(place.path); });
  return out.text(encode(r.summary)).number(r.hold).take();
}

Result<KeptRecord> decode_KeptRecord(std::string_view bytes) {
  KeptRecord r;
  std::string summary;
  Decoder in(bytes, "kept record");
  in.choice(r.departed.reason, Removal::expunged, Removal::account_deleted).time(r.departed.time);
  in.list(r.places, [](Decoder& each, KeptRecord::Place& place) {
    each.number(place.mailbox).choice(place.role, Role::none, Role::archive).text(place.path);
  });
  in.text(summary).number(r.hold);
  TELEPOST_ASSIGN(KeptRecord record, in.finish(std::move(r)));
  TELEPOST_ASSIGN(record.summary, decode_Summary(summary));
  return record;
}

}  // namespace telepost::schema
