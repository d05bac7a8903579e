#include "adapters/jmap/email_query.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "adapters/jmap/changes_codec.h"
#include "adapters/jmap/email.h"
#include "adapters/jmap/email_scan.h"

namespace telepost::adapters::jmap {
namespace {

using store::MailView;

constexpr std::uint64_t kMostIds = 10'000;      // of one answer
constexpr std::size_t kMostChangesRead = 10'000;  // that a queryChanges looks at

// By an order of the store.
class OrderedResult final : public EmailResult {
 public:
  OrderedResult(const MailView& view, MailView::Order order, bool is_ascending, std::uint64_t total)
      : view_(view), order_(order), is_ascending_(is_ascending), total_(total) {}
  Result<std::uint64_t> total() override { return total_; }
  Result<std::vector<schema::LocalId>> list(std::uint64_t position, std::uint64_t limit) override {
    const std::uint64_t begin = std::min(position, total_), size = std::min(limit, total_ - begin);
    if (!is_ascending_) return view_.list(order_, begin, static_cast<std::size_t>(size));
    TELEPOST_ASSIGN(auto emails, view_.list(order_, total_ - begin - size, static_cast<std::size_t>(size)));
    std::reverse(emails.begin(), emails.end());
    return emails;
  }
  Result<std::optional<std::uint64_t>> position_of(schema::LocalId email) override {
    TELEPOST_ASSIGN(auto position, view_.position_of(order_, email));
    if (position && is_ascending_) position = total_ - 1 - *position;
    return position;
  }

 private:
  const MailView& view_;
  const MailView::Order order_;
  const bool is_ascending_;
  const std::uint64_t total_;
};

class ScannedResult final : public EmailResult {
 public:
  explicit ScannedResult(std::vector<schema::LocalId> emails) : emails_(std::move(emails)) {}
  Result<std::uint64_t> total() override { return std::uint64_t{emails_.size()}; }
  Result<std::vector<schema::LocalId>> list(std::uint64_t position, std::uint64_t limit) override {
    const std::uint64_t begin = std::min<std::uint64_t>(position, emails_.size()), size = std::min<std::uint64_t>(limit, emails_.size() - begin);
    const auto first = emails_.begin() + static_cast<std::ptrdiff_t>(begin);
    return std::vector<schema::LocalId>(first, first + static_cast<std::ptrdiff_t>(size));
  }
  Result<std::optional<std::uint64_t>> position_of(schema::LocalId email) override {
    for (std::size_t i = positions_.size(); i < emails_.size(); ++i) positions_.emplace(emails_[i].value, i);
    const auto found = positions_.find(email.value);
    return found == positions_.end() ? std::optional<std::uint64_t>() : std::optional(found->second);
  }

 private:
  const std::vector<schema::LocalId> emails_;
  std::unordered_map<std::uint64_t, std::uint64_t> positions_;
};

// RFC 8621 section 4.4.3: of each thread the first that the order has.
Result<std::vector<schema::LocalId>> collapsed(const MailView& view, const std::vector<schema::LocalId>& emails) {
  TELEPOST_ASSIGN(const auto threads, view.threads_of(emails));
  std::unordered_set<std::uint64_t> seen;
  std::vector<schema::LocalId> first;
  for (std::size_t i = 0; i < emails.size(); ++i) {
    if (threads[i] && seen.insert(threads[i]->value).second) first.push_back(emails[i]);
  }
  return first;
}

// The emails whose place in a result may be another than at `since`; of threads as one all of a thread's, of which any may stand for it.
struct Touched {
  std::set<schema::LocalId> was, is;  // perhaps in the old result; perhaps in the new one
};
Result<Touched> touched(store::Store& store, schema::AccountId account, const MailView& view, const EmailQuery& query, schema::Modseq since) {
  TELEPOST_ASSIGN(const auto changes, store.reader().changes(account, since, kMostChangesRead + 1));
  if (changes.size() > kMostChangesRead) return {Errc::unsupported, "too much has changed since"};
  Touched touched;
  for (const store::Change& change : changes) {
    const auto what = change.record.what;
    if (what != schema::ChangeRecord::What::message && what != schema::ChangeRecord::What::message_gone) continue;
    // A result by a look at each email may hold what came after its state.
    if (change.record.created <= since || !query.is_ordered()) touched.was.insert({change.record.id});
    touched.is.insert({change.record.id});
  }
  if (!query.collapses()) return touched;
  std::set<schema::ThreadId> threads;
  TELEPOST_ASSIGN(const auto of_changed, view.threads_of({touched.is.begin(), touched.is.end()}));
  for (const auto& thread : of_changed) {
    if (thread) threads.insert(*thread);
  }
  TELEPOST_ASSIGN(const auto changed, view.thread_changes(since, kMostChangesRead));
  if (changed.more) return {Errc::unsupported, "too much has changed since"};
  threads.insert(changed.updated.begin(), changed.updated.end());
  TELEPOST_ASSIGN(const auto members, view.messages_of({threads.begin(), threads.end()}));
  for (const auto& messages : members) {
    if (!messages) continue;
    touched.was.insert(messages->begin(), messages->end());
    touched.is.insert(messages->begin(), messages->end());
  }
  return touched;
}

}  // namespace

std::variant<EmailQuery, MethodError> EmailQuery::read(Arguments& arguments, Filter filter, const std::vector<Comparator>& sort) {
  EmailQuery query;
  const Result<bool> collapses = arguments.boolean_or("collapseThreads", false);
  if (!collapses.ok()) return method_error_of(collapses.error());
  if (const Result<void> done = arguments.done(); !done.ok()) return method_error_of(done.error());
  auto read_filter = EmailFilter::read(std::move(filter));
  if (auto* const error = std::get_if<MethodError>(&read_filter)) return *error;
  auto read_sort = EmailSort::read(sort);
  if (auto* const error = std::get_if<MethodError>(&read_sort)) return *error;
  query.filter_ = std::get<EmailFilter>(std::move(read_filter));
  query.sort_ = std::get<EmailSort>(std::move(read_sort));
  query.collapse_ = *collapses ? MailView::Collapse::threads : MailView::Collapse::none;
  return query;
}

// The store's collapsed orders know the newest of each thread; the oldest first wants the oldest.
bool EmailQuery::is_ordered() const { return filter_.is_mailbox_alone() && sort_.is_by_received() && !(sort_.is_ascending() && collapses()); }

EmailQuery::Run EmailQuery::run(store::Store& store, schema::AccountId account, const MailView& view) const {
  if (is_ordered()) {
    const MailView::Order order{filter_.mailbox(), collapse_};
    const Result<std::uint64_t> total = view.total(order);
    const bool is_there = total.ok() || total.error().kind != Errc::not_found;
    if (is_there && !total.ok()) return method_error_of(total.error());
    if (!is_there) return std::make_unique<ScannedResult>(std::vector<schema::LocalId>());
    return std::make_unique<OrderedResult>(view, order, sort_.is_ascending(), *total);
  }
  Result<std::vector<schema::LocalId>> emails = EmailScan(store, account, view, filter_, sort_).run();
  if (emails.ok() && collapses()) {
    emails = emails->size() > kMostEmailsScanned ? Result<std::vector<schema::LocalId>>(Errc::too_large, "more emails than threads are looked up of") : collapsed(view, *emails);
  }
  if (emails.ok()) return std::make_unique<ScannedResult>(*std::move(emails));
  const bool is_too_much = emails.error().kind == Errc::too_large || emails.error().kind == Errc::too_many;
  if (is_too_much) return MethodError{filter_.conditions().empty() ? "unsupportedSort" : "unsupportedFilter", emails.error().detail};
  return method_error_of(emails.error());
}

MethodResult query_emails(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryArguments asked, read_query(call.arguments));
  const auto query = EmailQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&query)) return *error;
  TELEPOST_ASSIGN(const MailView view, call.context.store.view(account));
  auto run = std::get<EmailQuery>(query).run(call.context.store, account, view);
  if (const auto* const error = std::get_if<MethodError>(&run)) return *error;
  EmailResult& result = *std::get<0>(run);
  TELEPOST_ASSIGN(const std::uint64_t total, result.total());
  std::optional<std::uint64_t> anchor;
  if (asked.anchor) {
    const auto local = number_from('e', *asked.anchor);
    if (local) {
      TELEPOST_ASSIGN(anchor, result.position_of({*local}));
    }
    if (!anchor) return MethodError{"anchorNotFound"};
  }
  const Window window = window_of(asked, total, anchor, kMostIds);
  QueryResponse response{to_state(view.modseq()), std::get<EmailQuery>(query).can_calculate_changes(), window.position};
  TELEPOST_ASSIGN(const auto emails, result.list(window.position, window.size));
  for (const schema::LocalId email : emails) response.ids.push_back(to_id('e', email.value));
  if (asked.calculate_total) response.total = total;
  if (window.is_cut) response.limit = kMostIds;
  return to_json(response, to_id(account));
}

// RFC 8620 section 5.6: nobody knows the old result, so that all that may have moved is named: as gone from it, and where it is now.
MethodResult email_query_changes(Call& call) {
  TELEPOST_ASSIGN(const schema::AccountId account, call.account());
  TELEPOST_ASSIGN(const QueryChangesArguments asked, read_query_changes(call.arguments));
  const auto read = EmailQuery::read(call.arguments, asked.filter, asked.sort);
  if (const auto* const error = std::get_if<MethodError>(&read)) return *error;
  const EmailQuery& query = std::get<EmailQuery>(read);
  if (!query.can_calculate_changes()) return MethodError{"cannotCalculateChanges"};
  TELEPOST_ASSIGN(const MailView view, call.context.store.view(account));
  TELEPOST_ASSIGN(const schema::Modseq since, state_within(asked.since_query_state, view.floor(), view.modseq()));
  auto run = query.run(call.context.store, account, view);
  if (const auto* const error = std::get_if<MethodError>(&run)) return *error;
  // Asked behind the result: what changed while that was gathered is told too, and where the result has it.
  TELEPOST_ASSIGN(const Touched all, touched(call.context.store, account, view, query, since));
  EmailResult& result = *std::get<0>(run);
  QueryChangesResponse response{asked.since_query_state, to_state(view.modseq())};
  for (const schema::LocalId email : all.was) response.removed.push_back(to_id('e', email.value));
  for (const schema::LocalId email : all.is) {
    TELEPOST_ASSIGN(const auto position, result.position_of(email));
    if (position) response.added.push_back({to_id('e', email.value), *position});
  }
  std::sort(response.added.begin(), response.added.end(), [](const auto& a, const auto& b) { return a.index < b.index; });
  if (asked.max_changes && response.removed.size() + response.added.size() > *asked.max_changes) return MethodError{"tooManyChanges"};
  if (asked.calculate_total) {
    TELEPOST_ASSIGN(response.total, result.total());
  }
  return to_json(response, to_id(account));
}

}  // namespace telepost::adapters::jmap
