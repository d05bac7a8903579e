// What is stored, decoded: every key of a partition by its layout (schema/keys.h) and every record field by field, for
// operators who look for a fault. Only reads. Secrets and content (password, subject, preview, text, payload) are told by their
// size alone: whoever may run this may not read mail.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "schema/partition.h"
#include "store/engine/batch.h"

namespace telepost::store {

class Store;

struct Inspected {
  Space space;
  std::string key;     // as it is stored
  std::string layout;  // "summary", "due", …; "unknown" where no layout fits: then the record is hexadecimal
  using Fields = std::vector<std::pair<std::string, std::string>>;
  Fields named;        // the key's parts, in their order: {"mailbox", "1"}, {"uid", "7"}
  Fields record;       // the record's fields
  bool known() const { return layout != "unknown"; }
};

// "summary mailbox=1 uid=7: local=… kind=email …"; unknown ones begin with "unknown" and give the key in hexadecimal.
std::string to_string(const Inspected& inspected);
// Decodes one record; never fails: what is no record of its layout is unknown.
Inspected inspect_record(schema::PartitionKind kind, Space space, std::string_view key, std::string_view value);

// Every record of a partition in the order of spaces and keys, until visit gives false. Errors: io.
Result<void> inspect(Store& store, const schema::Partition& partition, const std::function<bool(const Inspected&)>& visit);

// The partition that a person names: an address or account id, "piece" and its digest, "calendar 17" or "meta" (what
// Partition::to_string gives). Errors: invalid, not_found (no such account).
Result<schema::Partition> partition_named(Store& store, std::string_view name);

}  // namespace telepost::store
