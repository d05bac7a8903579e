#include "adapters/smtp/authentication/arc.h"

#include <algorithm>

#include "adapters/smtp/authentication/authentication_results.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::ArcResult;
using policies::DkimResult;

constexpr std::size_t kAbsent = ~std::size_t{0};

std::size_t* place_in(ArcSet& set, std::string_view name) {
  if (name == "arc-authentication-results") return &set.results;
  if (name == "arc-message-signature") return &set.message;
  return name == "arc-seal" ? &set.seal : nullptr;
}

bool is_complete(const ArcSet& set) { return set.results != kAbsent && set.message != kAbsent && set.seal != kAbsent; }

// The sets' fields, in the order in which a seal signs them (section 5.1.1); the last one's own value of b= is left out.
Digest sealed_text(const Header& header, const ArcChain& chain, std::size_t instance) {
  Sha256 hash;
  for (std::size_t i = 0; i < instance; ++i) {
    const ArcSet& set = chain.sets[i];
    hash.update(canonical_field(header[set.results], Canonical::relaxed));
    hash.update(canonical_field(header[set.message], Canonical::relaxed));
    if (i + 1 == instance) hash.update(canonical_signature_field(header[set.seal], Canonical::relaxed));
    else hash.update(canonical_field(header[set.seal], Canonical::relaxed));
  }
  return hash.finish();
}

// Why a seal is not what its instance needs, without its key; "" if it is.
std::string fault_of_seal(const ParsedSignature& seal, std::size_t instance) {
  if (seal.fault) return "a broken seal: " + seal.fault->detail;
  if (seal.signature.chain != (instance == 1 ? "none" : "pass")) return "the seal tells of a broken chain";
  return {};
}

ArcVerdict failed(ArcVerdict verdict, std::string reason, std::size_t instance) {
  verdict.result = ArcResult::fail;
  verdict.reason = std::move(reason) + " (i=" + std::to_string(instance) + ")";
  return verdict;
}

}  // namespace

ArcChain find_arc_chain(const Header& header, BodyHashes& bodies) {
  ArcChain chain;
  for (std::size_t i = 0; i < header.size(); ++i) {
    ArcSet probe;
    if (place_in(probe, header[i].name) == nullptr) continue;
    const std::optional<std::uint64_t> instance = arc_instance(header[i].value());
    if (!instance) {
      chain.fault = "a field without an instance of 1 to 50";
      continue;
    }
    if (chain.sets.size() < *instance) chain.sets.resize(*instance, {kAbsent, kAbsent, kAbsent});
    std::size_t& place = *place_in(chain.sets[*instance - 1], header[i].name);
    if (place != kAbsent) chain.fault = "an instance has a field twice";
    place = i;
  }
  if (!std::all_of(chain.sets.begin(), chain.sets.end(), is_complete)) chain.fault = "an instance is not complete";
  if (!chain.fault.empty() || chain.sets.empty()) return chain;
  chain.newest = found_signature(SignatureKind::arc_message, header, chain.sets.back().message, bodies);
  return chain;
}

std::optional<ArcVerdict> verify_arc(const Header& header, ArcChain& chain, const BodyHashes& bodies,
                                     DnsAnswers& answers, Time now) {
  ArcVerdict verdict;
  verdict.instances = chain.sets.size();
  if (!chain.fault.empty()) return failed(verdict, chain.fault, verdict.instances);
  if (chain.sets.empty()) return verdict;
  std::vector<ParsedSignature> seals;
  for (std::size_t i = 1; i <= chain.sets.size(); ++i) {
    seals.push_back(parse_signature(SignatureKind::arc_seal, header[chain.sets[i - 1].seal].value()));
    if (const std::string fault = fault_of_seal(seals.back(), i); !fault.empty()) return failed(verdict, fault, i);
  }
  verdict.sealer = seals.back().signature.domain;
  if (!chain.newest_passes) {
    const std::optional<DkimVerdict> newest = verify_signature(header, *chain.newest, bodies, answers, now);
    if (!newest) return std::nullopt;
    if (newest->result != DkimResult::pass) return failed(verdict, "the message's signature: " + newest->reason, seals.size());
    chain.newest_passes = true;
  }
  for (; chain.seals_that_pass < seals.size(); ++chain.seals_that_pass) {
    const std::size_t i = seals.size() - chain.seals_that_pass;
    const Signature& signature = seals[i - 1].signature;
    if (answers.find(RecordType::txt, key_name(signature)) == nullptr) return std::nullopt;  // before the costly part
    DkimVerdict seal;
    if (!check_key(signature, sealed_text(header, chain, i), answers, seal)) return std::nullopt;
    if (seal.result != DkimResult::pass) return failed(verdict, "the seal: " + seal.reason, i);
  }
  verdict.result = ArcResult::pass;
  verdict.saw_dmarc_pass = reports_dmarc_pass(header[chain.sets.back().results].value());
  return verdict;
}

}  // namespace telepost::adapters::smtp::authentication
