// What the rules of an account do with a copy that is being put into its batch. What cannot be done leaves the message in the inbox, and
// the log says why: no rule costs a message. Inside the store only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/delivery.h"
#include "store/account_write.h"
#include "store/recipients.h"

namespace telepost::store {

// The verdict with what the rules say. What the account must be told of, and what is junk, is asked of no rule.
policies::DeliveryVerdict decide_copy(AccountWrite& write, const Arrived& arrived, std::size_t index);
// Its refusal is corrupt where the account's rules cannot be read; then this tells the operator.
void rules_are_damaged(const AccountWrite& write, const Error& damage);
// Whether what they say needs a mode with reads.
bool needs_reads(const policies::DeliveryVerdict& verdict);

// To whom the copy goes on from here, each by the outbox or as a copy of ours.
struct Forwarding {
  struct Account {
    std::string address;  // of ours, as it is known here
    schema::AccountId account;
  };
  std::vector<std::string> others;
  std::vector<Account> ours;
  bool empty() const { return others.empty() && ours.empty(); }
};
// Nobody is forwarded to whose domain is ours without an account; then the account keeps its copy.
Result<Forwarding> forwarding_of(AccountWrite& write, policies::RuleVerdict& verdict, const Arrived& arrived, std::size_t index);

struct Filing {
  std::vector<schema::MailboxId> mailboxes;  // at least one; loaded
  std::vector<std::string> keywords;         // sorted
};
// `keywords` are those that the copy has anyway. Errors: io, corrupt.
Result<Filing> filing_of(AccountWrite& write, const policies::DeliveryVerdict& verdict, std::vector<std::string> keywords);

// Into the batch that has the copy: its jobs and what is kept of them. too_large.
Result<void> forward_copy(AccountWrite& write, const Forwarding& forwarding, const Arrived& arrived, std::size_t index);

}  // namespace telepost::store
