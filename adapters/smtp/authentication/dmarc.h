// DMARC (RFC 7489): whether the domain that a reader sees in From is the one that SPF or DKIM has proved.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/dkim_verify.h"
#include "adapters/smtp/authentication/spf_check.h"

namespace telepost::adapters::smtp::authentication {

struct DmarcRecord {
  policies::DmarcRequest request = policies::DmarcRequest::none;            // p=
  std::optional<policies::DmarcRequest> subdomains;                         // sp=
  bool strict_dkim = false;                                                 // adkim=s
  bool strict_spf = false;                                                  // aspf=s
  unsigned percent = 100;                                                   // pct=
};
// Section 6.3. invalid: no record of DMARC, or one without a usable p= (and without rua=, section 6.6.3 step 6).
Result<DmarcRecord> parse_dmarc_record(std::string_view text);
bool is_dmarc_record(std::string_view text);

// The domain of the one From field; nothing where there is none, there are several, or its mailboxes are of several domains.
std::optional<std::string> author_domain(const Header& header);

struct DmarcVerdict {
  policies::DmarcResult result = policies::DmarcResult::none;
  policies::DmarcRequest request = policies::DmarcRequest::none;  // of the author's domain, before sampling
  unsigned percent = 100;
  std::string domain;  // of From; "" where there is not one
  std::string reason;
};
// The domains that have been proved: `spf` where it passed, each of `dkim` that did. Nothing: answers miss.
std::optional<DmarcVerdict> check_dmarc(const std::optional<std::string>& author, const SpfVerdict& spf,
                                        const std::vector<DkimVerdict>& dkim, DnsAnswers& answers);

}  // namespace telepost::adapters::smtp::authentication
