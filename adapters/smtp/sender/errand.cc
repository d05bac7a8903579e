#include "adapters/smtp/sender/errand.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/smtp/authentication/public_suffix.h"
#include "adapters/smtp/sender/route.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::sender {
namespace {

// A domain beyond ASCII alone needs no SMTPUTF8: it has another name (RFC 5890 section 2.3.2.1).
std::string with_ascii_domain(const std::string& address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string::npos || address[at + 1] == '[') return address;
  const std::string_view domain = std::string_view(address).substr(at + 1);
  if (std::none_of(domain.begin(), domain.end(), [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; })) return address;
  const auto ascii = authentication::to_a_labels(domain);
  return ascii ? address.substr(0, at + 1) + *ascii : address;
}

}  // namespace

Result<ErrandPtr> errand_of(store::MailToSend given, const schema::RelaySettings& settings) {
  auto errand = std::make_shared<Errand>();
  errand->mail = std::move(given.mail);
  errand->job = std::move(given.job);
  for (std::size_t i = 0; i < errand->mail.to.size(); ++i) {
    if (!is_final(errand->mail.to[i].state)) errand->open.push_back(i);
  }
  if (errand->open.empty()) return {Errc::invalid, "a send job without recipients"};
  const std::string& address = errand->mail.to[errand->open.front()].address;
  const std::string domain = with_ascii_domain(address);
  errand->domain = to_lower(std::string_view(domain).substr(domain.rfind('@') + 1));
  const Result<Route> route = route_of(settings, errand->domain);
  const auto* const direct = route.ok() ? std::get_if<Direct>(&*route) : nullptr;
  errand->is_report = errand->mail.from.empty();
  // A relay takes the mail of all its domains by the same connection; its TLS is as the first message asked for. Reports have
  // connections of their own, which are counted apart.
  errand->lane = (direct != nullptr ? lane_of(*direct) : errand->domain) + (errand->mail.request.require_tls ? " require-tls" : "") +
                 (errand->mail.request.tls_optional ? " tls-optional" : "") + (errand->is_report ? " reports" : "");
  return errand;
}

net::SmtpEnvelope envelope_of(const Errand& errand) {
  net::SmtpEnvelope envelope;
  envelope.from = with_ascii_domain(errand.mail.from);
  for (const std::size_t i : errand.open) envelope.to.push_back({with_ascii_domain(errand.mail.to[i].address), errand.mail.to[i].request});
  envelope.request = errand.mail.request;
  envelope.utf8 = errand.mail.smtputf8;
  return envelope;
}

store::MailOutcome outcome_of(const net::SmtpVerdict& verdict, const std::string& remote, policies::Failure failure,
                              bool peer_reports) {
  using Kind = net::SmtpVerdict::Kind;
  store::MailOutcome outcome;
  switch (verdict.kind) {
    case Kind::delivered: outcome.state = schema::SendState::relayed; break;
    case Kind::deferred: outcome.state = schema::SendState::deferred; break;
    case Kind::failed: outcome.state = schema::SendState::failed; break;
  }
  outcome.reply = verdict.by_peer ? verdict.diagnostic
                                  : fmt::format("{} {} {}", verdict.kind == Kind::failed ? 554 : 451, verdict.status, verdict.diagnostic);
  outcome.remote = verdict.by_peer ? remote : "";
  outcome.failure = failure;
  outcome.peer_reports = peer_reports;
  return outcome;
}

std::vector<store::MailOutcome> outcomes_of(const Errand& errand, const net::SmtpVerdict& verdict, const std::string& remote,
                                            policies::Failure failure) {
  return std::vector<store::MailOutcome>(errand.mail.to.size(), outcome_of(verdict, remote, failure, false));
}

}  // namespace telepost::adapters::smtp::sender
