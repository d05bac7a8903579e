#include "adapters/smtp/authentication/spf_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/smtp/authentication/spf_macro.h"
#include "adapters/smtp/authentication/tag_list.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::SpfResult;

constexpr std::string_view kVersion = "v=spf1";

struct NamedMechanism {
  std::string_view name;
  Mechanism mechanism;
  enum class Domain : std::uint8_t { none, optional, required } domain;
  bool has_cidr;
};
constexpr std::array<NamedMechanism, 6> kMechanisms = {{{"all", Mechanism::all, NamedMechanism::Domain::none, false},
                                                        {"include", Mechanism::include, NamedMechanism::Domain::required, false},
                                                        {"a", Mechanism::a, NamedMechanism::Domain::optional, true},
                                                        {"mx", Mechanism::mx, NamedMechanism::Domain::optional, true},
                                                        {"ptr", Mechanism::ptr, NamedMechanism::Domain::optional, false},
                                                        {"exists", Mechanism::exists, NamedMechanism::Domain::required, false}}};

Error broken(std::string_view term) {
  return {Errc::invalid, "a term that SPF does not know: " + std::string(term.substr(0, 60))};
}

// "0" or digits without a leading zero (section 12).
std::optional<unsigned> cidr_from(std::string_view digits, unsigned most) {
  if (digits.size() > 1 && digits.front() == '0') return std::nullopt;
  const std::optional<std::uint64_t> bits = number_from(digits, 3);
  return bits && *bits <= most ? std::optional(static_cast<unsigned>(*bits)) : std::nullopt;
}

// Takes "/24", "//64" or "/24//64" off the end. False: what stands there is no length.
bool take_cidr(std::string_view& rest, Directive& directive) {
  // A slash inside of a macro is a delimiter.
  const std::size_t from = rest.rfind('}') == std::string_view::npos ? 0 : rest.rfind('}');
  const std::size_t slash = rest.find('/', from);
  if (slash == std::string_view::npos) return true;
  std::string_view lengths = rest.substr(slash);
  rest = rest.substr(0, slash);
  const std::size_t both = lengths.find("//");
  if (both != std::string_view::npos) {
    const auto bits = cidr_from(lengths.substr(both + 2), 128);
    if (!bits) return false;
    directive.bits6 = *bits;
    lengths = lengths.substr(0, both);
  }
  if (lengths.empty()) return true;
  const auto bits = cidr_from(lengths.substr(1), 32);
  if (bits) directive.bits4 = *bits;
  return bits.has_value();
}

bool take_network(std::string_view rest, Directive& directive) {
  const bool v6 = directive.mechanism == Mechanism::ip6;
  if (!rest.starts_with(':')) return false;
  rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  const std::string_view literal = rest.substr(0, slash);
  const std::optional<IpAddress> address = ip_address_from(literal);
  if (!address || (literal.find(':') != std::string_view::npos) != v6) return false;
  directive.network = *address;
  if (slash == std::string_view::npos) return true;
  const auto bits = cidr_from(rest.substr(slash + 1), v6 ? 128 : 32);
  if (bits) (v6 ? directive.bits6 : directive.bits4) = *bits;
  return bits.has_value();
}

bool take_mechanism(std::string_view term, Directive& directive) {
  const std::size_t name_end = std::min(term.find_first_of(":/"), term.size());
  const std::string_view name = term.substr(0, name_end);
  std::string_view rest = term.substr(name_end);
  if (equals_ignoring_case(name, "ip4") || equals_ignoring_case(name, "ip6")) {
    directive.mechanism = name.back() == '4' ? Mechanism::ip4 : Mechanism::ip6;
    return take_network(rest, directive);
  }
  const auto* known = std::find_if(kMechanisms.begin(), kMechanisms.end(),
                                   [name](const NamedMechanism& one) { return equals_ignoring_case(one.name, name); });
  if (known == kMechanisms.end()) return false;
  directive.mechanism = known->mechanism;
  if (known->has_cidr && !take_cidr(rest, directive)) return false;
  if (rest.empty()) return known->domain != NamedMechanism::Domain::required;
  if (known->domain == NamedMechanism::Domain::none || !rest.starts_with(':') || !is_domain_spec(rest.substr(1))) return false;
  directive.domain = rest.substr(1);
  return true;
}

// "name=" with a name of section 12, or nothing where the term is no modifier.
std::optional<std::string_view> modifier_name(std::string_view term) {
  const std::size_t end = term.find_first_of("=:/");
  if (end == std::string_view::npos || term[end] != '=') return std::nullopt;
  return term.substr(0, end);
}

bool is_modifier_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && letter(name.front()) && std::all_of(name.begin(), name.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

struct Modifiers {
  std::optional<std::string> redirect;
  bool has_explanation = false;
};

bool take_modifier(std::string_view name, std::string_view value, Modifiers& into) {
  if (!is_modifier_name(name)) return false;
  if (equals_ignoring_case(name, "redirect")) {
    if (into.redirect || !is_domain_spec(value)) return false;  // section 6: not twice
    into.redirect = value;
    return true;
  }
  if (equals_ignoring_case(name, "exp")) return !std::exchange(into.has_explanation, true) && is_domain_spec(value);
  return is_macro_string(value);
}

SpfResult qualifier_of(std::string_view& term) {
  constexpr std::string_view kQualifiers = "+-~?";
  constexpr std::array kResults = {SpfResult::pass, SpfResult::fail, SpfResult::softfail, SpfResult::neutral};
  const std::size_t place = term.empty() ? std::string_view::npos : kQualifiers.find(term.front());
  if (place == std::string_view::npos) return SpfResult::pass;
  term.remove_prefix(1);
  return kResults[place];
}

std::string value_of(char letter, const MacroFacts& facts) {
  const std::size_t at = facts.sender.rfind('@');
  switch (letter) {
    case 's': return std::string(facts.sender);
    case 'l': return std::string(facts.sender.substr(0, at));
    case 'o': return std::string(facts.sender.substr(at + 1));
    case 'd': return std::string(facts.domain);
    case 'p': return std::string(facts.validated);
    case 'h': return std::string(facts.hello);
    case 'v': return facts.client.is_v6 ? "ip6" : "in-addr";
    case 'i': break;
    default: return {};
  }
  if (!facts.client.is_v6) return to_string(facts.client);
  std::string nibbles;  // section 7.3: dot-separated
  for (const char digit : to_hex(facts.client.bytes())) nibbles.append({digit, '.'});
  nibbles.pop_back();
  return nibbles;
}

}  // namespace

bool is_spf_record(std::string_view text) {
  return starts_with_ignoring_case(text, kVersion) && (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

Result<SpfRecord> parse_spf_record(std::string_view text) {
  if (text.size() > kMaxSpfRecord) return {Errc::invalid, "the record is too long"};
  SpfRecord record;
  Modifiers modifiers;
  for (std::size_t begin = std::min(kVersion.size(), text.size()); begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    std::string_view term = text.substr(begin, end - begin);
    begin = end + 1;
    if (term.empty()) continue;
    if (const auto name = modifier_name(term)) {
      if (!take_modifier(*name, term.substr(name->size() + 1), modifiers)) return broken(term);
      continue;
    }
    Directive directive;
    std::string_view mechanism = term;
    directive.on_match = qualifier_of(mechanism);
    if (!take_mechanism(mechanism, directive)) return broken(term);
    record.directives.push_back(std::move(directive));
  }
  record.redirect = std::move(modifiers.redirect);
  return record;
}

std::string expand_domain_spec(std::string_view domain_spec, const MacroFacts& facts) {
  std::string name;
  while (!domain_spec.empty()) {
    const std::optional<MacroOrText> next = next_of_macro_string(domain_spec);
    if (!next) return {};
    name += next->macro ? transformed(*next->macro, value_of(next->macro->letter, facts)) : std::string(next->text);
  }
  if (name.ends_with('.')) name.pop_back();
  if (name.size() <= 253) return name;
  // Section 7.3: whole labels are left off the front, found at once: macros make half a megabyte of a record, and label by label
  // that cost its square.
  const std::size_t dot = name.find('.', name.size() - 254);
  return dot == std::string::npos ? std::string() : name.substr(dot + 1);
}

bool needs_validated_name(std::string_view domain_spec) {
  while (!domain_spec.empty()) {
    const std::optional<MacroOrText> next = next_of_macro_string(domain_spec);
    if (!next) return false;
    if (next->macro && next->macro->letter == 'p') return true;
  }
  return false;
}

}  // namespace telepost::adapters::smtp::authentication
