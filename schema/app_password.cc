#include "schema/app_password.h"

#include "base/sha256.h"
#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const AppPasswordRecord& r) { return Encoder().text(r.name).time(r.created).text(r.box).number(r.scopes.bits()).take(); }
Result<AppPasswordRecord> decode_AppPasswordRecord(std::string_view bytes) {
  AppPasswordRecord r;
  std::uint8_t bits = 0;
  Decoder in(bytes, "app password");
  in.text(r.name).time(r.created).text(r.box);
  if (!in.more()) return in.finish(std::move(r));  // made before there were scopes
  in.number(bits);
  const std::optional<Scopes> scopes = Scopes::from_bits(bits);
  if (!scopes) return {Errc::corrupt, "an app password with a scope that nobody knows"};
  r.scopes = *scopes;
  return in.finish(std::move(r));
}

std::string keys::app_password(std::string_view name) {
  return std::string(kAppPasswords).append(sha256(name).view().substr(0, 16));
}

}  // namespace telepost::schema
