// The account's full text (schema/search_records.h): posting lists that no delivery writes. It is a reader of the change log whose position
// stands in the account. Due work lets it read on, and so does who searches where the tail is long; a short tail is searched as it is
// (store/mail_search.h). Each batch carries the position that it comes to, so that a crash costs nothing but the batch.
//
// Words are read without the account's lock, which a batch holds for as long as it takes to put it together; no delivery waits for one.
// Postings of what is gone stay in their lists until a quarter of all is so. Then a pass over them takes these out, and makes few long
// blocks of many short ones.
#pragma once

#include "base/result.h"
#include "schema/search_records.h"
#include "store/account_write.h"
#include "store/search_batch.h"
#include "store/stored_record.h"

namespace telepost::store {

class SearchIndex {
 public:
  SearchIndex(Rooms& rooms, schema::AccountId account) : rooms_(rooms), account_(account) {}

  // All block. Reads on by a bounded number of changes. True: there was no more. not_found: no such account.
  Result<bool> read_on();
  // A bounded piece of a pass, where one is due or under way. True: none is.
  Result<bool> pass();

  // Reader: a PartitionReader, or an AccountWrite in a mode with reads. Of an account that nothing was read of yet: as it begins.
  template <class Reader>
  static Result<schema::SearchRecord> record(const Reader& reader) {
    TELEPOST_ASSIGN(auto stored_one, stored<schema::decode_SearchRecord>(reader, Space::point, std::string(schema::keys::kSearch)));
    return stored_one ? *std::move(stored_one) : schema::SearchRecord{};
  }
  static bool wants_pass(const schema::SearchRecord& record);

 private:
  Result<std::optional<AccountWrite>> begin(const schema::SearchRecord& expected);  // nothing: another reader was here meanwhile
  Result<bool> commit(AccountWrite& write, const schema::SearchRecord& record);
  Rooms& rooms_;
  const schema::AccountId account_;
};

}  // namespace telepost::store
