// What becomes of a message by what was found out about its sender. Pure: facts in, verdict with its reason out. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "schema/configuration.h"

namespace telepost::policies {

// The words of RFC 8601 section 2.7, which Authentication-Results shows.
enum class SpfResult : unsigned char { none, neutral, pass, fail, softfail, temperror, permerror };
enum class DkimResult : unsigned char { none, pass, fail, policy, neutral, temperror, permerror };
enum class ArcResult : unsigned char { none, pass, fail };
enum class DmarcResult : unsigned char { none, pass, fail, temperror, permerror };
std::string_view name_of(SpfResult result);
std::string_view name_of(DkimResult result);
std::string_view name_of(ArcResult result);
std::string_view name_of(DmarcResult result);

// RFC 7489 section 6.3: what the domain's owner asks for.
enum class DmarcRequest : unsigned char { none, quarantine, reject };
std::string_view name_of(DmarcRequest request);

struct AuthenticationFacts {
  SpfResult spf = SpfResult::none;
  DkimResult dkim = DkimResult::none;      // the best of all signatures
  DmarcResult dmarc = DmarcResult::none;
  DmarcRequest request = DmarcRequest::none;  // p or sp, before sampling
  bool sampled = true;                     // this message is one of the pct that the request is for
  bool sealed_by_trusted = false;          // a valid ARC chain whose last sealer is trusted and saw DMARC pass
};

struct AuthenticationVerdict {
  enum class Action : unsigned char { accept, junk, refuse, defer } action = Action::accept;
  std::string_view status;  // RFC 3463 and 7372: "5.7.1", "5.7.20" … of refuse and defer
  std::string reason;       // for the sender: which rule, never more than Authentication-Results tells
  bool forged = false;      // the domain of the reverse path disowns whoever sent it, and nobody else vouches: no reports to it
};

// The strictest of the rules that apply; in doubt DMARC's words, since the owner of the visible domain asked for it. A
// message that passes DMARC is not refused for its SPF or DKIM alone (RFC 7489 section 6.7).
AuthenticationVerdict decide_authentication(const AuthenticationFacts& facts, const schema::AuthenticationSettings& settings);

}  // namespace telepost::policies
