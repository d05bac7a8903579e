// What a class of service sets beside its rules: the values, as they are after every layer has been asked, with what holds where
// nobody says anything. Which of them one layer states is in schema/class_of_service.h.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "schema/message.h"

namespace telepost::schema {

// None: without limit.
using Limit = std::optional<std::uint64_t>;

// Without overflow: more than 64 bits hold is as much as they hold.
std::uint64_t share_of(std::uint64_t bytes, std::uint32_t percent);

// Bytes online. Only archiving lowers what counts.
struct Allocation {
  Limit bytes;
  std::uint32_t factor_percent = 100;    // of bytes: over it the longest untouched messages are archived
  std::uint32_t low_water_percent = 90;  // of bytes: down to it
  bool operator==(const Allocation&) const = default;
};

// Bytes and messages online and archived, hard; all kinds together.
struct Quota {
  Limit bytes;
  Limit messages;
  std::optional<std::uint32_t> soft_percent;  // of both; none: no soft quota
  std::optional<Duration> grace;              // over the soft quota for longer is as over the hard one; none: for ever
  bool operator==(const Quota&) const = default;
};

// What becomes of expunged and expired messages.
struct Undelete {
  Duration keep{};  // zero: gone at once
  Limit bytes;      // of what one account keeps; the oldest go first
  Limit messages;
  bool operator==(const Undelete&) const = default;
};

struct KindSettings {
  bool allow = true;
  Limit max_size_bytes;  // of the whole source
  Limit quota_bytes;     // hard, of this kind's messages
  Limit quota_messages;
  bool operator==(const KindSettings&) const = default;
};

struct ClassSettings {
  Allocation allocation;
  Quota quota;
  Undelete undelete;
  std::array<KindSettings, 8> kinds;  // by Kind, from email

  const KindSettings& of(Kind kind) const { return kinds[static_cast<std::size_t>(kind) - 1]; }
  KindSettings& of(Kind kind) { return kinds[static_cast<std::size_t>(kind) - 1]; }
  bool operator==(const ClassSettings&) const = default;
};

}  // namespace telepost::schema
