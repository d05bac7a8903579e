// One message's authentication as a whole: it is shown the bytes as they arrive, then asked, with the answers of the DNS, what
// SPF, DKIM, ARC and DMARC say. Pure: who fetches the answers is adapters/smtp/authenticator.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/smtp/authentication/arc.h"
#include "adapters/smtp/authentication/arriving_header.h"
#include "adapters/smtp/authentication/authentication_results.h"
#include "adapters/smtp/authentication/dmarc.h"

namespace telepost::adapters::smtp::authentication {

struct CheckedMethods {
  bool spf = true;
  bool dkim = true;
  bool arc = true;
  bool dmarc = true;  // by what SPF and DKIM are asked for
};

struct MessageFacts {
  SpfFacts envelope;
  std::string authserv_id;
  std::vector<std::string> trusted_sealers;
  Time now;
  unsigned sample = 0;  // 0 to 99, by chance: pct= of DMARC
};

// One thread at a time.
class MessageCheck {
 public:
  MessageCheck(CheckedMethods methods, MessageFacts facts);

  // As Examination::see() and rest(): what is to be stored.
  std::string_view see(std::string_view content);
  std::string_view rest();

  // After rest(). True: everything is known. False: answers.take_missing() is to be answered, then it is asked again.
  bool conclude(DnsAnswers& answers);

  // After conclude() was true.
  policies::AuthenticationFacts facts() const;
  std::string field() const;  // Authentication-Results
  // Whether SPF, or a signature of the same organization, proves the domain of the reverse path. False for the null one.
  bool proves_sender() const;
  std::size_t forged() const { return header_.forged(); }
  const std::optional<SpfVerdict>& spf() const { return spf_; }
  const std::vector<DkimVerdict>& dkim() const { return dkim_; }
  const std::optional<ArcVerdict>& arc() const { return arc_; }
  const std::optional<DmarcVerdict>& dmarc() const { return dmarc_; }

 private:
  void end_header();
  bool verify_signatures(DnsAnswers& answers);

  const CheckedMethods methods_;
  const MessageFacts facts_;
  ArrivingHeader header_;
  BodyHashes bodies_;
  bool header_ended_ = false;
  std::vector<FoundSignature> signatures_;
  std::vector<std::optional<DkimVerdict>> verified_;  // of each signature, once its key is known
  ArcChain chain_;
  std::optional<std::string> author_;
  std::optional<SpfVerdict> spf_;
  std::vector<DkimVerdict> dkim_;
  bool dkim_done_ = false;
  std::optional<ArcVerdict> arc_;
  std::optional<DmarcVerdict> dmarc_;
};

// The best of several signatures: one that passes is enough (RFC 6376 section 6.1).
policies::DkimResult best_of(const std::vector<DkimVerdict>& verdicts);

}  // namespace telepost::adapters::smtp::authentication
