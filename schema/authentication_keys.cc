#include "schema/authentication_keys.h"

#include <array>

#include "base/bytes.h"

namespace telepost::schema {

// Found by setting_binding.h. Several keys may serve one domain, and one of several selectors.
static std::string fault_of(const DkimKey&) {
  return {};
}
static const std::string& name_of(const DkimKey& key) {
  return key.name;
}

AuthenticationSettings::AuthenticationSettings() {
  for (const char* const loopback : {"127.0.0.0/8", "::1"}) exempt.push_back(*network_from(loopback));
}

namespace {

Result<void> read(const Keyed& from, AuthenticationRule& into) {
  constexpr std::array<std::string_view, 4> kNames = {"off", "note", "junk", "refuse"};
  std::string word;
  TELEPOST_TRY(schema::read(from, word));
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (word != kNames[i]) continue;
    into = static_cast<AuthenticationRule>(i);
    return {};
  }
  return from.wants("off, note, junk or refuse");
}

// A part of a DNS name: of the domain, or of the selector.
Result<void> read_part(const Keyed& from, std::string DkimKey::*part, DkimKey& into) {
  TELEPOST_TRY(schema::read(from, into.*part));
  into.*part = to_lower(into.*part);
  const bool fits = !(into.*part).empty() && (into.*part).size() <= 200 &&
                    (into.*part).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") == std::string::npos;
  into.name = into.selector + "._domainkey." + into.domain;
  return fits ? Result<void>() : from.wants("letters, digits, hyphens and dots");
}

Result<void> read_file_name(const Keyed& from, std::string& into) {
  TELEPOST_TRY(schema::read(from, into));
  return into.empty() ? from.wants("the name of a file") : Result<void>();
}

constexpr std::string_view kRule = "off, note, junk or refuse";

}  // namespace

#define TAKE(Target, body) [](const Keyed& from, Target& into) -> Result<void> { return body; }

const std::vector<Binding<DkimKey>>& dkim_keys() {
  static const std::vector<Binding<DkimKey>> keys = {
      {{"dkim[].domain", "text", "", "The domain in From whose mail it signs; also for the domains below it."},
       TAKE(DkimKey, read_part(from, &DkimKey::domain, into))},
      {{"dkim[].selector", "text", "", "The key's name: its record is SELECTOR._domainkey.DOMAIN."},
       TAKE(DkimKey, read_part(from, &DkimKey::selector, into))},
      {{"dkim[].key_file", "text", "", "The private key in PEM, of RSA or Ed25519; `telepost dkim record` shows what to publish."},
       TAKE(DkimKey, read_file_name(from, into.key_file))}};
  return keys;
}

std::vector<Binding<Configuration>> authentication_keys() {
  return {
      {{"authentication.spf", kRule, "\"note\"", "What follows where SPF fails."},
       TAKE(Configuration, read(from, into.authentication.spf))},
      {{"authentication.dkim", kRule, "\"note\"", "What follows where a message is signed and no signature is valid."},
       TAKE(Configuration, read(from, into.authentication.dkim))},
      {{"authentication.dmarc", kRule, "\"refuse\"",
        "What follows at most where DMARC fails; less where the domain's owner asks for less."},
       TAKE(Configuration, read(from, into.authentication.dmarc))},
      {{"authentication.arc", "true or false", "true", "Whether chains of ARC are checked."},
       TAKE(Configuration, schema::read(from, into.authentication.arc))},
      {{"authentication.trusted_sealers", "list of texts", "[]",
        "Domains whose word for DMARC counts, where a valid chain of ARC ends with them."},
       TAKE(Configuration, schema::read(from, into.authentication.trusted_sealers))},
      {{"authentication.defer", "true or false", "false",
        "Whether a message waits (451) where a rule that acts could not be looked up."},
       TAKE(Configuration, schema::read(from, into.authentication.defer))},
      {{"authentication.timeout", "duration", "\"PT20S\"", "For all questions about one message together."},
       TAKE(Configuration, schema::read(from, into.authentication.timeout))},
      {{"authentication.authserv_id", "text", "\"\"",
        "Our name in Authentication-Results; fields that arrive with it are removed. Empty takes smtp.hostname."},
       TAKE(Configuration, schema::read(from, into.authentication.authserv_id))},
      {{"authentication.exempt", "list of networks", "[\"127.0.0.0/8\", \"::1\"]",
        "Peers whose mail is taken without a question: this machine, our own relays."},
       TAKE(Configuration, schema::read(from, into.authentication.exempt))},
      {{"dkim", "tables", "[]", "Keys that sign mail which leaves."},
       TAKE(Configuration, read_rows(from, dkim_keys(), into.dkim))}};
}

#undef TAKE

}  // namespace telepost::schema
