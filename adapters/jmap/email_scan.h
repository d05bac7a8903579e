// A query answered by looking at each email's summary: at those that have the words where it looks for words. By words alone, and sorted
// as they are found, it looks at none.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "adapters/jmap/email_filter.h"
#include "adapters/jmap/email_sort.h"
#include "store/mail_search.h"
#include "store/mail_view.h"

namespace telepost::adapters::jmap {

class EmailScan {
 public:
  EmailScan(store::Store& store, schema::AccountId account, const store::MailView& view, const EmailFilter& filter, const EmailSort& sort)
      : store_(store), account_(account), view_(view), filter_(filter), sort_(sort), headers_(store, account) {}

  // In their order. Errors: too_large (there are more than kMostEmailsScanned), too_many (headers).
  Result<std::vector<schema::LocalId>> run();

 private:
  using Hits = std::vector<store::MailSearch::Hit>;
  Result<LocalSet> placed_in(const Hits& hits, schema::MailboxId mailbox) const;
  Result<void> learn();
  Result<void> learn_words();
  Result<std::vector<schema::LocalId>> by_words();
  Result<void> learn_threads(const std::set<ThreadKeyword>& wanted);
  Result<void> learn_thread(const ThreadKeyword& wanted, const std::vector<schema::LocalId>& all, const std::vector<std::optional<schema::ThreadId>>& threads,
                            const LocalSet& having);
  Result<LocalSet> members(schema::MailboxId mailbox) const;  // none where the view lacks it: it came behind it
  Result<void> learn_others(const std::vector<schema::MailboxId>& than);
  using Visit = std::function<Result<void>(const schema::Summary& email)>;
  Result<void> for_each(std::optional<schema::MailboxId> only, const Visit& visit);
  Result<void> for_each_in(schema::MailboxId mailbox, const Visit& visit);
  Result<void> for_each_of(const LocalSet& emails, const Visit& visit);

  store::Store& store_;
  const schema::AccountId account_;
  const store::MailView& view_;
  const EmailFilter& filter_;
  const EmailSort& sort_;
  std::vector<store::MailboxInTree> mailboxes_;
  EmailFilter::Known known_;
  std::map<store::SearchQuery, Hits> hits_;
  HeaderSource headers_;
};

}  // namespace telepost::adapters::jmap
