#include "store/change_log.h"

#include <string>
#include <string_view>
#include <utility>

#include "schema/keys.h"
#include "store/engine/engine.h"
#include "store/log_ranges.h"

namespace telepost::store {
namespace keys = schema::keys;

Result<std::vector<Change>> changes_behind(const PartitionReader& reader, schema::Modseq since, std::size_t limit) {
  const schema::Modseq first{since.value + 1};
  const auto scan = [&](const std::string& begin, const std::string& end, const auto& visit) { return reader.scan(Space::scan, begin, end, visit); };
  const auto entry = [](schema::Modseq modseq, std::string_view value, bool) -> Result<Change> {
    TELEPOST_ASSIGN(schema::ChangeRecord record, schema::decode_ChangeRecord(value));
    return Change{modseq, std::move(record)};
  };
  return gather_log<Change>(keys::change(first), keys::gone(first), limit, scan, entry);
}

}  // namespace telepost::store
