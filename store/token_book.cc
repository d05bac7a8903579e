#include "store/token_book.h"

#include <algorithm>
#include <map>

#include "base/assert.h"
#include "schema/keys.h"
#include "store/due_list.h"
#include "store/duty.h"
#include "store/tokens.h"

namespace telepost::store {
namespace keys = schema::keys;

Time end_of(const schema::TokenRecord& record) {
  return record.kind == TokenKind::session ? std::min(record.expires, record.used + kSessionUnused) : record.expires;
}

Result<TokenBook> TokenBook::open(AccountWrite& write) {
  TokenBook book(write);
  TELEPOST_ASSIGN(const auto all, write.scan(Space::point, std::string(keys::kTokens), keys::after(keys::kTokens), 2 * kMostTokens));
  for (const auto& [key, value] : all) {
    TELEPOST_ASSIGN(auto record, schema::decode_TokenRecord(value));
    book.entries_.push_back({key.substr(keys::kTokens.size()), std::move(record)});
  }
  return book;
}

const TokenBook::Entry* TokenBook::find(std::string_view place) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.place == place; });
  return found == entries_.end() ? nullptr : &*found;
}

bool TokenBook::has_family(std::uint64_t family) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.record.family == family; });
}

template <typename Predicate>
std::size_t TokenBook::drop_if(Predicate predicate) {
  return std::erase_if(entries_, [&](const Entry& each) {
    if (!predicate(each)) return false;
    write_.erase(Space::point, keys::token(each.place));
    write_.erase(Space::queue, keys::due(each.record.due, due::kForgetToken, each.place));
    return true;
  });
}

std::optional<std::uint64_t> TokenBook::longest_unused(std::uint64_t but) const {
  std::map<std::uint64_t, Time> used;
  for (const Entry& each : entries_) {
    if (each.record.family == but) continue;
    Time& last = used.try_emplace(each.record.family, each.record.used).first->second;
    last = std::max(last, each.record.used);
  }
  const auto first = std::min_element(used.begin(), used.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (first == used.end()) return {};
  return first->first;
}

void TokenBook::add(std::string_view place, schema::TokenRecord record) {
  drop_if([&](const Entry& each) { return end_of(each.record) <= now_; });
  if (record.kind == TokenKind::access) {
    std::vector<std::pair<Time, std::string>> others;
    for (const Entry& each : entries_) {
      if (each.record.family == record.family && each.record.kind == TokenKind::access) others.emplace_back(each.record.created, each.place);
    }
    std::sort(others.begin(), others.end());
    for (std::size_t i = 0; others.size() - i >= kMostAccessTokens; ++i) {
      drop_if([&](const Entry& each) { return each.place == others[i].second; });
    }
  }
  while (entries_.size() >= kMostTokens) {
    const std::optional<std::uint64_t> family = longest_unused(record.family);
    if (!family) break;
    drop_family(*family);
  }
  record.due = write_.add_due(end_of(record), due::kForgetToken, place);
  write_.put(Space::point, keys::token(place), schema::encode(record));
  entries_.push_back({std::string(place), std::move(record)});
}

// Its due work stays where it is: what lives longer by now is looked at again then.
void TokenBook::change(std::string_view place, const schema::TokenRecord& record) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& each) { return each.place == place; });
  TELEPOST_ASSERT(found != entries_.end() && found->record.due == record.due);
  found->record = record;
  write_.put(Space::point, keys::token(place), schema::encode(record));
}

bool TokenBook::drop_family(std::uint64_t family) {
  return drop_if([&](const Entry& each) { return each.record.family == family; }) > 0;
}

void TokenBook::drop_all_but(std::optional<std::uint64_t> family) {
  drop_if([&](const Entry& each) { return each.record.family != family; });
}

Result<void> forget_token(DutyWork&, AccountWrite& write, const DueItem& item) {
  const std::string key = keys::token(item.id);
  TELEPOST_ASSIGN(const auto bytes, write.get(Space::point, key));
  if (!bytes) return {};
  TELEPOST_ASSIGN(auto record, schema::decode_TokenRecord(*bytes));
  if (record.due != item.time) return {};
  if (end_of(record) <= write.now()) {
    write.erase(Space::point, key);
    return {};
  }
  record.due = write.add_due(end_of(record), due::kForgetToken, item.id);
  write.put(Space::point, key, schema::encode(record));
  return {};
}

}  // namespace telepost::store
