// CDRs read in order, once each. An account writes its CDRs in the batches of the events, under the hint that stands open for it
// in a cdr slice (schema/keys.h). The export closes the open hints, so that later CDRs go under later hints, and reads what lies
// under the hints behind the cursor.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"
#include "schema/records.h"

namespace telepost::store {

struct Rooms;

class CdrExport {
 public:
  explicit CdrExport(Rooms& rooms) : rooms_(rooms) {}
  using Visitor = std::function<bool(schema::AccountId, const schema::CdrRecord&)>;

  // Every CDR behind `cursor` ("" is the beginning) that is durable now; false from visit ends it. Gives the cursor to go on from:
  // with it nothing is repeated and nothing left out, also over a crash. When visit ended it, CDRs of the last account
  // that was begun come again. Errors: invalid (no such cursor), io, corrupt.
  Result<std::string> run(std::string_view cursor, const Visitor& visit);

 private:
  Result<void> close_hint(schema::AccountId account, std::uint64_t hint);
  Rooms& rooms_;
};

}  // namespace telepost::store
