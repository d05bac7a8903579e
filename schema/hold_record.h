// A legal hold: what it is about stays stored, whoever deletes it and whatever expires.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "schema/class_rules.h"
#include "schema/ids.h"
#include "schema/partition.h"

namespace telepost::schema {

struct HoldRecord {
  enum class State : std::uint8_t {
    active = 1,
    releasing,  // holds nothing any more; what it kept is being made due again
  };
  State state = State::active;
  Time created{};
  AccountId account{};  // 0: of every account
  When when;            // of these messages; nothing said: of all
  std::string reason;   // for audit and people
  bool operator==(const HoldRecord&) const = default;
};
std::string encode(const HoldRecord& record);
Result<HoldRecord> decode_HoldRecord(std::string_view bytes);

// "of ann…, kind voice, sender *@example.test", for people.
std::string to_string(const HoldRecord& record);

namespace keys {
// meta partition
inline constexpr std::string_view kHolds = "H";              // prefix, space point
inline constexpr std::string_view kHoldsRevision = "N";      // space point: number:8, raised by each change of the holds
std::string hold(std::uint64_t hold);                        // space point
std::string accounts_under(std::uint64_t hold);              // prefix, space scan: accounts where the hold kept something
std::string account_under(std::uint64_t hold, AccountId account);
// calendar slices: the revision that every removal in the slice's accounts must know of
inline constexpr std::string_view kHoldsFence = "H";
// account partition, space point: the account is deleted, and stays for the hold
inline constexpr std::string_view kAccountHeld = "U";        // prefix
std::string account_held(std::uint64_t hold);
}  // namespace keys

}  // namespace telepost::schema
