// Messages that left their mailboxes and are kept: for undelete until their purge, or by a hold until it is released (then they
// are parked: nothing looks at them in between). Inside an account's batch, mode with_reads.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "schema/kept_record.h"
#include "store/account_write.h"
#include "store/removals.h"

namespace telepost::store {

class KeptMessages {
 public:
  explicit KeptMessages(AccountWrite& write) : write_(write) {}

  enum class Until { purge, release };
  // Of a message whose placements are gone; its record, with its departure, is the caller's to write. `held`: it is parked. What
  // is over the class's bounds of undelete is purged at once, oldest first.
  void add(const schema::KeptRecord& kept, const std::optional<Removals::Held>& held);

  struct Entry {
    schema::KeptRecord record;
    Until until;
  };
  Result<std::optional<Entry>> find(schema::LocalId local, const schema::Departure& departed) const;
  void remove(const Entry& entry);
  // One that was kept until its purge, and that is held now; it is judged again at the hold's release, or at its time.
  void park(const schema::KeptRecord& kept, const Removals::Held& held);
  void unpark(const schema::KeptRecord& kept);
  // One that is parked, and that something else holds by now, or for longer. By a missing class: until its purge.
  void park_again(const schema::KeptRecord& kept, const Removals::Held& held);

  Time purge_time(const schema::KeptRecord& kept) const;
  bool is_over_bounds() const;
  void purge_at(Time time);  // or before
  // After the policy changed: what it purges earlier than the one before is due then. Errors: io, corrupt.
  Result<void> redate();

  // What is known of one that was expunged while it was being sent: the rest went with its placements.
  static Result<schema::KeptRecord> of_sent(AccountWrite& write, schema::LocalId local);
  // Where a message lies, as it is told when the message comes back.
  static Result<std::vector<schema::KeptRecord::Place>> places(AccountWrite& write, const std::vector<schema::Placement>& placements);

 private:
  void put_parked(const schema::KeptRecord& kept, const Removals::Held& held);
  AccountWrite& write_;
};

}  // namespace telepost::store
