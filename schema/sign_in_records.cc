#include "schema/sign_in_records.h"

#include "schema/record_codec.h"

namespace telepost::schema {

std::string_view name_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::session: return "session";
    case TokenKind::access: return "access";
    case TokenKind::refresh: return "refresh";
    case TokenKind::code: return "code";
  }
  return "unknown";
}

std::string encode(const SecondFactorRecord& r) {
  return Encoder().text(r.box).time(r.created).number(r.is_on).number(r.last_step)
      .list(r.recovery, [](Encoder& each, const Digest& code) { each.digest(code); }).number(r.failures).time(r.retry_at).take();
}

Result<SecondFactorRecord> decode_SecondFactorRecord(std::string_view bytes) {
  SecondFactorRecord r;
  Decoder in(bytes, "second factor");
  in.text(r.box).time(r.created).number(r.is_on).number(r.last_step).list(r.recovery, [](Decoder& each, Digest& code) { each.digest(code); });
  if (in.more()) in.number(r.failures).time(r.retry_at);  // before, none were counted
  return in.finish(std::move(r));
}

std::string encode(const TokenRecord& r) {
  Encoder out;
  out.number(r.kind).number(r.number).number(r.family).number(r.scopes.bits()).text(r.client).text(r.label).time(r.created).time(r.expires)
      .time(r.used).text(r.peer).text(r.redirect).text(r.challenge).number(r.is_spent).time(r.due);
  if (r.kind == TokenKind::refresh) out.digest(r.secret);
  return out.take();
}

Result<TokenRecord> decode_TokenRecord(std::string_view bytes) {
  TokenRecord r;
  std::uint8_t bits = 0;
  Decoder in(bytes, "token");
  in.choice(r.kind, TokenKind::session, TokenKind::code).number(r.number).number(r.family).number(bits).text(r.client).text(r.label)
      .time(r.created).time(r.expires).time(r.used).text(r.peer).text(r.redirect).text(r.challenge).number(r.is_spent).time(r.due);
  if (r.kind == TokenKind::refresh) in.digest(r.secret);
  const std::optional<Scopes> scopes = Scopes::from_bits(bits);
  if (!scopes) return {Errc::corrupt, "a token with a scope that nobody knows"};
  r.scopes = *scopes;
  return in.finish(std::move(r));
}

std::string keys::token(std::string_view place) { return std::string(kTokens).append(place); }

}  // namespace telepost::schema
