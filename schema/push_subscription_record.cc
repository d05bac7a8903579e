#include "schema/push_subscription_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const PushSubscriptionRecord& r) {
  Encoder out;
  out.text(r.device).time(r.created).time(r.expires).time(r.due).number(r.is_asked).number(r.is_verified).number(r.types.has_value());
  if (r.types) out.texts(*r.types);
  return out.number(r.told.modseq)
      .list(r.told.own, [](Encoder& each, const TypeState& one) { each.text(one.type).text(one.state); })
      .text(r.box).take();
}

Result<PushSubscriptionRecord> decode_PushSubscriptionRecord(std::string_view bytes) {
  PushSubscriptionRecord r;
  bool has_types = false;
  Decoder in(bytes, "push subscription");
  in.text(r.device).time(r.created).time(r.expires).time(r.due).number(r.is_asked).number(r.is_verified).number(has_types);
  if (has_types) in.texts(r.types.emplace());
  in.number(r.told.modseq)
      .list(r.told.own, [](Decoder& each, TypeState& one) { each.text(one.type).text(one.state); })
      .text(r.box);
  return in.finish(std::move(r));
}

std::string encode(const PushSecrets& r) {
  Encoder out;
  out.text(r.url).text(r.p256dh).text(r.auth).text(r.code).text(r.login).digest(r.keys.stored_key).digest(r.keys.server_key);
  if (r.scopes) out.number(r.scopes->bits());
  return out.take();
}

Result<PushSecrets> decode_PushSecrets(std::string_view bytes) {
  PushSecrets r;
  Decoder in(bytes, "push subscription's secrets");
  in.text(r.url).text(r.p256dh).text(r.auth).text(r.code).text(r.login).digest(r.keys.stored_key).digest(r.keys.server_key);
  if (!in.more()) return in.finish(std::move(r));  // written before scopes were kept
  std::uint8_t bits = 0;
  in.number(bits);
  r.scopes = Scopes::from_bits(bits);
  if (!r.scopes) return {Errc::corrupt, "a push subscription's secrets have a scope that there is not"};
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
