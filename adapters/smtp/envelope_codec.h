// MAIL and RCPT with their parameters.
#pragma once

#include <string_view>

#include "adapters/smtp/codec.h"

namespace telepost::adapters::smtp {

// What stands behind the verb: "FROM:<ann@example.test> SIZE=100", "TO:<bob@example.test> NOTIFY=NEVER". Mail, Rcpt or Refused.
Command parse_mail(std::string_view rest);
Command parse_rcpt(std::string_view rest);

}  // namespace telepost::adapters::smtp
