// Verifies the signatures of one message (RFC 6376 section 6, RFC 8301, RFC 8463).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/dkim_signature.h"
#include "adapters/smtp/authentication/dns_answers.h"
#include "base/clock.h"
#include "policies/authentication.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr std::size_t kMaxSignatures = 8;  // of a message; the others are not looked at (section 6.1)

// Forms and lengths of the body that are hashed: honest mail needs two, and each costs as much as the message is long.
inline constexpr std::size_t kMaxBodyHashes = 4;

// The body as several signatures want it hashed; each way is done once.
class BodyHashes {
 public:
  // Before the first byte of the body. Gives the place in digests; nothing where there are kMaxBodyHashes others.
  std::optional<std::size_t> add(Canonical canonical, std::optional<std::uint64_t> length);
  void update(std::string_view chunk);
  void finish();
  const BodyDigest& digest(std::size_t place) const { return digests_[place]; }  // after finish()

 private:
  std::vector<BodyHash> hashes_;
  std::vector<BodyDigest> digests_;
};

// A signature field of the header, parsed, and where the body's hash for it will be.
struct FoundSignature {
  std::size_t field = 0;  // in the header
  ParsedSignature parsed;
  std::size_t body = 0;   // in BodyHashes; meaningless with a fault
};
FoundSignature found_signature(SignatureKind kind, const Header& header, std::size_t field, BodyHashes& bodies);
// The DKIM-Signature fields from the top, at most kMaxSignatures.
std::vector<FoundSignature> find_signatures(const Header& header, BodyHashes& bodies);

struct DkimVerdict {
  policies::DkimResult result = policies::DkimResult::none;
  std::string reason;            // "" of pass
  std::string domain;            // d=; "" where it could not be read
  std::string identity;          // i=
  std::string selector;
  Algorithm algorithm = Algorithm::rsa_sha256;
  std::string signature_start;   // header.b (RFC 6008): the first 8 letters of b=
  std::uint64_t unsigned_octets = 0;  // of the body, behind l=, where the signature holds for what is before them: `policy`
  bool is_testing = false;       // t=y: a failure must be treated as no signature (RFC 6376 section 3.6.1)
};

// After bodies.finish(). Nothing: answers miss. For DKIM-Signature and ARC-Message-Signature.
std::optional<DkimVerdict> verify_signature(const Header& header, const FoundSignature& found, const BodyHashes& bodies,
                                            DnsAnswers& answers, Time now);

// Looks up a signature's key, and whether it signed the text: `verdict` gets result, reason and is_testing. False: answers miss.
// Shared with ARC-Seal, which signs another text.
bool check_key(const Signature& signature, const Digest& text, DnsAnswers& answers, DkimVerdict& verdict);

// The header's hash that a signature signs (section 3.7): the fields of h=, each name's from the bottom, then the field itself.
Digest signed_header(const Header& header, std::size_t signature_field, const Signature& signature);

}  // namespace telepost::adapters::smtp::authentication
