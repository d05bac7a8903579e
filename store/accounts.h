// Subscribers' accounts and the addresses that lead to them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;

struct Account {
  schema::AccountId id;
  schema::AccountRecord profile;
  schema::HeadRecord head;
};

struct NewAccount {
  std::vector<std::string> addresses;  // at least one, scheme-qualified
  std::string class_of_service;        // "" : the class of the range that the first address lies in
  std::string name;
};

class Accounts {
 public:
  explicit Accounts(Rooms& rooms) : rooms_(rooms) {}

  // Errors: exists (an address is taken: says by which account), invalid (an address or the class).
  Result<schema::AccountId> create(const NewAccount& account);
  // By address (with or without scheme: "ann@example.test", "+15550100", "tel:+15550100") or by account id.
  Result<schema::AccountId> find(std::string_view who);  // not_found
  Result<Account> show(schema::AccountId id);            // not_found
  // The holds and minimum retentions that keep content of it, should it be deleted: their names, for people. not_found.
  Result<std::vector<std::string>> kept_by(schema::AccountId id);
  // In the order of ids, from the first above `after`; false from visit ends it. O(listed).
  Result<void> list(std::optional<schema::AccountId> after,
                    const std::function<bool(schema::AccountId, const schema::AccountListRecord&)>& visit);

  Result<void> add_address(schema::AccountId id, std::string_view address);     // exists, invalid
  Result<void> remove_address(schema::AccountId id, std::string_view address);  // not_found; refused: the last one
  // argon2id; "" removes it. Ends all sessions and grants (store/tokens.h). Gives the hash. denied: the one that it had is not
  // `while_password` any more, where that is given.
  Result<std::string> set_password(schema::AccountId id, std::string_view password, std::optional<std::string> while_password = {});
  Result<bool> check_password(schema::AccountId id, std::string_view password); // false also for disabled accounts
  Result<void> set_state(schema::AccountId id, schema::AccountState state);     // active, disabled or closed; these end all sessions and grants
  Result<void> set_class(schema::AccountId id, std::string_view class_of_service);
  Result<void> set_name(schema::AccountId id, std::string_view name);
  // Frees the addresses at once; the content goes as due work (sweep --kind reclaim finishes it).
  Result<void> remove(schema::AccountId id);

 private:
  Rooms& rooms_;
};

// "ann@Example.TEST" -> "mailto:ann@example.test"; "+1 555-0100" -> "tel:+15550100"; schemes kept, domain lower case, the
// local part as it stands but for ASCII case (local parts are matched without case). invalid with what is wrong.
Result<std::string> canonical_address(std::string_view address);

// "ann@example.test" of "mailto:ann@example.test".
std::string addr_spec(std::string_view address);

}  // namespace telepost::store
