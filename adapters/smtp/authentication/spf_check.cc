#include "adapters/smtp/authentication/spf_check.h"

#include <algorithm>
#include <variant>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::SpfResult;

// How the evaluation of a term or record ends early.
enum class Stop : std::uint8_t { missing, temperror, permerror };
struct Ended {
  Stop stop;
  std::string reason;
};
template <typename T>
using Outcome = std::variant<T, Ended>;

Ended too_many_voids() { return {Stop::permerror, "more than 2 lookups that find nothing"}; }

// An answer that is none. Beyond the bound of the message's questions it is the record's fault (section 4.6.4).
std::optional<Ended> failure_of(const Answer& answer, std::string_view name) {
  if (answer.status == Answer::Status::failed) return Ended{Stop::temperror, "no answer for " + std::string(name)};
  if (answer.status == Answer::Status::too_many) return Ended{Stop::permerror, "it leads to too many questions"};
  return std::nullopt;
}

struct Judged {
  SpfResult result = SpfResult::neutral;
  std::string reason;
};

class Check {
 public:
  Check(const SpfFacts& facts, std::string sender, DnsAnswers& answers)
      : facts_(facts), sender_(std::move(sender)), answers_(answers) {}

  // check_host() for a domain, at most kMaxSpfTerms levels deep because every level was a counted term.
  Outcome<Judged> judge(const std::string& domain);

 private:
  Outcome<std::optional<SpfRecord>> record_of(const std::string& domain);
  Outcome<bool> matches(const Directive& directive, const std::string& domain);
  Outcome<bool> includes(const std::string& target);
  Outcome<bool> has_address(const std::string& name, const Directive& directive);
  Outcome<bool> has_exchange(const std::string& name, const Directive& directive);
  Outcome<bool> exists(const std::string& name);
  Outcome<bool> has_validated_name(const std::string& target);
  Outcome<Judged> redirected(const std::string& domain_spec, const std::string& domain);
  Outcome<std::string> expand(const std::string& domain_spec, const std::string& domain);
  Outcome<std::vector<std::string>> validated_names();
  Outcome<const Answer*> look_up(RecordType type, const std::string& name);
  std::optional<Ended> count_term();
  RecordType address_type() const { return facts_.client.is_v6 ? RecordType::aaaa : RecordType::a; }

  const SpfFacts& facts_;
  const std::string sender_;
  DnsAnswers& answers_;
  unsigned terms_ = 0;
  unsigned voids_ = 0;
};

std::optional<Ended> Check::count_term() {
  if (++terms_ <= kMaxSpfTerms) return std::nullopt;
  return Ended{Stop::permerror, "more than 10 terms that ask the DNS"};
}

// A query of a term: what finds nothing is counted.
Outcome<const Answer*> Check::look_up(RecordType type, const std::string& name) {
  const Answer* const answer = answers_.find(type, name);
  if (answer == nullptr) return Ended{Stop::missing, ""};
  if (auto failure = failure_of(*answer, name)) return std::move(*failure);
  if (answer->status == Answer::Status::nothing && ++voids_ > kMaxVoidLookups) return too_many_voids();
  return answer;
}

Outcome<std::optional<SpfRecord>> Check::record_of(const std::string& domain) {
  const Answer* const answer = answers_.find(RecordType::txt, domain);
  if (answer == nullptr) return Ended{Stop::missing, ""};
  if (auto failure = failure_of(*answer, domain)) return std::move(*failure);
  const std::string* found = nullptr;
  for (const std::string& text : answer->records) {
    if (!is_spf_record(text)) continue;
    if (found != nullptr) return Ended{Stop::permerror, domain + " has several records"};  // section 4.5
    found = &text;
  }
  if (found == nullptr) return std::optional<SpfRecord>();
  Result<SpfRecord> record = parse_spf_record(*found);
  if (!record.ok()) return Ended{Stop::permerror, domain + " has " + record.error().detail};
  return std::optional<SpfRecord>(std::move(record).value());
}

Outcome<Judged> Check::judge(const std::string& domain) {
  Outcome<std::optional<SpfRecord>> found = record_of(domain);
  if (Ended* const ended = std::get_if<Ended>(&found)) return std::move(*ended);
  const std::optional<SpfRecord>& record = std::get<0>(found);
  if (!record) return Judged{SpfResult::none, domain + " has no record"};
  bool has_all = false;
  for (const Directive& directive : record->directives) {
    has_all = has_all || directive.mechanism == Mechanism::all;
    Outcome<bool> matched = matches(directive, domain);
    if (Ended* const ended = std::get_if<Ended>(&matched)) return std::move(*ended);
    if (std::get<bool>(matched)) return Judged{directive.on_match, "by the record of " + domain};
  }
  // Section 6.1: a redirect beside an "all" counts for nothing, wherever it stands.
  if (record->redirect && !has_all) return redirected(*record->redirect, domain);
  return Judged{SpfResult::neutral, "nothing in the record of " + domain + " matches"};
}

Outcome<Judged> Check::redirected(const std::string& domain_spec, const std::string& domain) {
  if (auto ended = count_term()) return std::move(*ended);
  Outcome<std::string> target = expand(domain_spec, domain);
  if (Ended* const ended = std::get_if<Ended>(&target)) return std::move(*ended);
  Outcome<Judged> judged = judge(std::get<std::string>(target));
  const Judged* const result = std::get_if<Judged>(&judged);
  if (result != nullptr && result->result == SpfResult::none) return Ended{Stop::permerror, "redirect to a domain without record"};
  return judged;
}

Outcome<bool> Check::includes(const std::string& target) {
  Outcome<Judged> judged = judge(target);
  if (Ended* const ended = std::get_if<Ended>(&judged)) return std::move(*ended);
  const SpfResult result = std::get<Judged>(judged).result;
  if (result == SpfResult::none) return Ended{Stop::permerror, "include of " + target + ", which has no record"};  // section 5.2
  return result == SpfResult::pass;
}

Outcome<bool> Check::matches(const Directive& directive, const std::string& domain) {
  switch (directive.mechanism) {
    case Mechanism::all: return true;
    case Mechanism::ip4: return !facts_.client.is_v6 && facts_.client.matches(directive.network, directive.bits4);
    case Mechanism::ip6: return facts_.client.is_v6 && facts_.client.matches(directive.network, directive.bits6);
    case Mechanism::include:
    case Mechanism::a:
    case Mechanism::mx:
    case Mechanism::ptr:
    case Mechanism::exists: break;
  }
  if (auto ended = count_term()) return std::move(*ended);
  Outcome<std::string> target = directive.domain.empty() ? Outcome<std::string>(domain) : expand(directive.domain, domain);
  if (Ended* const ended = std::get_if<Ended>(&target)) return std::move(*ended);
  const std::string& name = std::get<std::string>(target);
  switch (directive.mechanism) {
    case Mechanism::include: return includes(name);
    case Mechanism::a: return has_address(name, directive);
    case Mechanism::mx: return has_exchange(name, directive);
    case Mechanism::ptr: return has_validated_name(name);
    case Mechanism::exists: return exists(name);
    case Mechanism::all:
    case Mechanism::ip4:
    case Mechanism::ip6: break;
  }
  return false;
}

Outcome<std::string> Check::expand(const std::string& domain_spec, const std::string& domain) {
  std::string validated = "unknown";
  if (needs_validated_name(domain_spec)) {
    Outcome<std::vector<std::string>> names = validated_names();
    if (Ended* const ended = std::get_if<Ended>(&names)) return std::move(*ended);
    // Section 7.3: the domain itself, else one below it, else any.
    int best = 0;
    for (const std::string& name : std::get<0>(names)) {
      const int rank = name == domain ? 3 : name.ends_with("." + domain) ? 2 : 1;
      if (rank > best) best = rank, validated = name;
    }
  }
  return expand_domain_spec(domain_spec, {facts_.client, sender_, domain, facts_.hello, validated});
}

Outcome<bool> Check::has_address(const std::string& name, const Directive& directive) {
  Outcome<const Answer*> answer = look_up(address_type(), name);
  if (Ended* const ended = std::get_if<Ended>(&answer)) return std::move(*ended);
  const std::vector<std::string>& records = std::get<const Answer*>(answer)->records;
  return std::any_of(records.begin(), records.end(), [&](const std::string& octets) {
    const std::optional<IpAddress> address = ip_address_from_octets(octets);
    return address && facts_.client.matches(*address, facts_.client.is_v6 ? directive.bits6 : directive.bits4);
  });
}

Outcome<bool> Check::has_exchange(const std::string& name, const Directive& directive) {
  Outcome<const Answer*> answer = look_up(RecordType::mx, name);
  if (Ended* const ended = std::get_if<Ended>(&answer)) return std::move(*ended);
  const std::vector<std::string>& exchanges = std::get<const Answer*>(answer)->records;
  if (exchanges.size() > kMaxMxOrPtrNames) return Ended{Stop::permerror, name + " has more than 10 exchanges"};
  for (const std::string& exchange : exchanges) (void)answers_.find(address_type(), exchange);  // asked together
  for (const std::string& exchange : exchanges) {
    Outcome<bool> matched = has_address(exchange, directive);
    if (!std::holds_alternative<bool>(matched) || std::get<bool>(matched)) return matched;
  }
  return false;
}

// Section 5.7: A records, for IPv6 too.
Outcome<bool> Check::exists(const std::string& name) {
  Outcome<const Answer*> answer = look_up(RecordType::a, name);
  if (Ended* const ended = std::get_if<Ended>(&answer)) return std::move(*ended);
  return std::get<const Answer*>(answer)->status == Answer::Status::found;
}

// Section 5.5: names of the client's address that lead back to it. What fails here is only no match.
Outcome<std::vector<std::string>> Check::validated_names() {
  const Answer* const answer = answers_.find(RecordType::ptr, reverse_name(facts_.client));
  if (answer == nullptr) return Ended{Stop::missing, ""};
  if (answer->status == Answer::Status::too_many) return *failure_of(*answer, "");
  if (answer->status == Answer::Status::nothing && ++voids_ > kMaxVoidLookups) return too_many_voids();
  std::vector<std::string> valid;
  bool missing = false;
  for (std::size_t i = 0; i < std::min(answer->records.size(), kMaxMxOrPtrNames); ++i) {
    const Answer* const addresses = answers_.find(address_type(), answer->records[i]);
    missing = missing || addresses == nullptr;
    if (addresses == nullptr) continue;
    if (addresses->status == Answer::Status::too_many) return *failure_of(*addresses, "");
    const bool leads_back = std::any_of(addresses->records.begin(), addresses->records.end(), [&](const std::string& octets) {
      return ip_address_from_octets(octets) == facts_.client;
    });
    const std::optional<std::string> name = dns_name(answer->records[i]);
    if (leads_back && name) valid.push_back(*name);
  }
  if (missing) return Ended{Stop::missing, ""};
  return valid;
}

Outcome<bool> Check::has_validated_name(const std::string& target) {
  Outcome<std::vector<std::string>> names = validated_names();
  if (Ended* const ended = std::get_if<Ended>(&names)) return std::move(*ended);
  const std::vector<std::string>& valid = std::get<0>(names);
  const std::string wanted = dns_name(target).value_or("");
  return std::any_of(valid.begin(), valid.end(), [&wanted](const std::string& name) {
    return !wanted.empty() && (name == wanted || name.ends_with("." + wanted));
  });
}

SpfResult result_of(Stop stop) { return stop == Stop::temperror ? SpfResult::temperror : SpfResult::permerror; }

}  // namespace

std::optional<SpfVerdict> check_spf(const SpfFacts& facts, DnsAnswers& answers) {
  SpfVerdict verdict;
  verdict.of_hello = facts.sender.empty();
  std::string sender = verdict.of_hello ? "postmaster@" + facts.hello : facts.sender;
  if (sender.starts_with('@') || sender.find('@') == std::string::npos) {
    sender = "postmaster@" + sender.substr(sender.starts_with('@') ? 1 : 0);  // section 4.3
  }
  const std::optional<std::string> domain = dns_name(std::string_view(sender).substr(sender.rfind('@') + 1));
  if (!domain || domain->find('.') == std::string::npos || domain->find_first_of("[]:") != std::string::npos) {
    verdict.reason = "no domain to ask";  // an address literal, "localhost", nothing
    return verdict;
  }
  verdict.domain = *domain;
  Outcome<Judged> outcome = Check(facts, sender, answers).judge(*domain);
  if (const Ended* const ended = std::get_if<Ended>(&outcome)) {
    if (ended->stop == Stop::missing) return std::nullopt;
    verdict.result = result_of(ended->stop);
    verdict.reason = ended->reason;
    return verdict;
  }
  verdict.result = std::get<Judged>(outcome).result;
  verdict.reason = std::get<Judged>(outcome).reason;
  return verdict;
}

}  // namespace telepost::adapters::smtp::authentication
