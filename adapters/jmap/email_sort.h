// The comparators of Email/query (RFC 8621 section 4.4.2).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "adapters/jmap/email_filter.h"

namespace telepost::adapters::jmap {

class EmailSort {
 public:
  static std::variant<EmailSort, MethodError> read(const std::vector<Comparator>& sort);
  static const std::vector<std::string>& properties();  // emailQuerySortOptions

  // The order in which the store keeps them: by receivedAt, or what the client leaves to us, the newest first.
  bool is_by_received() const { return sort_.empty() || (sort_.size() == 1 && sort_[0].by == By::received); }
  bool is_ascending() const { return !sort_.empty() && sort_[0].is_ascending; }
  const std::vector<ThreadKeyword>& thread_keywords() const { return thread_keywords_; }

  using Key = std::variant<std::int64_t, std::string>;
  struct Sorted {
    schema::LocalId local;
    Time received;
    std::vector<Key> keys;
  };
  Result<Sorted> keys_of(const schema::Summary& email, const EmailFilter::Known& known, HeaderSource& headers) const;
  bool is_before(const Sorted& a, const Sorted& b) const;

 private:
  enum class By : unsigned char { received, size, from, to, subject, sent, keyword, thread_keyword };
  struct One {
    By by;
    bool is_ascending;
    bool is_octet;
    std::string keyword;
    std::size_t thread = 0;  // in thread_keywords_
  };
  Result<Key> key_of(const One& one, const schema::Summary& email, const EmailFilter::Known& known, HeaderSource& headers) const;
  std::vector<One> sort_;
  std::vector<ThreadKeyword> thread_keywords_;
};

}  // namespace telepost::adapters::jmap
