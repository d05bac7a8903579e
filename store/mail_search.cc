#include "store/mail_search.h"

#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "schema/keys.h"
#include "store/account_index.h"
#include "store/index_erasure.h"
#include "store/rooms.h"
#include "store/search_index.h"

namespace telepost::store {
namespace keys = schema::keys;

namespace {

constexpr std::uint64_t kShortTail = 32;                       // changes that a query reads by itself
constexpr std::size_t kBlocksOneByOne = 256;

bool is_before(const MailSearch::Hit& a, const MailSearch::Hit& b) { return a.received != b.received ? a.received > b.received : a.local > b.local; }

// The documents' blocks that hold some numbers, few by few or all at once.
Result<void> for_each_block(const PartitionReader& reader, const PostingQuery::Numbers& numbers, const PostingQuery::Visit& visit) {
  std::vector<std::string> wanted;
  for (const schema::SearchNumber number : numbers) {
    std::string key = keys::search_documents(number);
    if (wanted.empty() || wanted.back() != key) wanted.push_back(std::move(key));
    if (wanted.size() > kBlocksOneByOne) return reader.scan(Space::scan, wanted.front(), keys::after(keys::search_documents(numbers.back())), visit);
  }
  TELEPOST_ASSIGN(const auto blocks, reader.get_many(Space::scan, wanted));
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (blocks[i] && !visit(wanted[i], *blocks[i])) break;
  }
  return {};
}

}  // namespace

Result<MailSearch> MailSearch::open(Store& store, schema::AccountId account) {
  Rooms& rooms = rooms_of(store);
  const SteadyTime begun = rooms.clock.steady();
  for (;;) {
    auto snapshot = rooms.engine->snapshot(schema::Partition::account(account));
    TELEPOST_ASSIGN(const auto bytes, snapshot->get(Space::point, keys::kHead));
    if (!bytes) return {Errc::not_found, "no account " + schema::to_string(account)};
    TELEPOST_ASSIGN(const schema::HeadRecord head, schema::decode_HeadRecord(*bytes));
    TELEPOST_ASSIGN(schema::SearchRecord record, SearchIndex::record(*snapshot));
    TELEPOST_ASSIGN(const bool is_made_anew, IndexErasure::is_due(*snapshot, IndexPart::words, record.position));
    if (!is_made_anew && head.modseq.value - record.position.value <= kShortTail) {
      TELEPOST_ASSIGN(SearchBatch tail, SearchBatch::read(rooms, account, *snapshot, head, record, kShortTail + 1));
      if (tail.until() == head.modseq) return Result<MailSearch>(MailSearch(std::move(snapshot), std::move(record), std::move(tail)));
    }
    snapshot.reset();
    if (rooms.clock.steady() - begun > kLongestReading) return {Errc::busy, "the words of the account's mail are still being read; try again later"};
    TELEPOST_TRY(SearchIndex(rooms, account).read_on());
  }
}

Result<std::vector<MailSearch::Hit>> MailSearch::hits_of(const PostingQuery::Numbers& numbers) const {
  std::vector<Hit> hits;
  if (numbers.empty()) return hits;
  hits.reserve(numbers.size());
  Result<void> decoded;
  auto wanted = numbers.begin();
  TELEPOST_TRY(for_each_block(*snapshot_, numbers, [&](std::string_view key, std::string_view value) {
    const auto block = schema::decode_SearchDocuments(value);
    if (!block.ok()) decoded = block.error();
    if (!block.ok()) return false;
    const schema::SearchNumber first = ByteReader(key.substr(1)).u32() * schema::kSearchDocumentsInBlock;
    wanted = std::lower_bound(wanted, numbers.end(), first);
    for (; wanted != numbers.end() && *wanted - first < block->list.size(); ++wanted) {
      const auto& one = block->list[*wanted - first];
      if (one.local.value != 0) hits.push_back({one.local, one.received});
    }
    return wanted != numbers.end();
  }));
  TELEPOST_TRY(decoded);
  return hits;
}

// What the tail tells of a message counts, not what the index does.
Result<std::vector<MailSearch::Hit>> MailSearch::find(const SearchQuery& query) const {
  const PostingQuery stored([&](std::string_view begin, std::string_view end, const PostingQuery::Visit& visit) { return snapshot_->scan(Space::scan, begin, end, visit); });
  TELEPOST_ASSIGN(const auto numbers, stored.find(query));
  TELEPOST_ASSIGN(auto hits, hits_of(numbers));
  std::unordered_set<std::uint64_t> gone;
  for (const SearchBatch::Gone& one : tail_.gone()) gone.insert(one.local.value);
  if (!gone.empty()) std::erase_if(hits, [&](const Hit& hit) { return gone.contains(hit.local.value); });
  const PostingQuery unread([&](std::string_view begin, std::string_view end, const PostingQuery::Visit& visit) -> Result<void> {
    const auto last = end.empty() ? tail_.records().end() : tail_.records().lower_bound(std::string(end));
    for (auto record = tail_.records().lower_bound(std::string(begin)); record != last && visit(record->first, record->second); ++record) {}
    return {};
  });
  TELEPOST_ASSIGN(const auto of_tail, unread.find(query));
  for (const schema::SearchNumber number : of_tail) {
    const SearchBatch::Added& added = tail_.added().at(number - record_.next);
    hits.push_back({added.local, added.received});
  }
  // Mail is indexed as it comes, so that mostly it is sorted already.
  std::reverse(hits.begin(), hits.end());
  if (!std::is_sorted(hits.begin(), hits.end(), is_before)) std::sort(hits.begin(), hits.end(), is_before);
  return hits;
}

}  // namespace telepost::store
