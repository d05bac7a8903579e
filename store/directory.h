// Addresses and the accounts behind them: any address is found by one read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/configuration.h"
#include "schema/ids.h"
#include "schema/records.h"
#include "store/engine/engine.h"

namespace telepost::store {

struct Rooms;

// The served range that an address lies in.
struct Range {
  std::string class_of_service;
  bool create = false;
};

class Directory {
 public:
  explicit Directory(Rooms& rooms) : rooms_(rooms) {}

  // canonical addresses
  Result<std::optional<schema::AccountId>> find(std::string_view address) const;
  std::optional<Range> range_of(std::string_view address) const;

  // Makes an account with its list entry, INBOX and addresses. After a crash it is there as a whole, or what is there is
  // debris that its hint finds. Errors: exists (an address was taken meanwhile), io, disk_full.
  Result<schema::AccountId> create(schema::AccountRecord profile);

  static CommitEntry claim(std::string_view address, schema::AccountId account);    // expects it free
  static CommitEntry release(std::string_view address, schema::AccountId account);  // expects it the account's

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
