// Which emails a query gives, and in which order (RFC 8621 section 4.4). Emails of one mailbox, or all, by receivedAt come from the orders
// of the store at the same cost anywhere; everything else from a look at each summary, which is bounded.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "adapters/jmap/email_filter.h"
#include "adapters/jmap/email_sort.h"
#include "store/mail_view.h"

namespace telepost::adapters::jmap {

// How many summaries a query may look at.
inline constexpr std::uint64_t kMostEmailsScanned = 250'000;

// A whole result at one state; every part costs what it costs.
class EmailResult {
 public:
  virtual ~EmailResult() = default;
  virtual Result<std::uint64_t> total() = 0;
  virtual Result<std::vector<schema::LocalId>> list(std::uint64_t position, std::uint64_t limit) = 0;
  virtual Result<std::optional<std::uint64_t>> position_of(schema::LocalId email) = 0;  // none: it is not among them
};

class EmailQuery {
 public:
  // Reads collapseThreads, then the conditions and comparators; nothing else may be among the arguments.
  static std::variant<EmailQuery, MethodError> read(Arguments& arguments, Filter filter, const std::vector<Comparator>& sort);

  // What an email's place depends on is the email itself, and where threads are one, its thread.
  bool can_calculate_changes() const { return !filter_.has_thread_keywords() && sort_.thread_keywords().empty(); }
  bool collapses() const { return collapse_ == store::MailView::Collapse::threads; }
  // Errors: MethodError (unsupportedFilter, unsupportedSort: it is too much to look at); those of the store. The view outlives the result.
  using Run = std::variant<std::unique_ptr<EmailResult>, MethodError>;
  Run run(store::Store& store, schema::AccountId account, const store::MailView& view) const;

  // By an order of the store: then the result is of one state. Else what changes while it is gathered may be in it.
  bool is_ordered() const;

 private:
  EmailFilter filter_;
  EmailSort sort_;
  store::MailView::Collapse collapse_ = store::MailView::Collapse::none;
};

}  // namespace telepost::adapters::jmap
