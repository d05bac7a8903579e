// Mailbox (RFC 8621 section 2) over the store's tree: its properties, and the methods.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "adapters/jmap/call.h"
#include "adapters/jmap/get_codec.h"
#include "adapters/jmap/query_codec.h"
#include "store/mailboxes.h"

namespace telepost::adapters::jmap {

const Names& mailbox_properties();

// totalThreads and unreadThreads of one mailbox, and when they changed last: maybe without the mailbox's own modseq, where a message of
// a thread was read in another one.
using ThreadCount = store::MailView::ThreadCounts;
// Of each, in their order, at a state that is no older than the moment of the call. Errors: not_found (the account).
Result<std::vector<ThreadCount>> count_threads(store::Store& store, schema::AccountId account, const std::vector<schema::MailboxId>& mailboxes);

// All properties; without the threads' counts where nobody asked for them.
Json to_json(const schema::MailboxRecord& mailbox, const std::optional<ThreadCount>& threads);
Json to_json(schema::Role role);  // null for none
std::optional<schema::Role> role_from(std::string_view name);
// Mails that are neither $seen nor $draft.
std::uint32_t unread_of(const schema::MailboxRecord& mailbox);

// Which mailboxes a query gives, and in which order (RFC 8621 section 2.3).
class MailboxQuery {
 public:
  // Reads what is the mailboxes' own of the arguments: sortAsTree, filterAsTree, then each condition and comparator.
  // invalid; the error of kinds that are not known is a MethodError (unsupportedFilter, unsupportedSort).
  static std::variant<MailboxQuery, MethodError> read(Arguments& arguments, Filter filter, std::vector<Comparator> sort);
  // Pointers into the tree.
  std::vector<const schema::MailboxRecord*> run(const std::vector<store::MailboxInTree>& mailboxes) const;

 private:
  Filter filter_;
  std::vector<Comparator> sort_;
  bool sort_as_tree_ = false, filter_as_tree_ = false;
};

Method get_mailboxes, mailbox_changes, query_mailboxes, mailbox_query_changes, set_mailboxes;

}  // namespace telepost::adapters::jmap
