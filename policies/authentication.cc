#include "policies/authentication.h"

namespace telepost::policies {
namespace {

using Action = AuthenticationVerdict::Action;
using schema::AuthenticationRule;

Action action_of(AuthenticationRule rule) {
  switch (rule) {
    case AuthenticationRule::off:
    case AuthenticationRule::note: return Action::accept;
    case AuthenticationRule::junk: return Action::junk;
    case AuthenticationRule::refuse: return Action::refuse;
  }
  return Action::accept;
}

bool is_checked(AuthenticationRule rule) { return rule != AuthenticationRule::off; }

// RFC 7489 section 6.6.4: a message outside the sample gets the next milder treatment.
DmarcRequest after_sampling(const AuthenticationFacts& facts) {
  if (facts.sampled) return facts.request;
  return facts.request == DmarcRequest::reject ? DmarcRequest::quarantine : DmarcRequest::none;
}

AuthenticationVerdict by_dmarc(const AuthenticationFacts& facts, AuthenticationRule rule) {
  if (facts.dmarc == DmarcResult::permerror) {
    // RFC 7489 section 6.6.1: no From, or several, is no message that anybody's policy could be asked for.
    return {action_of(rule), "5.7.1", "The message must have one From field with addresses of one domain"};
  }
  if (facts.dmarc != DmarcResult::fail || facts.sealed_by_trusted) return {};
  const DmarcRequest request = after_sampling(facts);
  if (request == DmarcRequest::none) return {};
  const Action action = action_of(rule);
  const bool milder = request == DmarcRequest::quarantine && action == Action::refuse;
  return {milder ? Action::junk : action, "5.7.1", "The domain in From asks to refuse what fails DMARC"};
}

AuthenticationVerdict by_spf(const AuthenticationFacts& facts, AuthenticationRule rule) {
  // RFC 7372 section 3.2; RFC 7208 section 8.7 leaves permerror to us: it is the sender's mistake, and no forgery.
  if (facts.spf != SpfResult::fail) return {};
  return {action_of(rule), "5.7.23", "SPF: the address that connects may not send for this domain"};
}

AuthenticationVerdict by_dkim(const AuthenticationFacts& facts, AuthenticationRule rule) {
  switch (facts.dkim) {
    case DkimResult::none:  // RFC 6376 section 6.1: no signature is no reason
    case DkimResult::pass:
    case DkimResult::temperror: return {};
    case DkimResult::fail:
    case DkimResult::policy:
    case DkimResult::neutral:
    case DkimResult::permerror: break;
  }
  return {action_of(rule), "5.7.20", "DKIM: no signature of the message is valid"};
}

AuthenticationVerdict stricter(AuthenticationVerdict a, AuthenticationVerdict b) {
  return a.action >= b.action ? std::move(a) : std::move(b);
}

// What could not be looked up now, by a rule that could have refused or set aside.
bool must_wait(const AuthenticationFacts& facts, const schema::AuthenticationSettings& settings) {
  const auto acts = [](AuthenticationRule rule) { return action_of(rule) != Action::accept; };
  return (facts.dmarc == DmarcResult::temperror && acts(settings.dmarc)) ||
         (facts.spf == SpfResult::temperror && acts(settings.spf)) ||
         (facts.dkim == DkimResult::temperror && acts(settings.dkim));
}

}  // namespace

AuthenticationVerdict decide_authentication(const AuthenticationFacts& facts,
                                            const schema::AuthenticationSettings& settings) {
  AuthenticationVerdict verdict;
  if (is_checked(settings.dmarc)) verdict = by_dmarc(facts, settings.dmarc);
  const bool vouched = is_checked(settings.dmarc) && facts.dmarc == DmarcResult::pass;
  if (!vouched && !facts.sealed_by_trusted) {
    verdict = stricter(std::move(verdict), by_spf(facts, settings.spf));
    verdict = stricter(std::move(verdict), by_dkim(facts, settings.dkim));
  }
  verdict.forged = !vouched && !facts.sealed_by_trusted && facts.spf == SpfResult::fail;
  if (verdict.action == Action::refuse || vouched || !settings.defer || !must_wait(facts, settings)) return verdict;
  const bool is_spf = facts.spf == SpfResult::temperror && action_of(settings.spf) != Action::accept;
  return {Action::defer, is_spf ? "4.7.24" : "4.7.0", "The sender's domain could not be looked up; try again later"};
}

std::string_view name_of(SpfResult result) {
  switch (result) {
    case SpfResult::none: return "none";
    case SpfResult::neutral: return "neutral";
    case SpfResult::pass: return "pass";
    case SpfResult::fail: return "fail";
    case SpfResult::softfail: return "softfail";
    case SpfResult::temperror: return "temperror";
    case SpfResult::permerror: return "permerror";
  }
  return "";
}

std::string_view name_of(DkimResult result) {
  switch (result) {
    case DkimResult::none: return "none";
    case DkimResult::pass: return "pass";
    case DkimResult::fail: return "fail";
    case DkimResult::policy: return "policy";
    case DkimResult::neutral: return "neutral";
    case DkimResult::temperror: return "temperror";
    case DkimResult::permerror: return "permerror";
  }
  return "";
}

std::string_view name_of(ArcResult result) {
  switch (result) {
    case ArcResult::none: return "none";
    case ArcResult::pass: return "pass";
    case ArcResult::fail: return "fail";
  }
  return "";
}

std::string_view name_of(DmarcResult result) {
  switch (result) {
    case DmarcResult::none: return "none";
    case DmarcResult::pass: return "pass";
    case DmarcResult::fail: return "fail";
    case DmarcResult::temperror: return "temperror";
    case DmarcResult::permerror: return "permerror";
  }
  return "";
}

std::string_view name_of(DmarcRequest request) {
  switch (request) {
    case DmarcRequest::none: return "none";
    case DmarcRequest::quarantine: return "quarantine";
    case DmarcRequest::reject: return "reject";
  }
  return "";
}

}  // namespace telepost::policies
