#include "store/inspect.h"

#include <charconv>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/inspect_record.h"
#include "store/rooms.h"
#include "store/store.h"

namespace telepost::store {
namespace keys = schema::keys;
using schema::Partition;
using schema::PartitionKind;

namespace {

std::string_view name_of_space(Space space) {
  switch (space) {
    case Space::point: return "point";
    case Space::scan: return "scan";
    case Space::queue: return "queue";
    case Space::large: return "large";
  }
  return "";
}

void append(std::string& text, const Inspected::Fields& fields) {
  for (const auto& [name, value] : fields) text.append(" ").append(name).append("=").append(value);
}

struct Sliced {
  std::string_view name;
  PartitionKind kind;
  std::uint16_t slices;
};
constexpr Sliced kSliced[] = {{"calendar", PartitionKind::calendar, keys::kCalendarSlices},
                              {"directory", PartitionKind::directory, keys::kDirectorySlices},
                              {"audit", PartitionKind::audit, keys::kAuditSlices},
                              {"cdr", PartitionKind::cdr, keys::kCdrSlices},
                              {"account-list", PartitionKind::account_list, keys::kAccountListSlices},
                              {"queue", PartitionKind::queue, keys::kQueueSlices}};

}  // namespace

std::string to_string(const Inspected& inspected) {
  std::string text = inspected.layout;
  if (!inspected.known()) text.append(" ").append(name_of_space(inspected.space)).append(" key=").append(to_hex(inspected.key));
  append(text, inspected.named);
  text.push_back(':');
  append(text, inspected.record);
  return text;
}

Result<void> inspect(Store& store, const Partition& partition, const std::function<bool(const Inspected&)>& visit) {
  const auto reader = rooms_of(store).engine->reader(partition);
  bool more = true;
  for (const Space space : {Space::point, Space::scan, Space::queue, Space::large}) {
    if (!more) break;
    TELEPOST_TRY(reader->scan(space, {}, {}, [&](std::string_view key, std::string_view value) {
      return more = visit(inspect_record(partition.kind(), space, key, value));
    }));
  }
  return {};
}

Result<Partition> partition_named(Store& store, std::string_view name) {
  const std::size_t space = name.find(' ');
  const std::string_view kind = name.substr(0, space);
  const std::string_view rest = space == std::string_view::npos ? std::string_view() : trim(name.substr(space));
  if (name == "meta") return Partition::meta();
  if (name == "dictionary") return Partition::dictionary();
  if (kind == "piece") {
    TELEPOST_ASSIGN(const Digest digest, digest_from_hex(rest));
    return Partition::piece(digest);
  }
  for (const Sliced& sliced : kSliced) {
    if (kind != sliced.name) continue;
    std::uint16_t slice = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), slice);
    if (error != std::errc() || end != rest.data() + rest.size() || slice >= sliced.slices) {
      return {Errc::invalid, std::string(kind) + " wants a slice from 0 to " + std::to_string(sliced.slices - 1)};
    }
    return Partition::slice(sliced.kind, slice);
  }
  TELEPOST_ASSIGN(const schema::AccountId account, store.accounts().find(kind == "account" ? rest : name));
  return Partition::account(account);
}

}  // namespace telepost::store
