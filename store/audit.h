// The audit log: every action of a sweep, and every one that an operator takes on retention, with policy, reason and ids. It lies in
// slices of its own, ordered by number, and outlives the accounts that it tells of; audit.keep bounds it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "schema/audit_record.h"
#include "store/engine/batch.h"
#include "store/open_numbers.h"

namespace telepost::store {

struct Rooms;
class AccountWrite;

// What the log remembers between its users.
struct AuditRoom {
  explicit AuditRoom(Numbers& from) : numbers(from) {}
  OpenNumbers numbers;
};

// Gathers what one batch of an account does: one record for each action, policy and reason.
class AuditTrail {
 public:
  explicit AuditTrail(schema::AccountId account) : account_(account) {}
  void add(schema::AuditRecord::Action action, const std::string& policy, const std::string& reason, schema::LocalId message);
  void clear() { records_.clear(); }
  // Ahead of the account's batch, so that nothing is done unrecorded: a crash between them leaves a record of what is then done
  // again. The trail is empty afterwards.
  void attach_to(Rooms& rooms, AccountWrite& write);

 private:
  const schema::AccountId account_;
  std::vector<schema::AuditRecord> records_;
};

class Audit {
 public:
  explicit Audit(Rooms& rooms) : rooms_(rooms) {}

  // Of what no account's batch does; durable at return. Its time is given here.
  Result<void> record(schema::AuditRecord record);

  // Every record behind `cursor` ("" is the beginning) that is durable now, in the order of their numbers; false from visit ends it.
  // Gives the cursor to go on from: with it nothing is repeated and nothing left out. Errors: invalid (no such cursor), io, corrupt.
  using Visitor = std::function<bool(const schema::AuditRecord&)>;
  Result<std::string> list(std::string_view cursor, std::optional<schema::AccountId> account, const Visitor& visit);

  // What audit.keep has passed goes, batch after batch while `goes_on`; a hint is written for what stays. False: more is to go.
  Result<bool> trim(const schema::Partition& slice, const std::function<bool()>& goes_on);

  // The batches of one record, with the hint that trims it. `opening` is held until they were submitted.
  static CommitList entries(Rooms& rooms, schema::AuditRecord record, const OpenNumbers::Opening& opening);

 private:
  Rooms& rooms_;
};

}  // namespace telepost::store
