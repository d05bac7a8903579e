#include "store/change_log.h"

#include <string>
#include <string_view>
#include <utility>

#include "schema/keys.h"
#include "store/account_write.h"
#include "store/engine/engine.h"
#include "store/log_ranges.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// scan(begin, end, visit) gives the records of a range until visit gives false.
template <class ScanRange>
Result<std::vector<Change>> gather_changes(schema::Modseq since, std::size_t limit, const ScanRange& scan) {
  const schema::Modseq first{since.value + 1};
  const auto entry = [](schema::Modseq modseq, std::string_view value, bool) -> Result<Change> {
    TELEPOST_ASSIGN(schema::ChangeRecord record, schema::decode_ChangeRecord(value));
    return Change{modseq, std::move(record)};
  };
  return gather_log<Change>(keys::change(first), keys::gone(first), limit, scan, entry);
}

}  // namespace

Result<std::vector<Change>> changes_behind(const PartitionReader& reader, schema::Modseq since, std::size_t limit) {
  return gather_changes(since, limit, [&](const std::string& begin, const std::string& end, const auto& visit) {
    return reader.scan(Space::scan, begin, end, visit);
  });
}

Result<std::vector<Change>> changes_behind(const AccountWrite& write, schema::Modseq since, std::size_t limit) {
  return gather_changes(since, limit, [&](const std::string& begin, const std::string& end, const auto& visit) -> Result<void> {
    TELEPOST_ASSIGN(const auto records, write.scan(Space::scan, begin, end, limit));
    for (const auto& [key, value] : records) {
      if (!visit(key, value)) break;
    }
    return {};
  });
}

}  // namespace telepost::store
