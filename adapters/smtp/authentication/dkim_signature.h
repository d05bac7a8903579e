// DKIM-Signature (RFC 6376 section 3.5) and its kin of ARC (RFC 8617 section 4.1), as typed values; and the key record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/dkim_canonical.h"
#include "adapters/smtp/authentication/dkim_crypto.h"
#include "base/result.h"

namespace telepost::adapters::smtp::authentication {

inline constexpr std::size_t kMaxSignedFields = 500;  // names in h=

struct Signature {
  Algorithm algorithm = Algorithm::rsa_sha256;
  std::string signature;                     // b=, decoded
  std::string domain;                        // d=, A-labels in lower case
  std::string selector;                      // s=, as it stands
  std::string identity;                      // i= as it stands, or "@" and the domain; of ARC ""
  Canonical header = Canonical::simple;
  Canonical body = Canonical::simple;
  std::string body_hash;                     // bh=, decoded; of ARC-Seal ""
  std::vector<std::string> fields;           // h=, lower case, in its order; of ARC-Seal none
  std::optional<std::uint64_t> body_length;  // l=
  std::optional<std::uint64_t> expires;      // x=, seconds since 1970
  std::uint64_t instance = 0;                // i= of ARC, 1 to 50
  std::string chain;                         // cv= of ARC-Seal
};

enum class SignatureKind : std::uint8_t { dkim, arc_message, arc_seal };
// What can be said of one that is not usable: the domain and selector, where they could be read.
struct ParsedSignature {
  Signature signature;
  std::optional<Error> fault;  // invalid: permerror; refused: an algorithm that is not accepted any more; unsupported: neutral
};
ParsedSignature parse_signature(SignatureKind kind, std::string_view value);

// i=, and nothing else that could be wrong: 1 to 50, or nothing. For ARC-Authentication-Results too.
std::optional<std::uint64_t> arc_instance(std::string_view value);

// RFC 6376 section 3.6.1.
struct KeyRecord {
  Algorithm algorithm = Algorithm::rsa_sha256;  // k=
  std::string key;                              // p=, decoded; "" where it was revoked
  bool is_testing = false;                      // t=y
  bool is_strict = false;                       // t=s: i= must have d='s very domain
};
// invalid: no key record, or not for mail (s=), or not for SHA-256 (h=). unsupported: another kind of key.
Result<KeyRecord> parse_key_record(std::string_view text);
// "selector._domainkey.example.test"
std::string key_name(const Signature& signature);

}  // namespace telepost::adapters::smtp::authentication
