// Authenticates the senders of mail that arrives: fetches the answers that authentication/message_check.h asks for, and lets
// policies/authentication.h say what follows.
#pragma once

#include <memory>

#include "adapters/net/dns_resolver.h"
#include "adapters/smtp/examination.h"
#include "base/clock.h"
#include "base/random.h"
#include "schema/configuration.h"

namespace telepost::adapters::smtp {

inline constexpr std::size_t kMostQuestionsAtOnce = 16;  // of one message
inline constexpr std::size_t kMostRecordsOfAnswer = 20;  // that are looked at; SPF takes no more than 10 exchanges or names
inline constexpr std::size_t kMostAddressesOfAnswer = 100;

// All it is given must outlive it and the examinations that it began.
class Authenticator final : public Examiner {
 public:
  Authenticator(const schema::AuthenticationSettings& settings, net::Resolver& resolver, const Clock& clock, Random& random);
  // Null for subscribers, services, Unix sockets and the networks of authentication.exempt (an address that XCLIENT told is in none).
  std::unique_ptr<Examination> begin(const Subject& subject) override;

 private:
  const schema::AuthenticationSettings& settings_;
  net::Resolver& resolver_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace telepost::adapters::smtp
