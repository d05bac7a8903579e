#include "adapters/smtp/sender/tls_plan.h"

namespace telepost::adapters::smtp::sender {
namespace {

TlsPlan::Use use_of(schema::RelayTls tls) {
  switch (tls) {
    case schema::RelayTls::none: return TlsPlan::Use::never;
    case schema::RelayTls::opportunistic: return TlsPlan::Use::offered;
    case schema::RelayTls::required: return TlsPlan::Use::verified;
    case schema::RelayTls::implicit: return TlsPlan::Use::implicit;
  }
  return TlsPlan::Use::verified;
}

}  // namespace

TlsPlan tls_plan_of(const TlsFacts& facts) {
  TlsPlan plan;
  // The operator's word for his own relay stands, whatever the sender's header says (RFC 8689 section 5 concerns what the
  // recipient's domain asks for).
  if (facts.relay) {
    plan.use = use_of(*facts.relay);
    // Whoever stands in between has a certificate of his own: without a look at it the password would be his.
    if (facts.logs_in && plan.use == TlsPlan::Use::offered) plan.use = TlsPlan::Use::verified;
    if (facts.require_tls && plan.use != TlsPlan::Use::implicit) plan.use = TlsPlan::Use::verified;
    return plan;
  }
  const bool has_policy = facts.sts != nullptr && facts.sts->mode != StsPolicy::Mode::none && !facts.tls_optional;
  const bool named = has_policy && matches(*facts.sts, facts.host);
  if (has_policy && !named) {
    const std::string why = "the MTA-STS policy does not name " + (facts.host.empty() ? "this server" : facts.host);
    if (facts.sts->mode == StsPolicy::Mode::enforce) plan.refusal = why;
    else plan.mismatch = why;
  }
  if (named && facts.sts->mode == StsPolicy::Mode::enforce) plan.use = TlsPlan::Use::verified;
  if (facts.require_tls) {
    // RFC 8689 section 4.2.1: that this is the domain's server must be proved too. There is no DNSSEC here, so by MTA-STS.
    plan.use = TlsPlan::Use::verified;
    if (!named && plan.refusal.empty()) plan.refusal = "REQUIRETLS: nothing proves that this is a server of the domain";
  }
  return plan;
}

}  // namespace telepost::adapters::smtp::sender
