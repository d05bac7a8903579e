// Authenticated Received Chain (RFC 8617): what the servers before us saw, each sealed by the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/dkim_verify.h"

namespace telepost::adapters::smtp::authentication {

// One instance: where its three fields stand in the header.
struct ArcSet {
  std::size_t results = 0;  // ARC-Authentication-Results
  std::size_t message = 0;  // ARC-Message-Signature
  std::size_t seal = 0;     // ARC-Seal
};

struct ArcChain {
  std::vector<ArcSet> sets;             // of instances 1, 2, …
  std::string fault;                    // the fields make no chain (section 5.2, steps 1 to 3); "" if they do
  std::optional<FoundSignature> newest; // the last ARC-Message-Signature, where there is a chain
  bool newest_passes = false;           // what verify_arc() has found so far
  std::size_t seals_that_pass = 0;      // of the last instances
};
// At the end of the header.
ArcChain find_arc_chain(const Header& header, BodyHashes& bodies);

struct ArcVerdict {
  policies::ArcResult result = policies::ArcResult::none;
  std::string reason;
  std::size_t instances = 0;
  std::string sealer;          // d= of the last seal
  bool saw_dmarc_pass = false; // the last ARC-Authentication-Results says dmarc=pass, and the chain is valid
};
// Section 5.2, after bodies.finish(). Nothing: an answer is missing, and the chain remembers what holds. One key is asked for
// after the other, the newest signature's first, and none behind a failure: who writes fifty sets that are worth nothing has
// nobody asked fifty questions.
std::optional<ArcVerdict> verify_arc(const Header& header, ArcChain& chain, const BodyHashes& bodies,
                                     DnsAnswers& answers, Time now);

}  // namespace telepost::adapters::smtp::authentication
