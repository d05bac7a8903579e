#include "adapters/smtp/authentication/dkim_verify.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::DkimResult;

constexpr std::size_t kMaxKeyRecords = 4;  // of one name, which should have one

// A message whose h= repeats a long field hundreds of times must not cost its square: each name is used up from the bottom.
class UnusedFields {
 public:
  UnusedFields(const Header& header, std::size_t except) {
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (i != except) places_[header[i].name].push_back(i);
    }
  }
  std::optional<std::size_t> take(std::string_view name) {
    const auto found = places_.find(name);
    if (found == places_.end() || found->second.empty()) return std::nullopt;
    const std::size_t place = found->second.back();
    found->second.pop_back();
    return place;
  }

 private:
  std::unordered_map<std::string_view, std::vector<std::size_t>> places_;
};

DkimResult result_of(const Error& fault) {
  if (fault.kind == Errc::refused) return DkimResult::policy;
  return fault.kind == Errc::unsupported ? DkimResult::neutral : DkimResult::permerror;
}

void set(DkimVerdict& verdict, DkimResult result, std::string reason) {
  verdict.result = result;
  verdict.reason = std::move(reason);
}

// The first record that is a key, else what is wrong with the first.
Result<KeyRecord> key_record_of(const std::vector<std::string>& texts) {
  Result<KeyRecord> first(Errc::invalid, "no key");
  for (std::size_t i = 0; i < std::min(texts.size(), kMaxKeyRecords); ++i) {
    Result<KeyRecord> record = parse_key_record(texts[i]);
    if (record.ok()) return record;
    if (i == 0) first = std::move(record);
  }
  return first;
}

// What the signature promises without its key.
std::optional<std::string> fault_before_key(const Signature& signature, const BodyDigest& body, Time now) {
  if (signature.expires && static_cast<std::int64_t>(*signature.expires) < to_millis(now) / 1000) return "the signature has expired";
  if (signature.body_length && *signature.body_length > body.size_bytes) return "the body is shorter than l=";
  if (body.digest.view() != signature.body_hash) return "the body is not what was signed";
  return std::nullopt;
}

DkimVerdict verdict_of(const ParsedSignature& parsed) {
  DkimVerdict verdict;
  verdict.domain = parsed.signature.domain;
  verdict.identity = parsed.signature.identity;
  verdict.selector = parsed.signature.selector;
  verdict.algorithm = parsed.signature.algorithm;
  verdict.signature_start = to_base64(parsed.signature.signature.substr(0, 6)).substr(0, 8);
  return verdict;
}

}  // namespace

std::optional<std::size_t> BodyHashes::add(Canonical canonical, std::optional<std::uint64_t> length) {
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    if (hashes_[i].canonical() == canonical && hashes_[i].length() == length) return i;
  }
  if (hashes_.size() == kMaxBodyHashes) return std::nullopt;
  hashes_.emplace_back(canonical, length);
  return hashes_.size() - 1;
}

void BodyHashes::update(std::string_view chunk) {
  for (BodyHash& hash : hashes_) hash.update(chunk);
}

void BodyHashes::finish() {
  for (BodyHash& hash : hashes_) digests_.push_back(hash.finish());
}

FoundSignature found_signature(SignatureKind kind, const Header& header, std::size_t field, BodyHashes& bodies) {
  FoundSignature found{field, parse_signature(kind, header[field].value()), 0};
  const Signature& signature = found.parsed.signature;
  if (found.parsed.fault) return found;
  const std::optional<std::size_t> body = bodies.add(signature.body, signature.body_length);
  if (body) found.body = *body;
  else found.parsed.fault = Error{Errc::unsupported, "the message wants its body hashed in too many ways"};
  return found;
}

std::vector<FoundSignature> find_signatures(const Header& header, BodyHashes& bodies) {
  std::vector<FoundSignature> found;
  for (std::size_t i = 0; i < header.size() && found.size() < kMaxSignatures; ++i) {
    if (header[i].name == "dkim-signature") found.push_back(found_signature(SignatureKind::dkim, header, i, bodies));
  }
  return found;
}

Digest signed_header(const Header& header, std::size_t signature_field, const Signature& signature) {
  Sha256 hash;
  UnusedFields unused(header, signature_field);
  for (const std::string& name : signature.fields) {
    if (const auto place = unused.take(name)) hash.update(canonical_field(header[*place], signature.header));
  }
  hash.update(canonical_signature_field(header[signature_field], signature.header));
  return hash.finish();
}

bool check_key(const Signature& signature, const Digest& text, DnsAnswers& answers, DkimVerdict& verdict) {
  const Answer* const answer = answers.find(RecordType::txt, key_name(signature));
  if (answer == nullptr) return false;
  if (answer->status == Answer::Status::failed) return set(verdict, DkimResult::temperror, "the key could not be looked up"), true;
  if (answer->status == Answer::Status::too_many) return set(verdict, DkimResult::policy, "the message leads to too many questions"), true;
  if (answer->status == Answer::Status::nothing) return set(verdict, DkimResult::permerror, "there is no such key"), true;
  const Result<KeyRecord> record = key_record_of(answer->records);
  if (!record.ok()) return set(verdict, result_of(record.error()), record.error().detail), true;
  verdict.is_testing = record->is_testing;
  if (record->key.empty()) return set(verdict, DkimResult::permerror, "the key was revoked"), true;
  if (record->algorithm != signature.algorithm) return set(verdict, DkimResult::permerror, "the key is of another algorithm"), true;
  if (record->is_strict && !signature.identity.empty() &&
      dns_name(std::string_view(signature.identity).substr(signature.identity.rfind('@') + 1)) != signature.domain) {
    return set(verdict, DkimResult::permerror, "i= is below d=, which the key forbids"), true;
  }
  const Result<PublicKey> key = PublicKey::from(signature.algorithm, record->key);
  if (!key.ok()) return set(verdict, result_of(key.error()), key.error().detail), true;
  const bool valid = key->verifies(text, signature.signature);
  set(verdict, valid ? DkimResult::pass : DkimResult::fail, valid ? "" : "the header is not what was signed");
  return true;
}

std::optional<DkimVerdict> verify_signature(const Header& header, const FoundSignature& found, const BodyHashes& bodies,
                                            DnsAnswers& answers, Time now) {
  const Signature& signature = found.parsed.signature;
  DkimVerdict verdict = verdict_of(found.parsed);
  if (found.parsed.fault) {
    set(verdict, result_of(*found.parsed.fault), found.parsed.fault->detail);
    return verdict;
  }
  const BodyDigest& body = bodies.digest(found.body);
  if (const auto fault = fault_before_key(signature, body, now)) {
    set(verdict, DkimResult::fail, *fault);
    return verdict;
  }
  if (answers.find(RecordType::txt, key_name(signature)) == nullptr) return std::nullopt;  // before the costly part
  if (!check_key(signature, signed_header(header, found.field, signature), answers, verdict)) return std::nullopt;
  if (verdict.result == DkimResult::pass && signature.body_length && *signature.body_length < body.size_bytes) {
    // RFC 6376 section 8.2: anybody may have added the rest, or put all that is seen into it. It proves nobody (RFC 8601 section 2.7.1).
    verdict.unsigned_octets = body.size_bytes - *signature.body_length;
    set(verdict, DkimResult::policy, std::to_string(verdict.unsigned_octets) + " octets behind l= are not signed");
  }
  return verdict;
}

}  // namespace telepost::adapters::smtp::authentication
