// All tokens of one account in a batch, with the due work that forgets them. Inside the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/sign_in_records.h"
#include "store/account_write.h"

namespace telepost::store {

// When it opens nothing any more if nobody uses it meanwhile.
Time end_of(const schema::TokenRecord& record);

class TokenBook {
 public:
  struct Entry {
    std::string place;  // 16 bytes: what its key ends with
    schema::TokenRecord record;
  };

  // `write` was begun with reads and outlives the book; there is one book of a batch. Errors: io, corrupt.
  static Result<TokenBook> open(AccountWrite& write);

  Time now() const { return now_; }  // one for all that the batch decides
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view place) const;
  bool has_family(std::uint64_t family) const;

  // Makes room for it first: what is over goes, then of its own grant the oldest access token, then whole families by their last use,
  // the longest ago first and its own never.
  void add(std::string_view place, schema::TokenRecord record);
  void change(std::string_view place, const schema::TokenRecord& record);  // precondition: it is there
  bool drop_family(std::uint64_t family);  // false: there was none
  void drop_all_but(std::optional<std::uint64_t> family);

 private:
  explicit TokenBook(AccountWrite& write) : write_(write), now_(write.now()) {}
  template <typename Predicate>
  std::size_t drop_if(Predicate predicate);
  std::optional<std::uint64_t> longest_unused(std::uint64_t but) const;
  AccountWrite& write_;
  const Time now_;
  std::vector<Entry> entries_;
};

}  // namespace telepost::store
