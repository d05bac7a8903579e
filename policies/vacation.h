// Whether a message that was delivered is answered by itself: while its recipient is away, or by a rule (RFC 3834, RFC 5230 section 4.6,
// RFC 8621 section 8). Pure. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "schema/message.h"

namespace telepost::policies {

inline constexpr Duration kAnswerAgain = std::chrono::hours(24 * 7);  // to the same sender, at the earliest

struct VacationFacts {
  bool enabled = false;
  std::optional<Time> from, to;          // [from, to); none: without an end
  std::string sender;                    // the reverse path: "bob@example.net"; "" is the null one
  bool sender_is_own = false;            // an address of the account
  bool names_recipient = false;          // an address of the account stands in To, Cc, Bcc or their Resent- forms
  bool doubtful = false;                 // a header that is not known as a whole
  const std::vector<schema::HeaderField>* fields = nullptr;  // never null: of its header
  std::optional<Time> answered;          // the sender, last
  Duration again = kAnswerAgain;
  Time now{};
};

// Whether any message can be answered at that moment.
bool is_away(bool enabled, std::optional<Time> from, std::optional<Time> to, Time now);

// Why it is not answered: "list", "automatic", …; "": it is.
std::string_view why_not_answered(const VacationFacts& facts);

}  // namespace telepost::policies
