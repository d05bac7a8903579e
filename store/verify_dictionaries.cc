// The dictionaries of zstd: each record beside its bytes, and the set that names what is used. What was packed with a dictionary that
// is not there is told where the message or the piece is verified.
#include "base/bytes.h"
#include "schema/keys.h"
#include "store/dictionaries.h"
#include "store/verify_scope.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<void> verify_dictionaries(VerifyScope& scope) {
  const schema::Partition partition = schema::Partition::dictionary();
  const auto damage = [&](std::string_view key, std::string what) { scope.damage("dictionary", partition, key, std::move(what)); };
  const auto reader = scope.engine().snapshot(partition);
  const auto set = Dictionaries::read_set(scope.engine());
  if (!set.ok() && set.error().kind != Errc::corrupt) return set.error();
  if (!set.ok()) damage(keys::kDictionaries, set.error().detail);
  const std::uint32_t next = set.ok() ? set->next : UINT32_MAX;
  std::uint32_t records = 0, bytes = 0;
  TELEPOST_TRY(reader->scan(Space::point, "D", keys::after("D"), [&](std::string_view key, std::string_view) {
    ++records;
    const std::uint32_t number = ByteReader(key.substr(1)).u32();
    if (key.size() != 5 || number < schema::kFirstTrainedDictionary || number >= next) damage(key, "a dictionary of a number that was not given");
    else if (const auto made = Dictionaries(scope.engine()).find(number); !made.ok()) damage(key, made.error().detail);
    return true;
  }));
  TELEPOST_TRY(reader->scan(Space::large, {}, {}, [&](std::string_view, std::string_view) { return ++bytes, true; }));
  if (bytes > records) damage({}, "bytes of a dictionary that is not there");
  if (!set.ok()) return {};
  for (const auto& kind : set->kinds) {
    if (kind.current == 0) continue;
    TELEPOST_ASSIGN(const auto record, reader->get(Space::point, keys::dictionary(kind.current)));
    if (!record) damage(keys::kDictionaries, "dictionary " + std::to_string(kind.current) + " is in use and is not there");
  }
  return {};
}

}  // namespace telepost::store
