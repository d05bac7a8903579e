#include "store/change_log.h"

#include <algorithm>

#include "base/bytes.h"
#include "schema/keys.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<std::vector<Change>> changes_behind(const PartitionReader& reader, schema::Modseq since, std::size_t limit) {
  const schema::Modseq first{since.value + 1};
  std::vector<Change> list;
  if (limit == 0) return list;
  for (const auto& [begin, end] : {std::pair(keys::change(first), keys::after("L")), std::pair(keys::gone(first), keys::after("G"))}) {
    Result<void> decoded;
    std::size_t taken = 0;
    TELEPOST_TRY(reader.scan(Space::scan, begin, end, [&](std::string_view key, std::string_view value) {
      auto record = schema::decode_ChangeRecord(value);
      if (!record.ok()) decoded = record.error();
      else list.push_back({{ByteReader(key.substr(1)).u64()}, std::move(*record)});
      return decoded.ok() && ++taken < limit;
    }));
    TELEPOST_TRY(decoded);
  }
  std::sort(list.begin(), list.end(), [](const Change& a, const Change& b) { return a.modseq < b.modseq; });
  if (list.size() > limit) list.resize(limit);
  return list;
}

}  // namespace telepost::store
