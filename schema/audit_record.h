// What was done to somebody's messages by policy or by an operator, for whoever has to account for it: ids, never content. By the
// rules of schema/records.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

// One action on messages of one account, for one reason. It outlives the account.
struct AuditRecord {
  enum class Action : std::uint8_t {
    expired = 1,    // left the view
    purged,         // removed for good
    restored,       // came back from undelete
    archived,       // its source moved to the second place
    brought_back,   // and from there
    compressed,
    hold_added,
    hold_released,
    account_removed,
    clock_accepted,
    policy_changed,
    message_deleted,        // by an operator, as the next ones
    mailbox_deleted,
    sending_ended,
    account_state_changed,
  };
  Action action = Action::expired;
  Time time{};
  AccountId account{};            // 0: the store as a whole
  std::string policy;             // "class gold, rule voice-90-days", "hold 7", "operator"
  std::string reason;             // what made it so, for people
  std::vector<LocalId> messages;  // at most 1,000; empty: the account
  bool operator==(const AuditRecord&) const = default;
};
std::string_view name_of(AuditRecord::Action action);  // "expired", "hold_added"

std::string encode(const AuditRecord& record);
Result<AuditRecord> decode_AuditRecord(std::string_view bytes);

}  // namespace telepost::schema
