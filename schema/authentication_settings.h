// What is asked about the senders of mail that arrives, and what follows: the section [authentication]; and the keys that sign
// what leaves: the rows [[dkim]].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "schema/network.h"

namespace telepost::schema {

// What a failure of one method does.
enum class AuthenticationRule : std::uint8_t {
  off,     // not looked up
  note,    // stands in Authentication-Results
  junk,    // the message goes to the mailbox Junk
  refuse,  // 550
};

// Of the listener smtp: what comes by LMTP, from services and from our own subscribers is not asked about.
struct AuthenticationSettings {
  AuthenticationRule spf = AuthenticationRule::note;      // SPF fail
  AuthenticationRule dkim = AuthenticationRule::note;     // signed, and no signature is valid
  AuthenticationRule dmarc = AuthenticationRule::refuse;  // DMARC fail: at most what the domain's owner asks for
  bool arc = true;
  std::vector<std::string> trusted_sealers;  // domains whose word for DMARC counts where the message passed through them
  bool defer = false;                        // 451 where a rule that acts could not be looked up; else the message is taken
  Duration timeout = std::chrono::seconds(20);  // for all questions of one message
  std::string authserv_id;                   // "" takes smtp.hostname
  Networks exempt;                           // peers that are not asked about: this machine, our own relays
  AuthenticationSettings();
  bool operator==(const AuthenticationSettings&) const = default;
};

// A key that signs for a domain (RFC 6376): of RSA or Ed25519, as the file has it.
struct DkimKey {
  std::string domain;
  std::string selector;
  std::string key_file;  // PEM
  std::string name;      // "selector._domainkey.domain"
  bool operator==(const DkimKey&) const = default;
};

}  // namespace telepost::schema
