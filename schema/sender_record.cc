#include "schema/sender_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

void put(Encoder& out, const std::optional<std::vector<NamedAddress>>& addresses) {
  out.number(addresses.has_value());
  if (addresses) out.list(*addresses, [](Encoder& each, const NamedAddress& address) { each.text(address.name).text(address.email); });
}
void take(Decoder& in, std::optional<std::vector<NamedAddress>>& addresses) {
  bool are_there = false;
  in.number(are_there);
  if (are_there) in.list(addresses.emplace(), [](Decoder& each, NamedAddress& address) { each.text(address.name).text(address.email); });
}

void put(Encoder& out, const IdentityRecord& r) {
  out.number(r.number).text(r.email).text(r.name);
  put(out, r.reply_to);
  put(out, r.bcc);
  out.text(r.text_signature).text(r.html_signature).number(r.created).number(r.modseq);
}
void take(Decoder& in, IdentityRecord& r) {
  in.number(r.number).text(r.email).text(r.name);
  take(in, r.reply_to);
  take(in, r.bcc);
  in.text(r.text_signature).text(r.html_signature).number(r.created).number(r.modseq);
}

}  // namespace

std::string encode(const SenderRecord& r) {
  return Encoder().list(r.identities, [](Encoder& each, const IdentityRecord& identity) { put(each, identity); })
      .list(r.gone, [](Encoder& each, const GoneIdentity& gone) { each.number(gone.number).number(gone.created).number(gone.modseq); })
      .number(r.identities_floor).number(r.submissions_floor).take();
}
Result<SenderRecord> decode_SenderRecord(std::string_view bytes) {
  SenderRecord r;
  Decoder in(bytes, "sender record");
  in.list(r.identities, [](Decoder& each, IdentityRecord& identity) { take(each, identity); })
      .list(r.gone, [](Decoder& each, GoneIdentity& gone) { each.number(gone.number).number(gone.created).number(gone.modseq); })
      .number(r.identities_floor).number(r.submissions_floor);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
