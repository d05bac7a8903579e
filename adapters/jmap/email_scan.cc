#include "adapters/jmap/email_scan.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "adapters/jmap/email_query.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kPage = 1'000;
constexpr std::size_t kLongPage = 10'000;

void sort_set(LocalSet& set) {
  std::sort(set.begin(), set.end());
  set.erase(std::unique(set.begin(), set.end()), set.end());
}

}  // namespace

Result<LocalSet> EmailScan::members(schema::MailboxId mailbox) const {
  LocalSet set;
  for (;;) {
    const auto page = view_.list({mailbox, store::MailView::Collapse::none}, set.size(), kLongPage);
    if (!page.ok() && page.error().kind == Errc::not_found) return LocalSet();
    TELEPOST_TRY(page);
    set.insert(set.end(), page->begin(), page->end());
    if (page->size() < kLongPage) break;
  }
  sort_set(set);
  return set;
}

Result<void> EmailScan::for_each_in(schema::MailboxId mailbox, const Visit& visit) {
  schema::Uid from{1};
  for (;;) {
    const auto page = store_.reader().list_by_uid(account_, mailbox, from, {UINT32_MAX}, kPage);
    if (!page.ok() && page.error().kind == Errc::not_found) return {};  // it was removed meanwhile
    TELEPOST_TRY(page);
    for (const store::Listed& listed : page->messages) TELEPOST_TRY(visit(listed.summary));
    if (page->messages.size() < kPage || page->messages.back().uid.value == UINT32_MAX) return {};
    from = {page->messages.back().uid.value + 1};
  }
}

// Each email once, whatever mailboxes it lies in.
Result<void> EmailScan::for_each(std::optional<schema::MailboxId> only, const Visit& visit) {
  std::uint64_t count = 0;
  const auto is_in = [&](const store::MailboxInTree& mailbox) { return !only || mailbox.record.id == *only; };
  for (const store::MailboxInTree& mailbox : mailboxes_) count += is_in(mailbox) ? mailbox.record.messages : 0;
  if (count > kMostEmailsScanned) return {Errc::too_large, "more emails than can be looked at one by one"};
  std::unordered_set<std::uint64_t> seen;
  const Visit once = [&](const schema::Summary& email) { return seen.insert(email.local.value).second ? visit(email) : Result<void>(); };
  for (const store::MailboxInTree& mailbox : mailboxes_) {
    if (is_in(mailbox)) TELEPOST_TRY(for_each_in(mailbox.record.id, only ? visit : once));
  }
  return {};
}

Result<void> EmailScan::learn_thread(const ThreadKeyword& wanted, const std::vector<schema::LocalId>& all,
                                     const std::vector<std::optional<schema::ThreadId>>& threads, const LocalSet& having) {
  std::unordered_map<std::uint64_t, std::pair<std::size_t, std::size_t>> counts;  // of a thread: emails, and those with the keyword
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!threads[i]) continue;
    auto& [emails, with] = counts[threads[i]->value];
    ++emails;
    with += std::binary_search(having.begin(), having.end(), all[i]) ? 1u : 0u;
  }
  LocalSet& set = known_.threads[wanted];
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!threads[i]) continue;
    const auto& [emails, with] = counts.at(threads[i]->value);
    const bool holds = wanted.which == ThreadKeyword::Which::all ? with == emails : (with > 0) == (wanted.which == ThreadKeyword::Which::some);
    if (holds) set.push_back(all[i]);
  }
  sort_set(set);
  return {};
}

Result<void> EmailScan::learn_threads(const std::set<ThreadKeyword>& wanted) {
  if (wanted.empty()) return {};
  std::vector<schema::LocalId> all;
  std::map<std::string, LocalSet> having;
  for (const ThreadKeyword& each : wanted) having[each.keyword];
  TELEPOST_TRY(for_each({}, [&](const schema::Summary& email) -> Result<void> {
    all.push_back(email.local);
    for (auto& [keyword, set] : having) {
      if (has_keyword(email, keyword)) set.push_back(email.local);
    }
    return {};
  }));
  for (auto& [keyword, set] : having) sort_set(set);
  TELEPOST_ASSIGN(const auto threads, view_.threads_of(all));
  for (const ThreadKeyword& each : wanted) TELEPOST_TRY(learn_thread(each, all, threads, having[each.keyword]));
  return {};
}

Result<void> EmailScan::learn() {
  TELEPOST_ASSIGN(mailboxes_, store_.mailboxes().list(account_));
  std::set<ThreadKeyword> threads(sort_.thread_keywords().begin(), sort_.thread_keywords().end());
  for (const auto& [object, condition] : filter_.conditions()) {
    threads.insert(condition.thread_keywords.begin(), condition.thread_keywords.end());
    const auto is_there = [&](schema::MailboxId id) {
      return std::any_of(mailboxes_.begin(), mailboxes_.end(), [&](const auto& each) { return each.record.id == id; });
    };
    if (condition.in_mailbox && known_.in_mailbox.try_emplace(*condition.in_mailbox).second && is_there(*condition.in_mailbox)) {
      TELEPOST_ASSIGN(known_.in_mailbox[*condition.in_mailbox], members(*condition.in_mailbox));
    }
    if (condition.other_than) TELEPOST_TRY(learn_others(*condition.other_than));
  }
  return learn_threads(threads);
}

Result<void> EmailScan::learn_others(const std::vector<schema::MailboxId>& than) {
  const auto [entry, is_new] = known_.in_another.try_emplace(than);
  if (!is_new) return {};
  std::uint64_t count = 0;
  std::vector<schema::MailboxId> others;
  for (const store::MailboxInTree& mailbox : mailboxes_) {
    if (std::binary_search(than.begin(), than.end(), mailbox.record.id)) continue;
    count += mailbox.record.messages;
    others.push_back(mailbox.record.id);
  }
  if (count > kMostEmailsScanned) return {Errc::too_large, "more emails in other mailboxes than can be looked at"};
  LocalSet& set = entry->second;
  for (const schema::MailboxId other : others) {
    TELEPOST_ASSIGN(const LocalSet one, members(other));
    set.insert(set.end(), one.begin(), one.end());
  }
  sort_set(set);
  return {};
}

Result<void> EmailScan::learn_words() {
  if (!filter_.has_words()) return {};
  TELEPOST_ASSIGN(const auto search, store::MailSearch::open(store_, account_));
  for (const auto& [object, condition] : filter_.conditions()) {
    for (const store::SearchQuery& query : condition.words) {
      if (hits_.contains(query)) continue;
      TELEPOST_ASSIGN(hits_[query], search.find(query));
    }
  }
  return {};
}

// Those that lie in a mailbox, by a look at each.
Result<LocalSet> EmailScan::placed_in(const Hits& hits, schema::MailboxId mailbox) const {
  LocalSet set;
  for (std::size_t at = 0; at < hits.size(); at += kPage) {
    std::vector<schema::LocalId> page;
    for (std::size_t i = at; i < std::min(at + kPage, hits.size()); ++i) page.push_back(hits[i].local);
    TELEPOST_ASSIGN(const auto selection, store_.reader().select(account_, page));
    for (std::size_t i = 0; i < page.size(); ++i) {
      const auto is_there = [&](const schema::Placement& place) { return place.mailbox == mailbox; };
      const auto& message = selection.messages[i];
      if (message && std::any_of(message->record.placements.begin(), message->record.placements.end(), is_there)) set.push_back(page[i]);
    }
  }
  sort_set(set);
  return set;
}

// All words and all mailboxes that the filter names, in the order in which they are found.
Result<std::vector<schema::LocalId>> EmailScan::by_words() {
  Hits hits;
  bool is_first = true;
  const auto keep = [&](const LocalSet& set) { std::erase_if(hits, [&](const auto& hit) { return !std::binary_search(set.begin(), set.end(), hit.local); }); };
  for (auto& [query, found] : hits_) {
    if (std::exchange(is_first, false)) {
      hits = std::move(found);
      continue;
    }
    LocalSet set;
    for (const auto& hit : found) set.push_back(hit.local);
    sort_set(set);
    keep(set);
  }
  for (const EmailCondition* const condition : filter_.certain()) {
    if (!condition->in_mailbox) continue;
    TELEPOST_ASSIGN(const LocalSet in, hits.size() <= kLongPage ? placed_in(hits, *condition->in_mailbox) : members(*condition->in_mailbox));
    keep(in);
  }
  if (sort_.is_ascending()) std::reverse(hits.begin(), hits.end());
  std::vector<schema::LocalId> emails;
  emails.reserve(hits.size());
  for (const auto& hit : hits) emails.push_back(hit.local);
  return emails;
}

Result<void> EmailScan::for_each_of(const LocalSet& emails, const Visit& visit) {
  if (emails.size() > kMostEmailsScanned) return {Errc::too_large, "more emails than can be looked at one by one"};
  for (std::size_t at = 0; at < emails.size(); at += kPage) {
    const auto begin = emails.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = emails.begin() + static_cast<std::ptrdiff_t>(std::min(at + kPage, emails.size()));
    TELEPOST_ASSIGN(const auto page, store_.reader().select(account_, {begin, end}));
    for (const auto& email : page.messages) {
      if (email) TELEPOST_TRY(visit(email->summary));
    }
  }
  return {};
}

Result<std::vector<schema::LocalId>> EmailScan::run() {
  TELEPOST_TRY(learn_words());
  if (filter_.has_words() && filter_.is_words_alone() && sort_.is_by_received()) return by_words();
  for (const auto& [query, hits] : hits_) {
    LocalSet& set = known_.words[query];
    for (const auto& hit : hits) set.push_back(hit.local);
    sort_set(set);
  }
  const LocalSet* rarest = nullptr;
  for (const EmailCondition* const condition : filter_.certain()) {
    for (const store::SearchQuery& query : condition->words) {
      const LocalSet& set = known_.words.at(query);
      if (rarest == nullptr || set.size() < rarest->size()) rarest = &set;
    }
  }
  TELEPOST_TRY(learn());
  std::vector<EmailSort::Sorted> found;
  const Visit look = [&](const schema::Summary& email) -> Result<void> {
    TELEPOST_ASSIGN(const bool holds, filter_.holds(email, known_, headers_));
    if (!holds) return {};
    TELEPOST_ASSIGN(auto sorted, sort_.keys_of(email, known_, headers_));
    found.push_back(std::move(sorted));
    return {};
  };
  TELEPOST_TRY(rarest != nullptr ? for_each_of(*rarest, look) : for_each(filter_.mailbox(), look));
  std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) { return sort_.is_before(a, b); });
  std::vector<schema::LocalId> emails;
  for (const EmailSort::Sorted& one : found) emails.push_back(one.local);
  return emails;
}

}  // namespace telepost::adapters::jmap
