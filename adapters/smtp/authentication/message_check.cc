#include "adapters/smtp/authentication/message_check.h"

#include <algorithm>
#include <array>

#include "adapters/smtp/authentication/public_suffix.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

using policies::DkimResult;

constexpr std::string_view kTooLong = "the header is too long to be checked";

MethodResult result_of(const SpfVerdict& spf, const SpfFacts& envelope) {
  MethodResult result{"spf", name_of(spf.result), spf.reason, {}};
  if (spf.of_hello) result.properties.push_back({"smtp.helo", envelope.hello});
  else result.properties.push_back({"smtp.mailfrom", envelope.sender});
  return result;
}

MethodResult result_of(const DkimVerdict& dkim) {
  MethodResult result{"dkim", name_of(dkim.result), dkim.reason, {}};
  if (dkim.is_testing) result.comment += result.comment.empty() ? "testing" : ", testing";
  if (dkim.domain.empty()) return result;
  result.properties = {{"header.d", dkim.domain},
                       {"header.i", dkim.identity},
                       {"header.s", dkim.selector},
                       {"header.a", std::string(name_of(dkim.algorithm))},
                       {"header.b", dkim.signature_start}};
  return result;
}

MethodResult result_of(const ArcVerdict& arc) {
  MethodResult result{"arc", name_of(arc.result), arc.reason, {}};
  if (arc.result == policies::ArcResult::pass) result.comment = "i=" + std::to_string(arc.instances) + ", sealed by " + arc.sealer;
  return result;
}

}  // namespace

DkimResult best_of(const std::vector<DkimVerdict>& verdicts) {
  // Behind pass: what may turn out well later, then what was wrong with the message, then with the signature alone.
  constexpr std::array kBestFirst = {DkimResult::pass,   DkimResult::temperror, DkimResult::fail,
                                     DkimResult::policy, DkimResult::permerror, DkimResult::neutral};
  for (const DkimResult wanted : kBestFirst) {
    // RFC 6376 section 3.6.1: a signer that tests must fare as if it had not signed.
    const bool found = std::any_of(verdicts.begin(), verdicts.end(), [wanted](const DkimVerdict& one) {
      return one.result == wanted && (wanted == DkimResult::pass || !one.is_testing);
    });
    if (found) return wanted;
  }
  return DkimResult::none;
}

MessageCheck::MessageCheck(CheckedMethods methods, MessageFacts facts)
    : methods_(methods), facts_(std::move(facts)), header_(facts_.authserv_id) {}

std::string_view MessageCheck::see(std::string_view content) {
  const ArrivingHeader::Passed passed = header_.pass(content);
  if (header_.ended() && !header_ended_) end_header();
  if (!passed.body.empty()) bodies_.update(passed.body);
  return passed.bytes;
}

std::string_view MessageCheck::rest() {
  const std::string_view bytes = header_.rest();
  if (!header_ended_) end_header();
  bodies_.finish();
  return bytes;
}

void MessageCheck::end_header() {
  header_ended_ = true;
  author_ = author_domain(header_.header());
  if (header_.is_truncated()) return;
  if (methods_.dkim) signatures_ = find_signatures(header_.header(), bodies_);
  if (methods_.arc) chain_ = find_arc_chain(header_.header(), bodies_);
  verified_.resize(signatures_.size());
}

bool MessageCheck::verify_signatures(DnsAnswers& answers) {
  bool done = true;
  for (std::size_t i = 0; i < signatures_.size(); ++i) {
    if (!verified_[i]) verified_[i] = verify_signature(header_.header(), signatures_[i], bodies_, answers, facts_.now);
    done = done && verified_[i];
  }
  if (!done) return false;
  for (const auto& verdict : verified_) dkim_.push_back(*verdict);
  if (dkim_.empty()) {
    DkimVerdict none;
    none.result = header_.is_truncated() ? DkimResult::permerror : DkimResult::none;
    none.reason = header_.is_truncated() ? kTooLong : "";
    dkim_.push_back(std::move(none));
  }
  return true;
}

bool MessageCheck::conclude(DnsAnswers& answers) {
  // Everything that can be is asked at one time: SPF, each key, the policy. The chain comes behind all that: its sets are as many
  // as a stranger writes, and must leave neither less time nor fewer questions to what refuses him.
  if (methods_.spf && !spf_) spf_ = check_spf(facts_.envelope, answers);
  if (methods_.dkim && !dkim_done_) dkim_done_ = verify_signatures(answers);
  const bool proved = (!methods_.spf || spf_) && (!methods_.dkim || dkim_done_);
  if (methods_.dmarc && !dmarc_) {
    std::optional<DmarcVerdict> dmarc = check_dmarc(author_, spf_.value_or(SpfVerdict()), dkim_, answers);
    if (proved) dmarc_ = std::move(dmarc);
  }
  if (!proved || (methods_.dmarc && !dmarc_)) return false;
  if (methods_.arc && !arc_) arc_ = verify_arc(header_.header(), chain_, bodies_, answers, facts_.now);
  return !methods_.arc || arc_;
}

policies::AuthenticationFacts MessageCheck::facts() const {
  policies::AuthenticationFacts facts;
  if (spf_) facts.spf = spf_->result;
  facts.dkim = best_of(dkim_);
  if (dmarc_) {
    facts.dmarc = dmarc_->result;
    facts.request = dmarc_->request;
    facts.sampled = facts_.sample < dmarc_->percent;
  }
  const auto& trusted = facts_.trusted_sealers;
  facts.sealed_by_trusted = arc_ && arc_->saw_dmarc_pass && std::any_of(trusted.begin(), trusted.end(), [&](const std::string& domain) {
    return equals_ignoring_case(domain, arc_->sealer);
  });
  return facts;
}

bool MessageCheck::proves_sender() const {
  const std::string& sender = facts_.envelope.sender;
  const std::size_t at = sender.rfind('@');
  if (at == std::string::npos) return false;
  if (spf_ && spf_->result == policies::SpfResult::pass) return true;
  const auto own = organizational_domain(std::string_view(sender).substr(at + 1));
  return own && std::any_of(dkim_.begin(), dkim_.end(), [&](const DkimVerdict& verdict) {
    return verdict.result == DkimResult::pass && organizational_domain(verdict.domain) == own;
  });
}

std::string MessageCheck::field() const {
  std::vector<MethodResult> results;
  if (spf_) results.push_back(result_of(*spf_, facts_.envelope));
  for (const DkimVerdict& dkim : dkim_) results.push_back(result_of(dkim));
  if (arc_) results.push_back(result_of(*arc_));
  if (dmarc_) results.push_back({"dmarc", name_of(dmarc_->result), dmarc_->reason, {{"header.from", dmarc_->domain}}});
  return authentication_results(facts_.authserv_id, results, header_.forged());
}

}  // namespace telepost::adapters::smtp::authentication
