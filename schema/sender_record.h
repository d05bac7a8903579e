// What a subscriber says of the mail that leaves in his name: one record of the account, by the rules of schema/records.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

struct NamedAddress {
  std::string name;   // "" for none
  std::string email;  // "ann@example.test"
  bool operator==(const NamedAddress&) const = default;
};

// RFC 8621 section 6.
struct IdentityRecord {
  std::uint64_t number = 0;
  std::string email;  // "ann@example.test"
  std::string name;
  std::optional<std::vector<NamedAddress>> reply_to, bcc;
  std::string text_signature, html_signature;
  Modseq created{};   // 0: it is there from the account's beginning
  Modseq modseq{};    // of its last change; 0: there was none
  bool operator==(const IdentityRecord&) const = default;
};

struct GoneIdentity {
  std::uint64_t number = 0;
  Modseq created{}, modseq{};
  bool operator==(const GoneIdentity&) const = default;
};

struct SenderRecord {
  std::vector<IdentityRecord> identities;  // those of an address as they were changed, and those that were made
  std::vector<GoneIdentity> gone;          // the latest last
  Modseq identities_floor{};               // what went up to then is not told any more
  Modseq submissions_floor{};              // the same of submissions
  bool operator==(const SenderRecord&) const = default;
};

std::string encode(const SenderRecord& record);
Result<SenderRecord> decode_SenderRecord(std::string_view bytes);

namespace keys {
inline constexpr std::string_view kSender = "D";
}  // namespace keys

}  // namespace telepost::schema
