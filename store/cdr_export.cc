#include "store/cdr_export.h"

#include <array>
#include <charconv>
#include <vector>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_write.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

// The last hint read of each slice, as numbers joined by dots.
using Positions = std::array<std::uint64_t, keys::kCdrSlices>;

Result<Positions> positions_from(std::string_view cursor) {
  Positions positions{};
  if (cursor.empty()) return positions;
  const char* at = cursor.data();
  const char* const end = at + cursor.size();
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, positions[i]);
    const bool last = i + 1 == positions.size();
    if (error != std::errc() || (last ? next != end : next == end || *next != '.')) {
      return {Errc::invalid, "'" + std::string(cursor.substr(0, 80)) + "' is no cursor of a CDR export"};
    }
    at = last ? next : next + 1;
  }
  return positions;
}

std::string to_string(const Positions& positions) {
  std::string text;
  for (const std::uint64_t position : positions) text.append(text.empty() ? "" : ".").append(std::to_string(position));
  return text;
}

struct CdrHint {
  std::uint64_t number;
  schema::AccountId account;
};

}  // namespace

// From now on the account's CDRs go under another hint. What is in flight under this one is durable before it closes.
Result<void> CdrExport::close_hint(schema::AccountId account, std::uint64_t hint) {
  Result<AccountWrite> write = AccountWrite::begin(rooms_, account, AccountWrite::Mode::with_reads);
  if (!write.ok() && write.error().kind == Errc::not_found) return {};
  TELEPOST_TRY(write);
  if (write->head().cdr_hint != hint) return {};
  write->head().cdr_hint = 0;
  return write->commit();
}

Result<std::string> CdrExport::run(std::string_view cursor, const Visitor& visit) {
  TELEPOST_ASSIGN(Positions positions, positions_from(cursor));
  // Numbers given out from here on belong to the next export: a hint of a batch in flight may not be readable yet.
  const std::uint64_t end = rooms_.cdr_hints.horizon();
  TELEPOST_TRY(rooms_.committer.commit({}));
  bool more = true;
  for (std::uint16_t slice = 0; slice < keys::kCdrSlices && more; ++slice) {
    const auto partition = schema::Partition::slice(schema::PartitionKind::cdr, slice);
    std::vector<CdrHint> hints;
    TELEPOST_TRY(rooms_.engine->reader(partition)->scan(Space::queue, keys::cdr_hint(positions[slice] + 1), keys::cdr_hint(end), [&](std::string_view key, std::string_view value) {
      hints.push_back({ByteReader(key.substr(1)).u64(), schema::AccountId{ByteReader(value).u64()}});
      return true;
    }));
    for (const CdrHint& hint : hints) {
      TELEPOST_TRY(close_hint(hint.account, hint.number));
      Result<void> decoded;
      TELEPOST_TRY(rooms_.engine->reader(schema::Partition::account(hint.account))->scan(
          Space::queue, keys::cdr(hint.number, 0), keys::cdr(hint.number + 1, 0), [&](std::string_view, std::string_view value) {
            const auto record = schema::decode_CdrRecord(value);
            if (!record.ok()) decoded = record.error();
            else more = visit(hint.account, *record);
            return decoded.ok() && more;
          }));
      TELEPOST_TRY(std::move(decoded));
      if (!more) break;
      positions[slice] = hint.number;
    }
  }
  return to_string(positions);
}

}  // namespace telepost::store
