// A vCard as a Card of JSContact and back (RFC 9555). What the one has and the other has no word for is carried along (vCardProps,
// vCardParams; JSPROP), so that nothing is lost on a way there and back.
#pragma once

#include <string>

#include "adapters/jmap/json_codec.h"
#include "adapters/jmap/vcard_codec.h"

namespace telepost::adapters::jmap {

// A Card without faults. A vCard without UID gets none: the caller gives it one.
Json card_of_vcard(const Vcard& vcard);

// Version 4.0, from BEGIN to END. Precondition: a Card without faults.
std::string vcard_of_card(const Json& card);

}  // namespace telepost::adapters::jmap
