// A message that left its mailboxes and is still stored, for undelete or for what holds it: what lists of deleted messages show, and
// where it lay. By the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/message_records.h"
#include "schema/records.h"

namespace telepost::schema {

struct KeptRecord {
  Summary summary;  // as it was last
  // The mailbox may be renamed or gone by the time that the message comes back.
  struct Place {
    MailboxId mailbox{};
    std::string path;  // "": nobody knows where it lay
    Role role = Role::none;
    bool operator==(const Place&) const = default;
  };
  std::vector<Place> places;  // 1 to 64
  Departure departed;
  std::uint64_t hold = 0;  // that keeps it; 0: undelete, or a minimum retention
  bool operator==(const KeptRecord&) const = default;
};

std::string encode(const KeptRecord& record);
Result<KeptRecord> decode_KeptRecord(std::string_view bytes);

}  // namespace telepost::schema
