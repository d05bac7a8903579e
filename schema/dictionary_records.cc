#include "schema/dictionary_records.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const DictionaryRecord& r) {
  return Encoder().number(r.kind).time(r.created).number(r.accounts).number(r.samples).number(r.size_bytes).digest(r.digest).take();
}
Result<DictionaryRecord> decode_DictionaryRecord(std::string_view bytes) {
  DictionaryRecord r;
  Decoder in(bytes, "dictionary record");
  in.choice(r.kind, Kind::email, Kind::text).time(r.created).number(r.accounts).number(r.samples).number(r.size_bytes).digest(r.digest);
  return in.finish(std::move(r));
}

std::string encode(const DictionarySetRecord& r) {
  Encoder out;
  out.number(r.next).list(r.kinds, [](Encoder& to, const DictionarySetRecord::OfKind& kind) { to.number(kind.current).time(kind.tried); });
  return out.take();
}
Result<DictionarySetRecord> decode_DictionarySetRecord(std::string_view bytes) {
  DictionarySetRecord r;
  std::vector<DictionarySetRecord::OfKind> kinds;
  Decoder in(bytes, "record of the dictionaries");
  in.number(r.next).list(kinds, [](Decoder& from, DictionarySetRecord::OfKind& kind) { from.number(kind.current).time(kind.tried); });
  if (kinds.size() != r.kinds.size()) return {Errc::corrupt, "a record of dictionaries of other kinds of messages"};
  std::copy(kinds.begin(), kinds.end(), r.kinds.begin());
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
