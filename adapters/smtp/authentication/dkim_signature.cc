#include "adapters/smtp/authentication/dkim_signature.h"

#include <algorithm>

#include "adapters/smtp/authentication/dns_answers.h"
#include "adapters/smtp/authentication/tag_list.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::uint64_t kMaxInstance = 50;  // RFC 8617 section 4.2.1

Result<std::string> base64_value(const TagList& tags, std::string_view name) {
  const std::optional<std::string_view> value = tags.find(name);
  if (!value) return {Errc::invalid, std::string(name) + "= is missing"};
  Result<std::string> octets = from_base64(without_white_space(*value));
  if (!octets.ok() || octets->empty()) return {Errc::invalid, std::string(name) + "= is no base64"};
  return octets;
}

Result<Algorithm> algorithm_from(const TagList& tags) {
  const std::string_view name = tags.find("a").value_or("");
  if (equals_ignoring_case(name, "rsa-sha256")) return Algorithm::rsa_sha256;
  if (equals_ignoring_case(name, "ed25519-sha256")) return Algorithm::ed25519_sha256;
  // RFC 8301 section 3.1: such a signature has failed for good.
  if (equals_ignoring_case(name, "rsa-sha1")) return {Errc::refused, "rsa-sha1 is not accepted"};
  if (name.empty()) return {Errc::invalid, "a= is missing"};
  return {Errc::unsupported, "an unknown algorithm"};
}

Result<void> take_domain(const TagList& tags, Signature& into) {
  const std::optional<std::string> domain = dns_name(without_white_space(tags.find("d").value_or("")));
  if (!domain) return {Errc::invalid, "d= is missing or no domain"};
  into.domain = *domain;
  into.selector = without_white_space(tags.find("s").value_or(""));
  if (into.selector.empty() || !dns_name(into.selector)) return {Errc::invalid, "s= is missing or no selector"};
  return {};
}

Result<void> take_canonical(const TagList& tags, Signature& into) {
  const std::string text = without_white_space(tags.find("c").value_or("simple/simple"));
  const std::size_t slash = text.find('/');
  const auto one = [](std::string_view name, Canonical& canonical) {
    if (equals_ignoring_case(name, "relaxed")) canonical = Canonical::relaxed;
    else if (equals_ignoring_case(name, "simple")) canonical = Canonical::simple;
    else return false;
    return true;
  };
  const std::string_view body = slash == std::string::npos ? "simple" : std::string_view(text).substr(slash + 1);
  if (!one(std::string_view(text).substr(0, slash), into.header) || !one(body, into.body)) {
    return {Errc::unsupported, "c= names an unknown canonical form"};
  }
  return {};
}

Result<void> take_fields(SignatureKind kind, const TagList& tags, Signature& into) {
  const std::vector<std::string_view> names = split(tags.find("h").value_or(""), ':');
  if (names.size() > kMaxSignedFields) return {Errc::invalid, "h= names too many fields"};
  for (const std::string_view name : names) {
    const std::string lower = to_lower(name);
    // RFC 8617 section 4.1.2: a seal signs what it seals by itself.
    if (lower.empty() || (kind == SignatureKind::arc_message && lower == "arc-seal")) return {Errc::invalid, "h= is missing or broken"};
    into.fields.push_back(lower);
  }
  if (std::find(into.fields.begin(), into.fields.end(), "from") == into.fields.end()) {
    return {Errc::invalid, "From is not signed"};  // RFC 6376 section 5.4
  }
  return {};
}

// Domain of i= must be d= or below it (section 3.5).
Result<void> take_identity(const TagList& tags, Signature& into) {
  const std::optional<std::string_view> given = tags.find("i");
  into.identity = given ? without_white_space(*given) : "@" + into.domain;
  const std::size_t at = into.identity.rfind('@');
  if (at == std::string::npos) return {Errc::invalid, "i= has no @"};
  const std::optional<std::string> domain = dns_name(std::string_view(into.identity).substr(at + 1));
  if (!domain || (*domain != into.domain && !domain->ends_with("." + into.domain))) {
    return {Errc::invalid, "the domain of i= is not below d="};
  }
  return {};
}

Result<void> take_number(const TagList& tags, std::string_view name, std::size_t digits, std::optional<std::uint64_t>& into) {
  const std::optional<std::string_view> value = tags.find(name);
  if (!value) return {};
  into = number_from(*value, digits);
  return into ? Result<void>() : Result<void>(Errc::invalid, std::string(name) + "= is no number");
}

Result<void> take_times(const TagList& tags, Signature& into) {
  std::optional<std::uint64_t> signed_at;
  TELEPOST_TRY(take_number(tags, "t", 12, signed_at));
  TELEPOST_TRY(take_number(tags, "x", 12, into.expires));
  if (signed_at && into.expires && *into.expires <= *signed_at) return {Errc::invalid, "x= is before t="};
  return {};
}

// All that DKIM-Signature and ARC-Message-Signature have and a seal has not.
Result<void> take_message_tags(SignatureKind kind, const TagList& tags, Signature& into) {
  TELEPOST_TRY(take_canonical(tags, into));
  TELEPOST_ASSIGN(into.body_hash, base64_value(tags, "bh"));
  if (into.body_hash.size() != 32) return {Errc::invalid, "bh= is no SHA-256"};
  TELEPOST_TRY(take_number(tags, "l", 18, into.body_length));
  return take_fields(kind, tags, into);
}

Result<void> take_dkim_tags(const TagList& tags, Signature& into) {
  if (tags.find("v").value_or("") != "1") return {Errc::invalid, "v= is not 1"};
  TELEPOST_TRY(take_identity(tags, into));
  const std::vector<std::string_view> methods = split(tags.find("q").value_or("dns/txt"), ':');
  const bool by_dns = std::any_of(methods.begin(), methods.end(), [](std::string_view q) { return equals_ignoring_case(q, "dns/txt"); });
  return by_dns ? Result<void>() : Result<void>(Errc::unsupported, "q= names no way to its key that we know");
}

Result<void> take_arc_tags(SignatureKind kind, const TagList& tags, std::string_view value, Signature& into) {
  const std::optional<std::uint64_t> instance = arc_instance(value);
  if (!instance) return {Errc::invalid, "i= is not 1 to 50"};
  into.instance = *instance;
  if (kind == SignatureKind::arc_message) return {};
  // RFC 8617 section 4.1.3: a seal has no h= (and no bh=, l=, c=), and one with it must fail.
  if (tags.find("h")) return {Errc::invalid, "a seal with h="};
  into.header = Canonical::relaxed;
  into.chain = to_lower(tags.find("cv").value_or(""));
  const bool known = into.chain == "none" || into.chain == "pass" || into.chain == "fail";
  return known ? Result<void>() : Result<void>(Errc::invalid, "cv= is missing or unknown");
}

Result<void> take(SignatureKind kind, std::string_view value, Signature& into) {
  TELEPOST_ASSIGN(const TagList tags, TagList::parse(value));
  TELEPOST_TRY(take_domain(tags, into));
  TELEPOST_ASSIGN(into.algorithm, algorithm_from(tags));
  TELEPOST_ASSIGN(into.signature, base64_value(tags, "b"));
  TELEPOST_TRY(take_times(tags, into));
  if (kind != SignatureKind::arc_seal) TELEPOST_TRY(take_message_tags(kind, tags, into));
  return kind == SignatureKind::dkim ? take_dkim_tags(tags, into) : take_arc_tags(kind, tags, value, into);
}

bool names(std::string_view list, std::string_view wanted) {
  const std::vector<std::string_view> all = split(list, ':');
  return std::any_of(all.begin(), all.end(), [wanted](std::string_view one) { return equals_ignoring_case(one, wanted); });
}

}  // namespace

ParsedSignature parse_signature(SignatureKind kind, std::string_view value) {
  ParsedSignature parsed;
  const Result<void> taken = take(kind, value, parsed.signature);
  if (!taken.ok()) parsed.fault = taken.error();
  return parsed;
}

std::optional<std::uint64_t> arc_instance(std::string_view value) {
  // ARC-Authentication-Results is no tag list behind its first semicolon (RFC 8617 section 4.1.1).
  for (std::string_view spec : split(value, ';')) {
    const std::size_t equals = spec.find('=');
    if (equals == std::string_view::npos || trim(spec.substr(0, equals)) != "i") continue;
    const std::optional<std::uint64_t> instance = number_from(trim(spec.substr(equals + 1)), 2);
    return instance && *instance >= 1 && *instance <= kMaxInstance ? instance : std::nullopt;
  }
  return std::nullopt;
}

Result<KeyRecord> parse_key_record(std::string_view text) {
  TELEPOST_ASSIGN(const TagList tags, TagList::parse(text));
  if (const auto version = tags.find("v"); version && (*version != "DKIM1" || tags.tags().front().name != "v")) {
    return {Errc::invalid, "no key record"};
  }
  KeyRecord record;
  const std::string_view kind = tags.find("k").value_or("rsa");
  if (equals_ignoring_case(kind, "ed25519")) record.algorithm = Algorithm::ed25519_sha256;
  else if (!equals_ignoring_case(kind, "rsa")) return {Errc::unsupported, "an unknown kind of key"};
  if (const auto hashes = tags.find("h"); hashes && !names(*hashes, "sha256")) return {Errc::invalid, "the key is not for sha256"};
  if (const auto services = tags.find("s"); services && !names(*services, "*") && !names(*services, "email")) {
    return {Errc::invalid, "the key is not for mail"};
  }
  record.is_testing = names(tags.find("t").value_or(""), "y");
  record.is_strict = names(tags.find("t").value_or(""), "s");
  const std::optional<std::string_view> key = tags.find("p");
  if (!key) return {Errc::invalid, "the key record has no p="};
  Result<std::string> octets = from_base64(without_white_space(*key));
  if (!octets.ok()) return {Errc::invalid, "p= is no base64"};
  record.key = std::move(octets).value();
  return record;
}

std::string key_name(const Signature& signature) { return signature.selector + "._domainkey." + signature.domain; }

}  // namespace telepost::adapters::smtp::authentication
