#include "store/index_erasure.h"

#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "schema/index_records.h"
#include "schema/keys.h"
#include "schema/search_records.h"
#include "store/rooms.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::size_t kErasedAtOnce = 1000;  // the account's lock is held for some milliseconds

struct IndexRange {
  Space space;
  std::string begin, end;
  enum class Fate : std::uint8_t { erased, emptied } fate = Fate::erased;
};

// Messages keep their threads, which clients are told never change (RFC 8621 section 4.1.1): they lie in them as what went and comes back.
const std::vector<IndexRange>& index_ranges(IndexPart part) {
  const auto all = [](Space space, std::string_view begin) { return IndexRange{space, std::string(begin), keys::after(begin)}; };
  static const std::vector<IndexRange> threads = [&] {
    const schema::MailboxId first = keys::threads_of({0});  // those before are of mailboxes, and not the index's
    std::vector<IndexRange> list = {{Space::point, "V", keys::after("V"), IndexRange::Fate::emptied}};
    for (const char* letter : {"Y", "N", "P", "C"}) list.push_back(all(Space::point, letter));
    for (const char* letter : {"N", "O"}) list.push_back(all(Space::scan, letter));
    list.push_back({Space::scan, keys::received_order(first), keys::after("R")});
    list.push_back({Space::scan, keys::block(first, 0, {}), keys::after("C")});
    return list;
  }();
  static const std::vector<IndexRange> words = {all(Space::point, "S"), all(Space::scan, keys::kSearchDocuments), all(Space::scan, keys::kPostings)};
  return part == IndexPart::threads ? threads : words;
}

using Page = std::vector<std::pair<std::string, std::string>>;

Result<void> take_messages_out(AccountWrite& write, const Page& page) {
  const auto local_of = [](std::string_view key) { return schema::LocalId{ByteReader(key.substr(1)).u64()}; };
  std::vector<std::string> wanted;
  for (const auto& [key, value] : page) {
    if (key.size() == 9) wanted.push_back(keys::message(local_of(key)));
  }
  TELEPOST_TRY(write.read_ahead(Space::point, wanted));
  for (const auto& [key, value] : page) {
    auto known = schema::decode_IndexedMessageRecord(value);
    bool stays = known.ok() && key.size() == 9;
    if (stays) {
      TELEPOST_ASSIGN(const auto message, write.get(Space::point, keys::message(local_of(key))));
      stays = message.has_value();
    }
    if (!stays) {
      write.erase(Space::point, key);
      continue;
    }
    known->gone = true;
    write.put(Space::point, key, schema::encode(*known));
  }
  return {};
}

}  // namespace

Result<void> IndexErasure::go_on(Rooms& rooms, schema::AccountId account, IndexPart part) {
  TELEPOST_ASSIGN(AccountWrite write, AccountWrite::begin(rooms, account, AccountWrite::Mode::beside_deliveries));
  if (write.profile().state == schema::AccountState::deleting) return {Errc::not_found, "the account is being deleted"};
  TELEPOST_TRY(go_on(write, part));
  const Result<void> committed = write.commit();
  return !committed.ok() && committed.error().kind == Errc::conflict ? Result<void>() : committed;
}

Result<void> IndexErasure::go_on(AccountWrite& write, IndexPart part) {
  TELEPOST_ASSIGN(schema::ReindexRecord all, record(write));
  schema::ReindexRecord::Erasure& at = of(all, part);
  if (!at.is_due) return {};
  const std::vector<IndexRange>& ranges = index_ranges(part);
  for (std::size_t left = kErasedAtOnce; left > 0 && at.range < ranges.size();) {
    const IndexRange& range = ranges[at.range];
    TELEPOST_ASSIGN(const Page page, write.scan(range.space, at.after.empty() ? range.begin : at.after + '\0', range.end, left));
    if (range.fate == IndexRange::Fate::emptied) TELEPOST_TRY(take_messages_out(write, page));
    else for (const auto& [key, value] : page) write.erase(range.space, key);
    const bool is_done = page.size() < left;
    left -= page.size();
    at.after = is_done ? std::string() : page.back().first;
    at.range += is_done ? 1 : 0;
  }
  if (at.range >= ranges.size()) at = {};
  if (all == schema::ReindexRecord{}) write.erase(Space::point, keys::kReindex);
  else write.put(Space::point, keys::kReindex, schema::encode(all));
  return {};
}

}  // namespace telepost::store
