#include "adapters/smtp/authentication/dmarc.h"

#include <algorithm>
#include <iterator>

#include "adapters/smtp/authentication/public_suffix.h"
#include "adapters/smtp/authentication/tag_list.h"
#include "base/bytes.h"
#include "transcoders/mime/fields.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::DkimResult;
using policies::DmarcRequest;
using policies::DmarcResult;
using policies::SpfResult;

constexpr std::size_t kMaxAuthors = 100;

std::optional<DmarcRequest> request_from(std::string_view word) {
  if (equals_ignoring_case(word, "none")) return DmarcRequest::none;
  if (equals_ignoring_case(word, "quarantine")) return DmarcRequest::quarantine;
  if (equals_ignoring_case(word, "reject")) return DmarcRequest::reject;
  return std::nullopt;
}

enum class Found : std::uint8_t { missing, failed, nothing, record };
// Section 6.6.3, steps 1 to 3: records of other versions do not count, and of several none does.
Found record_at(const std::string& domain, DnsAnswers& answers, DmarcRecord& into) {
  const Answer* const answer = answers.find(RecordType::txt, "_dmarc." + domain);
  if (answer == nullptr) return Found::missing;
  if (answer->status == Answer::Status::failed || answer->status == Answer::Status::too_many) return Found::failed;
  std::vector<std::string> texts;
  std::copy_if(answer->records.begin(), answer->records.end(), std::back_inserter(texts), is_dmarc_record);
  if (texts.size() != 1) return Found::nothing;
  const Result<DmarcRecord> record = parse_dmarc_record(texts.front());
  if (!record.ok()) return Found::nothing;
  into = *record;
  return Found::record;
}

struct Published {
  Found found = Found::nothing;
  DmarcRecord record;
  bool by_organization = false;
};

Published published_for(const std::string& author, DnsAnswers& answers) {
  Published published;
  const std::string organization = organizational_domain(author).value_or(author);
  DmarcRecord of_organization;
  // Both are asked for at once: most subdomains have none of their own.
  const Found there = organization == author ? Found::nothing : record_at(organization, answers, of_organization);
  published.found = record_at(author, answers, published.record);
  if (published.found != Found::nothing || organization == author) return published;
  return {there, of_organization, true};
}

bool is_aligned(const std::string& proved, const std::string& author, bool strict) {
  if (proved.empty()) return false;
  if (proved == author) return true;
  return !strict && organizational_domain(proved) == organizational_domain(author);
}

}  // namespace

bool is_dmarc_record(std::string_view text) {
  const std::string_view first = trim(text.substr(0, text.find(';')));
  const std::size_t equals = first.find('=');
  return equals != std::string_view::npos && trim(first.substr(0, equals)) == "v" && trim(first.substr(equals + 1)) == "DMARC1";
}

Result<DmarcRecord> parse_dmarc_record(std::string_view text) {
  if (!is_dmarc_record(text)) return {Errc::invalid, "no record of DMARC"};
  TELEPOST_ASSIGN(const TagList tags, TagList::parse(text));
  DmarcRecord record;
  const std::optional<DmarcRequest> request = request_from(tags.find("p").value_or(""));
  const std::string_view subdomains = tags.find("sp").value_or("");
  const bool wrong = !request || (!subdomains.empty() && !request_from(subdomains));
  if (wrong && !tags.find("rua")) return {Errc::invalid, "p= or sp= is missing or unknown"};
  if (!wrong) {
    record.request = *request;
    record.subdomains = request_from(subdomains);
  }
  record.strict_dkim = equals_ignoring_case(tags.find("adkim").value_or("r"), "s");
  record.strict_spf = equals_ignoring_case(tags.find("aspf").value_or("r"), "s");
  const std::optional<std::uint64_t> percent = number_from(tags.find("pct").value_or("100"), 3);
  record.percent = percent && *percent <= 100 ? static_cast<unsigned>(*percent) : 100;
  return record;
}

std::optional<std::string> author_domain(const Header& header) {
  const HeaderField* from = nullptr;
  for (const HeaderField& field : header) {
    if (field.name != "from") continue;
    if (from != nullptr) return std::nullopt;
    from = &field;
  }
  if (from == nullptr) return std::nullopt;
  std::optional<std::string> domain;
  for (const auto& mailbox : transcoders::mime::parse_addresses(transcoders::mime::unfold(from->value()), kMaxAuthors)) {
    const std::optional<std::string> one = dns_name(std::string_view(mailbox.address).substr(mailbox.address.rfind('@') + 1));
    if (!one || (domain && *domain != *one)) return std::nullopt;
    domain = one;
  }
  return domain;
}

std::optional<DmarcVerdict> check_dmarc(const std::optional<std::string>& author, const SpfVerdict& spf,
                                        const std::vector<DkimVerdict>& dkim, DnsAnswers& answers) {
  DmarcVerdict verdict;
  if (!author) {
    verdict.result = DmarcResult::permerror;
    verdict.reason = "not one From field with addresses of one domain";
    return verdict;
  }
  verdict.domain = *author;
  const Published published = published_for(*author, answers);
  if (published.found == Found::missing) return std::nullopt;
  if (published.found == Found::nothing) return verdict;
  if (published.found == Found::failed) {
    verdict.result = DmarcResult::temperror;
    verdict.reason = "the policy could not be looked up";
    return verdict;
  }
  const DmarcRecord& record = published.record;
  verdict.request = published.by_organization ? record.subdomains.value_or(record.request) : record.request;
  verdict.percent = record.percent;
  verdict.reason = "p=" + std::string(name_of(verdict.request)) + (record.percent < 100 ? " pct=" + std::to_string(record.percent) : "");
  bool passes = spf.result == SpfResult::pass && is_aligned(spf.domain, *author, record.strict_spf);
  bool unsure = spf.result == SpfResult::temperror && is_aligned(spf.domain, *author, record.strict_spf);
  for (const DkimVerdict& signature : dkim) {
    if (!is_aligned(signature.domain, *author, record.strict_dkim)) continue;
    passes = passes || signature.result == DkimResult::pass;
    unsure = unsure || signature.result == DkimResult::temperror;
  }
  // Section 6.6.2: what could not be looked up might have proved it.
  verdict.result = passes ? DmarcResult::pass : unsure ? DmarcResult::temperror : DmarcResult::fail;
  return verdict;
}

}  // namespace telepost::adapters::smtp::authentication
