// Signs a message that leaves: relaxed/relaxed, one DKIM-Signature for each of its domain's keys (RFC 6376 section 5, RFC 8463).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/smtp/authentication/arriving_header.h"
#include "adapters/smtp/authentication/dkim_canonical.h"
#include "adapters/smtp/authentication/signing_keys.h"
#include "base/clock.h"

namespace telepost::adapters::smtp::authentication {

// One message; one thread at a time. It reads the message as it will be sent (header fields that are added on the way out must be
// put before its result, or shown to it):
//   DkimSigner signer(keys, now);
//   for (…) signer.write(chunk);               // header and body, cut anywhere; lines end in CRLF
//   Result<std::string> fields = signer.finish();
class DkimSigner {
 public:
  // The keys must outlive it.
  DkimSigner(const SigningKeys& keys, Time now) : keys_(keys), now_(now), header_(""), body_(Canonical::relaxed, std::nullopt) {}
  void write(std::string_view bytes) { body_.update(header_.pass(bytes).body); }
  // Whole fields with CRLF to put before the message; "" where no key is for the domain of its one From. Errors: too_large
  // (a header that is not kept), invalid (OpenSSL refuses the key).
  Result<std::string> finish();

 private:
  const SigningKeys& keys_;
  const Time now_;
  ArrivingHeader header_;
  BodyHash body_;
};

}  // namespace telepost::adapters::smtp::authentication
