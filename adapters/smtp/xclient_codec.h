// XCLIENT as Postfix defines it (XCLIENT_README): what a front that is trusted tells of its own client.
#pragma once

#include <string_view>

#include "adapters/smtp/codec.h"

namespace telepost::adapters::smtp {

// As EHLO offers them.
inline constexpr std::string_view kXclientAttributes = "NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

// "NAME=client.test ADDR=192.0.2.1": Xclient, or Refused with 501. Values are harmless text: they reach logs and trace fields.
Command parse_xclient(std::string_view rest);

}  // namespace telepost::adapters::smtp
