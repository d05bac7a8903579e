// In whose name a subscriber sends (RFC 8621 section 6). Each mail address of the account is one from the beginning; more can be made of the
// same addresses. One whose address the account has no more is not there any more. Any thread; every verb blocks on the disk.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/sender_record.h"

namespace telepost::store {

class AccountWrite;
class PartitionReader;
class Store;

inline constexpr std::size_t kMostIdentities = 100;                 // kept, beside those of an address that nobody changed
inline constexpr std::size_t kMostSenderBytes = std::size_t{1} << 20;  // of all identities together

struct IdentityList {
  schema::Modseq modseq;                   // of the account
  schema::Modseq floor;                    // changes up to it are not told any more
  std::string name;                        // of the account: that of an address's identity, as long as nobody changes it
  std::vector<std::string> addresses;      // "mailto:ann@example.test": what the account may write as
  std::vector<schema::IdentityRecord> identities;
  std::vector<schema::GoneIdentity> gone;  // with those that lost their address
  const schema::IdentityRecord* find(std::uint64_t number) const;
};

// Of an address itself: it cannot be removed.
bool is_of_address(std::uint64_t number);
// Whether an address ("ann+detail@example.test") is one of the account's, with a detail or without.
bool is_one_of(const std::vector<std::string>& addresses, std::string_view address);

// Errors of all: not_found (the account, the identity).
Result<IdentityList> identities_of(Store& store, schema::AccountId account);
// Makes one (number 0) or changes one, in whole but for its email; durable at return. denied: the account does not have the address.
// too_many, too_large.
Result<schema::IdentityRecord> put_identity(Store& store, schema::AccountId account, schema::IdentityRecord identity);
Result<void> remove_identity(Store& store, schema::AccountId account, std::uint64_t number);  // refused: it is an address's own

// The account's record; as it is before anybody changed it, where there is none. Of a write: in a mode with reads.
Result<schema::SenderRecord> read_sender(const AccountWrite& write);
Result<schema::SenderRecord> read_sender(const PartitionReader& reader);

}  // namespace telepost::store
