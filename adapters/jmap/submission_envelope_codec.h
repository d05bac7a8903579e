// Envelope (RFC 8621 section 7): who sends and who gets a message, with the parameters of SMTP that each takes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/dsn.h"

namespace telepost::adapters::jmap {

struct SubmissionEnvelope {
  std::string from;  // "ann@example.test"; "" is the null reverse path
  schema::MessageRequest request = {};      // RET, ENVID, REQUIRETLS
  std::optional<Duration> hold_for = {};    // HOLDFOR (RFC 4865)
  std::optional<Time> hold_until = {};      // HOLDUNTIL
  struct To {
    std::string email;
    schema::RecipientRequest request = {};  // NOTIFY, ORCPT
  };
  std::vector<To> to = {};
};

// Values are as a program means them: without xtext. SIZE, BODY and SMTPUTF8 are taken, and found out anew from the message. invalid:
// it is no Envelope, or has a parameter that is not offered or wrong.
Result<SubmissionEnvelope> envelope_from(const Json& envelope);

// Of one that the server made itself: without parameters.
Json to_json(const SubmissionEnvelope& envelope);

}  // namespace telepost::adapters::jmap
