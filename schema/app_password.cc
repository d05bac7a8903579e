#include "schema/app_password.h"

#include "base/sha256.h"
#include "schema/record_codec.h"

namespace telepost::schema {

std::string encode(const AppPasswordRecord& r) { return Encoder().text(r.name).time(r.created).text(r.box).take(); }
Result<AppPasswordRecord> decode_AppPasswordRecord(std::string_view bytes) {
  AppPasswordRecord r;
  Decoder in(bytes, "app password");
  in.text(r.name).time(r.created).text(r.box);
  return in.finish(std::move(r));
}

std::string keys::app_password(std::string_view name) {
  return std::string(kAppPasswords).append(sha256(name).view().substr(0, 16));
}

}  // namespace telepost::schema
