// The orders of the account's index: all mail, and threads by their newest message in a mailbox or anywhere. Of a batch, in a
// mode with reads.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/index_records.h"
#include "store/account_write.h"

namespace telepost::store {

// What a thread is in one order of threads.
struct Standing {
  std::string newest;   // order key of its newest message there
  bool unread = false;  // as RFC 8621 section 2 wants unreadThreads: what lies in the trash alone is as a thread of its own
  bool operator==(const Standing&) const = default;
};
// By mailbox, and kAllMail.
using Standings = std::map<schema::MailboxId, Standing>;
Standings standings_of(const std::vector<schema::ThreadRecord::Member>& members, schema::MailboxId trash);

class IndexOrders {
 public:
  explicit IndexOrders(AccountWrite& write) : write_(write) {}

  Result<void> insert(schema::MailboxId order, const std::string& key);
  Result<void> remove(schema::MailboxId order, const std::string& key);
  // A thread that stood so in all orders of threads stands so from now on. `modseq`: of the change that it comes from.
  Result<void> stand(const Standings& was, const Standings& is, schema::Modseq modseq);
  void finish();  // writes their records

 private:
  Result<schema::OrderRecord*> open(schema::MailboxId order);
  Result<void> change(schema::MailboxId mailbox, const Standing* was, const Standing* is, schema::Modseq modseq);
  AccountWrite& write_;
  std::map<schema::MailboxId, schema::OrderRecord> open_;
};

}  // namespace telepost::store
