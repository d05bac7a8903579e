// The conditions of Email/query (RFC 8621 section 4.4.1). Words are looked for in the store's full text, everything else by looking at each
// email.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/call.h"
#include "adapters/jmap/header_codec.h"
#include "adapters/jmap/query_codec.h"
#include "adapters/jmap/search_codec.h"
#include "store/posting_query.h"
#include "store/store.h"

namespace telepost::adapters::jmap {

// Sorted: which emails something holds for that is not in an email itself.
using LocalSet = std::vector<schema::LocalId>;

// How often a query may open a message for its header.
inline constexpr std::size_t kMostHeadersRead = 5'000;

// How many conditions of a filter may look for words: each may find all emails that there are.
inline constexpr std::size_t kMostWordConditions = 16;

// How many of them may ask for other emails: where else one lies, or what those of its thread have. Each may hold all that there are.
inline constexpr std::size_t kMostOtherEmailConditions = 16;

// The header of one email, read when somebody asks for it.
class HeaderSource {
 public:
  HeaderSource(store::Store& store, schema::AccountId account) : store_(store), account_(account) {}
  // too_many: after kMostHeadersRead. Of a message that is gone meanwhile: an empty one.
  Result<const HeaderFields*> header(const schema::Summary& summary);

 private:
  store::Store& store_;
  const schema::AccountId account_;
  schema::LocalId last_{};
  std::optional<HeaderFields> fields_;
  std::size_t read_ = 0;
};

// What is said of all emails of a thread (allInThreadHaveKeyword, …), or of all the mailboxes that one lies in.
struct ThreadKeyword {
  enum class Which : unsigned char { all, some, none };
  Which which;
  std::string keyword;
  auto operator<=>(const ThreadKeyword&) const = default;
};

struct EmailCondition {
  std::optional<schema::MailboxId> in_mailbox;                 // 0: none of ours
  std::optional<std::vector<schema::MailboxId>> other_than;
  std::optional<Time> before, after;
  std::optional<std::uint64_t> min_size, max_size;
  std::vector<ThreadKeyword> thread_keywords;
  std::optional<std::string> has_keyword, not_keyword;
  std::optional<bool> has_attachment;
  struct InHeader {
    std::string field;
    std::optional<Needle> text;  // none: it is there
  };
  std::vector<InHeader> in_header;
  std::vector<store::SearchQuery> words;
  bool is_words_alone() const;  // with inMailbox, or without
};

// A filter whose conditions were read; the arguments outlive it.
class EmailFilter {
 public:
  static std::variant<EmailFilter, MethodError> read(Filter filter);

  bool has_thread_keywords() const;
  // The one mailbox that every email of the result lies in. nothing: there is none.
  std::optional<schema::MailboxId> mailbox() const;
  // Whether that is all that it asks for; that and words, all of which are to be found.
  bool is_mailbox_alone() const;
  bool is_words_alone() const;
  bool has_words() const;
  // Those that every email of the result has: its conditions, and what it looks for in words.
  std::vector<const EmailCondition*> certain() const;
  // What somebody looks for who uses it: not what is excluded.
  std::vector<store::SearchQuery> sought() const;
  const std::map<const Json*, EmailCondition>& conditions() const { return conditions_; }

  // What it needs besides the email: made once for all of them.
  struct Known {
    std::map<schema::MailboxId, LocalSet> in_mailbox;
    std::map<std::vector<schema::MailboxId>, LocalSet> in_another;
    std::map<ThreadKeyword, LocalSet> threads;
    std::map<store::SearchQuery, LocalSet> words;
  };
  Result<bool> holds(const schema::Summary& email, const Known& known, HeaderSource& headers) const;

 private:
  Filter filter_;
  std::map<const Json*, EmailCondition> conditions_;
};

// Whether a keyword is set; `keyword` in lower case.
bool has_keyword(const schema::Summary& summary, const std::string& keyword);

}  // namespace telepost::adapters::jmap
