// What an account's quota says: of one more message, and of what the account holds. Bytes are the sources' sizes, once per
// message whatever its placements, sharing, codec or tier; what is kept for undelete or a hold counts in no quota. Pure. Any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "schema/class_settings.h"
#include "schema/message.h"
#include "schema/records.h"

namespace telepost::policies {

struct QuotaFacts {
  const schema::ClassSettings* settings = nullptr;  // never null
  schema::Usage account;               // online and archived, all kinds together
  schema::Usage of_kind;               // of the kind that is asked about
  std::optional<Time> over_soft_since; // the soft quota
  Time now{};
};

// Of all kinds together.
schema::Usage total_of(const schema::HeadRecord& head);

// Why one more message of the kind is not taken; none: there is room. over_quota: there is none now (a persistent transient
// error, RFC 3463 section 3.3); too_large: there never is, however much is deleted. The detail tells no numbers of the account.
std::optional<Error> refusal_by_quota(const QuotaFacts& facts, schema::Kind kind, std::uint64_t size_bytes);

// The hard quota's share from which on the subscriber is warned and the grace runs; none: there is no such limit.
schema::Limit soft_bytes(const schema::Quota& quota);
schema::Limit soft_messages(const schema::Quota& quota);
bool is_over_soft(const schema::Quota& quota, const schema::Usage& account);
// Whether who was over it is below it again: by 5 % of the hard quota, so that a message that comes and goes does not make it anew.
bool is_under_soft_again(const schema::Quota& quota, const schema::Usage& account);

// From when on an account that is over its soft quota since then is full; none: it never is for that.
std::optional<Time> full_at(const schema::Quota& quota, Time over_soft_since);
// When it is told so: a day before, or where the grace is short halfway to it.
std::optional<Time> last_warning_at(const schema::Quota& quota, Time over_soft_since);

// How full: of the bytes or of the messages, whichever is more; none: neither is limited.
std::optional<unsigned> percent_used(const schema::Quota& quota, const schema::Usage& account);

}  // namespace telepost::policies
